/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans of every kind for the remedy service's bus tests, and what they leave behind. */
#pragma once

#include "tests/bus/remedy-fixture.h"

#define ACTIVE "root/var/lib/selinux/default/active/"

/* Actions, as arguments of the functions below. */
#define BOOLEAN(name, value) "set-boolean", 2, "name", "s", name, "value", "b", value
#define PORT(port, type)                                                                           \
    "set-port", 4, "protocol", "s", "tcp", "low", "q", port, "high", "q", port, "type", "s", type
#define MODULE(name, cil) "install-module", 2, "name", "s", name, "cil", "s", cil
#define RULE(regex, type)                                                                          \
    "set-file-context", 3, "regex", "s", regex, "file_type", "s", "all", "type", "s", type
#define RELABEL(path, recursive) "relabel", 2, "path", "s", path, "recursive", "b", recursive
#define RELOAD                   "reload-nginx", 0

#define OWN_TYPE                                                                                   \
    "(type selguard_tcp_3000_port_t)\n(roletype object_r selguard_tcp_3000_port_t)\n"              \
    "(typeattributeset port_type (selguard_tcp_3000_port_t))\n"                                    \
    "(allow httpd_t selguard_tcp_3000_port_t (tcp_socket (name_connect)))\n"

#define OLD_LABEL "system_u:object_r:var_t:s0"
#define NEW_LABEL "system_u:object_r:httpd_sys_content_t:s0"

/* The arguments behind: the number of actions, and each as the macros above have them. Calls are
 * root's, and must be accepted. */

/* The job's path, to be freed. */
char *plan_start(Fixture *fixture, ...);
char *plan_start_trial(Fixture *fixture, unsigned seconds, ...);
/* To the end. */
JobOutcome plan_apply(Fixture *fixture, ...);
JobOutcome plan_trial(Fixture *fixture, unsigned seconds, ...);
#define KEEP_REASON "it helps"
JobOutcome plan_keep(Fixture *fixture, const char *change_id);

/* Calls that must be refused: "NAME: MESSAGE" of the error. Static. */
const char *plan_refusal(sd_bus *client, ...);
const char *plan_trial_refusal(sd_bus *client, unsigned seconds, ...);
const char *plan_keep_refusal(sd_bus *client, const char *change_id);

/* One text of the first row of Check's answer. Static. */
const char *plan_check_text(Fixture *fixture, const char *wanted, ...);

/* --- what is on disk ---------------------------------------------------- */

bool file_has(Fixture *fixture, const char *name, const char *text);
bool there_is(Fixture *fixture, const char *name);
void make_file(Fixture *fixture, const char *name);
/* With all below them and every attribute; `to` is not there, or an empty directory. */
void copy_path(Fixture *fixture, const char *from, const char *to);
void move_path(Fixture *fixture, const char *from, const char *to);
const char *label_of(Fixture *fixture, const char *name);
/* False where the file system takes no labels. */
bool put_label(Fixture *fixture, const char *name, const char *label);

#define assert_unverified(outcome)                                                                 \
    do {                                                                                           \
        if (!streq((outcome).result, "unverified"))                                                \
            fail_msg("%s: %s", (outcome).result, (outcome).message);                               \
    } while (0)

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)
