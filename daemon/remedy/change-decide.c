/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/core/text.h"
#include "daemon/remedy/change-decide.h"

static int decline(char **ret_why, int error, char *sentence)
{
    if (!sentence)
        return -ENOMEM;
    *ret_why = sentence;
    return error;
}

static int compare_expected(const Plan *plan, char *const *expected, const ActionState *states,
                            char **ret_why)
{
    if (strv_length(expected) != plan->n_actions)
        return decline(ret_why, -EINVAL,
                       strdup("Expected must have one state for each action of the plan."));
    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *key = action_object_key(&plan->actions[i]);
        _cleanup_free_ char *state = action_state_to_text(&plan->actions[i], &states[i]);

        if (!key || !state)
            return -ENOMEM;
        if (!streq(state, expected[i]))
            return decline(ret_why, -ESTALE,
                           format_string("The system changed since the plan was looked at: %s is "
                                         "now %s, and was %s.",
                                         key, state, expected[i]));
    }
    return 0;
}

/* Only the kernel has a value that a reboot forgets. */
static int check_trial(const Plan *plan, const ActionState *states, char **ret_why)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (plan->actions[i].kind == ACTION_SET_BOOLEAN && states[i].runtime == SETTING_NONE)
            return decline(ret_why, -EPERM,
                           format_string("Action %zu: the boolean %s cannot be tried out, because "
                                         "the kernel does not have it: SELinux is not enabled.",
                                         i, plan->actions[i].name));
    return 0;
}

int decide_apply(const Plan *plan, char *const *expected, const ActionState *states, bool trial,
                 char **ret_why)
{
    bool different = false;
    int r;

    r = plan_check_states(plan, states, ret_why);
    if (r < 0)
        return r;
    if (trial) {
        r = check_trial(plan, states, ret_why);
        if (r < 0)
            return r;
    }
    if (expected) {
        r = compare_expected(plan, expected, states, ret_why);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < plan->n_actions && !different; i++) {
        ActionState after = trial ? action_state_after_trial(&plan->actions[i], &states[i])
                                  : action_state_after(&plan->actions[i], &states[i]);

        different = !action_state_stored_equal(&plan->actions[i], &states[i], &after) ||
                    !action_state_runtime_reached(&plan->actions[i], &after, &states[i]);
    }
    return different ? 0 : 1;
}

static bool all_stored_equal(const Plan *plan, const ActionState *a, const ActionState *b)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (!action_state_stored_equal(&plan->actions[i], &a[i], &b[i]))
            return false;
    return true;
}

/* While a trial is being made permanent, its booleans may have got their record or not. */
static bool is_as_left(const ChangeRecord *record, size_t index, const ActionState *now)
{
    const Action *action = &record->plan.actions[index];
    ActionState kept = action_state_after(action, &record->before[index]);

    return action_state_stored_equal(action, now, &record->after[index]) ||
           (record->trial.state == TRIAL_KEEPING && action->kind == ACTION_SET_BOOLEAN &&
            action_state_stored_equal(action, now, &kept));
}

int decide_revert(const ChangeRecord *record, const ActionState *states, char **ret_why)
{
    for (size_t i = 0; i < record->plan.n_actions; i++) {
        const Action *action = &record->plan.actions[i];
        _cleanup_free_ char *key = NULL;
        _cleanup_free_ char *now = NULL;

        if (is_as_left(record, i, &states[i]))
            continue;
        key = action_object_key(action);
        now = action_state_to_text(action, &states[i]);
        if (!key || !now)
            return -ENOMEM;
        return decline(ret_why, -ESTALE,
                       format_string("Something else changed %s after change %" PRIu64
                                     ": it is now %s. It is left alone.",
                                     key, record->id, now));
    }
    return 0;
}

Resolution decide_resolution(const ChangeRecord *record, const ActionState *states,
                             const ActionState **ret_targets)
{
    bool reverting = record->phase == CHANGE_REVERTING;
    const ActionState *outcome = reverting ? record->before : record->after;
    const ActionState *origin = reverting ? record->after : record->before;

    if (!reverting && trial_is_open(&record->trial) &&
        (all_stored_equal(&record->plan, states, outcome) ||
         all_stored_equal(&record->plan, states, origin))) {
        *ret_targets = origin;
        return RESOLVE_UNDONE;
    }
    if (all_stored_equal(&record->plan, states, outcome)) {
        *ret_targets = outcome;
        return RESOLVE_FINISHED;
    }
    if (all_stored_equal(&record->plan, states, origin)) {
        *ret_targets = origin;
        return RESOLVE_UNDONE;
    }
    *ret_targets = NULL;
    return RESOLVE_FOREIGN;
}
