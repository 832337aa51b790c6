/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/problems.h"

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static const struct {
    const char *name, *sentence;
} codes[PROBLEM_CODE_COUNT] = {
    [PROBLEM_CONFIGURATION] = {"configuration",
                               "selguard.conf is not understood; the defaults are in use."},
    [PROBLEM_SELINUX_DISABLED] = {"selinux-disabled",
                                  "SELinux is disabled on this host: it is not what blocks nginx."},
    [PROBLEM_SELINUX_PERMISSIVE] =
        {"selinux-permissive",
         "SELinux is permissive: it logs denials and lets them through, so it is not what blocks "
         "nginx."},
    [PROBLEM_UNCONFINED] = {"unconfined",
                            "SELinux does not confine nginx-selguard itself: is its policy module "
                            "installed?"},
    [PROBLEM_MODULE] = {"module",
                        "The SELinux module of nginx-selguard is of another version: both packages "
                        "are to come from one release."},
    [PROBLEM_DOMAINS] =
        {"domains", "The SELinux policy in force has none of the domains that are watched: what "
                    "it refuses to nginx is not seen."},
    [PROBLEM_AUDIT_SOCKET] = {"audit-socket",
                              "The kernel's audit messages cannot be received: new denials are not "
                              "seen."},
    [PROBLEM_AUDIT_LOSS] =
        {"audit-loss",
         "Audit messages were missed and could not be read up from the log: there may have "
         "been more denials than are shown."},
    [PROBLEM_NGINX_CONFIGURATION] = {"nginx-configuration",
                                     "nginx's configuration cannot be read: is nginx installed?"},
    [PROBLEM_ERROR_LOG] = {"error-log",
                           "An error log of nginx cannot be read: its requests are not known."},
    [PROBLEM_NGINX_JOURNAL] = {"nginx-journal",
                               "nginx's messages in the journal cannot be read: why it does not "
                               "start may not be known."},
    [PROBLEM_POLICY] = {"policy",
                        "The SELinux policy cannot be read: there are no fixes to offer."},
    [PROBLEM_STATE] = {"state", "What was found cannot be kept: a restart will forget it."},
};

const char *problem_code_to_string(ProblemCode code)
{
    return codes[code].name;
}

const char *problem_code_to_sentence(ProblemCode code)
{
    return codes[code].sentence;
}

bool problems_set(Problems *problems, ProblemCode code, const char *detail)
{
    if (streq_ptr(problems->details[code], detail))
        return false;
    return string_replace(&problems->details[code], detail) >= 0;
}

void problems_clear(Problems *problems)
{
    for (size_t i = 0; i < PROBLEM_CODE_COUNT; i++) {
        free(problems->details[i]);
        problems->details[i] = NULL;
    }
}
