/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans and accesses as D-Bus messages carry them.
 *
 * A plan is a(sa{sv}): for each action its kind and its arguments, by these names:
 *
 *   set-boolean       name s, value b
 *   set-port          protocol s, low q, high q, type s
 *   set-file-context  regex s, file_type s, type s
 *   relabel           path s, recursive b
 *   install-module    name s, cil s
 *   reload-nginx      (none)
 *   advise            text s, commands as
 *
 * Every argument of a kind must be there, once, with that type; nothing else may be.
 * Strings are valid UTF-8 without control bytes (install-module's CIL may hold newlines
 * and tabs), not empty (advise's commands and text excepted) and bounded by limits.h.
 * What an argument means is not looked at here: that is the plan check's business.
 *
 * Accesses are a(ssss): source context, target context, class, permissions.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/core/plan.h"

#define PLAN_BUS_SIGNATURE     "a(sa{sv})"
#define ACCESSES_BUS_SIGNATURE "a(ssss)"

/* Append one value of the signature above. 0 or a negative errno. */
int plan_bus_append_actions(sd_bus_message *message, const Plan *plan);
int plan_bus_append_accesses(sd_bus_message *message, const Plan *plan);

/* Read one value of the signature above and append it to *plan. On -EINVAL (malformed) and
 * -E2BIG (past a limit) *ret_problem is a sentence naming the action's index from 0 and the
 * argument; the caller frees it. Any other errno comes from the bus or from memory, with
 * *ret_problem untouched. On an error *plan is as before; the message is then not
 * readable further. */
int plan_bus_read_actions(sd_bus_message *message, Plan *plan, char **ret_problem);
int plan_bus_read_accesses(sd_bus_message *message, Plan *plan, char **ret_problem);
