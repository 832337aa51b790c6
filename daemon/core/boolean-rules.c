/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/boolean-rules.h"

#include <fnmatch.h>
#include <stddef.h>

#include "daemon/core/macro.h"

/* Which value is denied: a boolean that tightens the policy may be turned to its strict side. */
typedef enum DeniedValue {
    DENIED_ON = 1,
    DENIED_OFF = 2,
    DENIED_BOTH = 3,
} DeniedValue;

static const struct {
    const char *pattern;
    DeniedValue values;
    const char *reason;
} denied[] = {
    {"nis_enabled", DENIED_ON,
     "it opens network ports for every domain that looks up names, and hides later denials"},
    {"allow_ypbind", DENIED_ON,
     "it opens network ports for every domain that looks up names, and hides later denials"},
    {"authlogin_nsswitch_use_ldap", DENIED_ON,
     "it opens LDAP for every domain that looks up users"},
    {"kerberos_enabled", DENIED_ON, "it opens Kerberos for every domain that looks up users"},
    {"secure_mode*", DENIED_BOTH, "it governs who may administer the host"},
    {"deny_*", DENIED_OFF, "it protects every domain of the host"},
    {"domain_*", DENIED_ON, "it speaks of every domain of the host"},
    {"daemons_*", DENIED_ON, "it opens something for every daemon of the host"},
    {"allow_daemons_*", DENIED_ON, "it opens something for every daemon of the host"},
    {"allow_exec*", DENIED_ON, "it allows writable memory to be executed beyond nginx"},
    {"selinuxuser_*", DENIED_ON, "it speaks of users' sessions, not of nginx"},
    {"mmap_low_allowed", DENIED_ON, "it weakens the kernel's protection of low memory"},
    {"global_ssp", DENIED_BOTH, "it speaks of every domain of the host"},
};

const char *boolean_rules_find_denied(const char *name, bool value, char *const *extra)
{
    for (size_t i = 0; i < ELEMENTS_OF(denied); i++)
        if ((denied[i].values & (value ? DENIED_ON : DENIED_OFF)) &&
            fnmatch(denied[i].pattern, name, 0) == 0)
            return denied[i].reason;
    for (; extra && *extra; extra++)
        if (fnmatch(*extra, name, 0) == 0)
            return "the site's configuration denies it";
    return NULL;
}
