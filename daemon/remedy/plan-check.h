/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which actions the remedy service carries out, and on what conditions. One static table
 * with a row for each kind; a kind without functions in its row is refused. Pure: decides
 * from what it is given, asks nobody.
 *
 * Checked in two steps. The request alone (syntax, site rules) before anybody is asked for
 * authorization; then against the state that was read under the store's lock.
 */
#pragma once

#include <stdbool.h>

#include "daemon/remedy/action-state.h"

/* What the site's configuration adds; site-rules.h reads it. */
typedef struct SiteRules {
    char **denied_booleans; /* fnmatch(3) patterns besides the built-in ones, or NULL */
} SiteRules;

/* True if this version carries out actions of this kind. */
bool plan_check_supported(ActionKind kind);

/* Returns 0 if permitted. -EPERM, -EOPNOTSUPP (kind not supported) or -EINVAL (malformed)
 * with *ret_refusal a sentence naming the rule, to be freed; or -ENOMEM. */
int plan_check_action(const Action *action, const SiteRules *rules, char **ret_refusal);
int plan_check_action_state(const Action *action, const ActionState *state, char **ret_refusal);

/* All actions and the plan as a whole: not empty, no thing touched twice. The refusal starts
 * with the index of the action. */
int plan_check(const Plan *plan, const SiteRules *rules, char **ret_refusal);
int plan_check_states(const Plan *plan, const ActionState *states, char **ret_refusal);

/* Why this boolean is never switched by this service, or NULL. */
const char *boolean_denied(const char *name, const SiteRules *rules);
