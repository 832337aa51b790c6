/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which actions the remedy service carries out, and on what conditions. One static table
 * with a row for each kind; a kind without functions in its row is refused. Pure: decides
 * from what it is given, asks nobody.
 *
 * Checked in two steps. The request alone (syntax, the site's configuration) before anybody is
 * asked for authorization; then against the state that was read under the store's lock, with
 * what the policy view found to stand in the way (ActionState.obstacle).
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/config.h"
#include "daemon/remedy/action-state.h"

/* True if this version carries out actions of this kind. */
bool plan_check_supported(ActionKind kind);

/* Whether the site denies the type, by DeniedTypes=. `config` may be NULL. */
bool plan_check_type_denied(const char *type, const Config *config);

/* `config` may be NULL: the defaults. Returns 0 if permitted. -EPERM, -EOPNOTSUPP (kind not
 * supported) or -EINVAL (malformed) with *ret_refusal a sentence naming the rule, to be freed;
 * or -ENOMEM. */
int plan_check_action(const Action *action, const Config *config, char **ret_refusal);
int plan_check_action_state(const Action *action, const ActionState *state, char **ret_refusal);

/* All actions and the plan as a whole: not empty, no thing touched twice. The refusal starts
 * with the index of the action. */
int plan_check(const Plan *plan, const Config *config, char **ret_refusal);
int plan_check_states(const Plan *plan, const ActionState *states, char **ret_refusal);
