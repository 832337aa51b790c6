/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Booleans that are never switched, in neither direction, whatever a plan says.
 *
 * The principle: this service repairs one web server. A boolean belongs here if switching it
 * changes what domains in general may do, or the protection itself, so that no exposure of a
 * web server's fix can justify it; or if it cannot be taken back. An administrator still can,
 * with setsebool, knowing why.
 */
#include <fnmatch.h>

#include "daemon/core/text.h"
#include "daemon/remedy/plan-check.h"

static const struct {
    const char *pattern; /* fnmatch(3) */
    const char *reason;
} denied_booleans[] = {
    {"nis_enabled", "it opens nearly every port to every domain that looks up names, and hides "
                    "later denials"},
    {"*ypbind*", "it opens nearly every port to every domain that looks up names, and hides later "
                 "denials"},
    {"secure_mode*",
     "it locks the system down or open as a whole, and cannot always be taken back"},
    {"*execmem", "it lifts memory protection of all domains of a kind"},
    {"*execstack", "it lifts memory protection of all domains of a kind"},
    {"*execheap", "it lifts memory protection of all domains of a kind"},
    {"*execmod", "it lifts memory protection of all domains of a kind"},
    {"mmap_low_allowed", "it lifts memory protection of all domains of a kind"},
    {"deny_*", "it is a protection of the whole system"},
    {"domain_*", "it is about every domain"},
    {"daemons_*", "it is about every daemon"},
    {"init_*", "it is about the process that starts all others"},
    {"systemd_*", "it is about the process that starts all others"},
    {"authlogin_*", "it changes how every domain authenticates users"},
    {"kerberos_enabled", "it is about every domain that authenticates users"},
    {"global_ssp", "it is about every domain"},
    {"fips_mode", "it is about every domain"},
    {"polyinstantiation_enabled", "it changes how users log in"},
    {"login_console_enabled", "it changes how users log in"},
    {"ssh_*", "it changes how users log in"},
    {"unconfined_*", "it is about unconfined users"},
    {"selinuxuser_*", "it is about every user"},
    {"user_*", "it is about every user"},
    {"staff_*", "it is about administrators"},
    {"sysadm_*", "it is about administrators"},
    {"secadm_*", "it is about administrators"},
};

/* The web server's own booleans are what this service is for, so that httpd_execmem is judged
 * like any of them: by its exposure, by the person who approves it. */
static const char *const web_server_prefixes[] = {"httpd_", "nginx_", "phpfpm_"};

static bool is_web_server_boolean(const char *name)
{
    for (size_t i = 0; i < ELEMENTS_OF(web_server_prefixes); i++)
        if (strncmp(name, web_server_prefixes[i], strlen(web_server_prefixes[i])) == 0)
            return true;
    return false;
}

const char *boolean_denied(const char *name, const SiteRules *rules)
{
    /* The site's word comes first: it may deny the web server's own too. */
    STRV_FOREACH (pattern, rules ? rules->denied_booleans : NULL)
        if (fnmatch(*pattern, name, 0) == 0)
            return "the site's configuration denies it";
    if (is_web_server_boolean(name))
        return NULL;
    for (size_t i = 0; i < ELEMENTS_OF(denied_booleans); i++)
        if (fnmatch(denied_booleans[i].pattern, name, 0) == 0)
            return denied_booleans[i].reason;
    return NULL;
}
