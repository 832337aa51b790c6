/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/boolean-rules.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "daemon/core/macro.h"

/* Which value is denied. One that only lifts a protection may be turned back to its strict
 * side; one that decides how people and services get in is left alone altogether. */
typedef enum DeniedValue {
    DENIED_ON = 1,
    DENIED_OFF = 2,
    DENIED_BOTH = 3,
} DeniedValue;

static const struct {
    const char *pattern; /* fnmatch(3) */
    DeniedValue values;
    const char *reason;
} denied[] = {
    {"nis_enabled", DENIED_ON,
     "it opens nearly every port to every domain that looks up names, and hides later denials"},
    {"*ypbind*", DENIED_ON,
     "it opens nearly every port to every domain that looks up names, and hides later denials"},
    {"secure_mode*", DENIED_BOTH,
     "it locks the system down or open as a whole, and cannot always be taken back"},
    {"*execmem", DENIED_ON, "it lifts memory protection of all domains of a kind"},
    {"*execstack", DENIED_ON, "it lifts memory protection of all domains of a kind"},
    {"*execheap", DENIED_ON, "it lifts memory protection of all domains of a kind"},
    {"*execmod", DENIED_ON, "it lifts memory protection of all domains of a kind"},
    {"mmap_low_allowed", DENIED_ON, "it lifts memory protection of all domains of a kind"},
    {"deny_*", DENIED_OFF, "it is a protection of the whole system"},
    {"domain_*", DENIED_ON, "it is about every domain"},
    {"daemons_*", DENIED_ON, "it is about every daemon"},
    {"allow_daemons_*", DENIED_ON, "it is about every daemon"},
    {"init_*", DENIED_BOTH, "it is about the process that starts all others"},
    {"systemd_*", DENIED_BOTH, "it is about the process that starts all others"},
    {"authlogin_*", DENIED_BOTH, "it changes how every domain authenticates users"},
    {"kerberos_enabled", DENIED_BOTH, "it is about every domain that authenticates users"},
    {"global_ssp", DENIED_BOTH, "it is about every domain"},
    {"fips_mode", DENIED_BOTH, "it is about every domain"},
    {"polyinstantiation_enabled", DENIED_BOTH, "it changes how users log in"},
    {"login_console_enabled", DENIED_BOTH, "it changes how users log in"},
    {"ssh_*", DENIED_BOTH, "it changes how users log in"},
    {"unconfined_*", DENIED_BOTH, "it is about unconfined users"},
    {"selinuxuser_*", DENIED_BOTH, "it is about every user"},
    {"user_*", DENIED_BOTH, "it is about every user"},
    {"staff_*", DENIED_BOTH, "it is about administrators"},
    {"sysadm_*", DENIED_BOTH, "it is about administrators"},
    {"secadm_*", DENIED_BOTH, "it is about administrators"},
};

/* The web server's own booleans are what this project is for, so that httpd_execmem is judged
 * like any of them: by its exposure, by the person who approves it. */
static const char *const web_server_prefixes[] = {"httpd_", "nginx_", "phpfpm_"};

static bool is_web_server_boolean(const char *name)
{
    for (size_t i = 0; i < ELEMENTS_OF(web_server_prefixes); i++)
        if (strncmp(name, web_server_prefixes[i], strlen(web_server_prefixes[i])) == 0)
            return true;
    return false;
}

const char *boolean_rules_find_denied(const char *name, bool value, char *const *extra)
{
    /* The site's word comes first: it may deny the web server's own too. */
    for (; extra && *extra; extra++)
        if (fnmatch(*extra, name, 0) == 0)
            return "the site's configuration denies it";
    if (is_web_server_boolean(name))
        return NULL;
    for (size_t i = 0; i < ELEMENTS_OF(denied); i++)
        if ((denied[i].values & (value ? DENIED_ON : DENIED_OFF)) &&
            fnmatch(denied[i].pattern, name, 0) == 0)
            return denied[i].reason;
    return NULL;
}
