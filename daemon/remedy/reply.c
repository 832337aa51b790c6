/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/bus/errors.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/reply.h"

static int append_string(sd_bus_message *message, const char *key, const char *value)
{
    return sd_bus_message_append(message, "{sv}", key, "s", value);
}

static int append_boolean(sd_bus_message *message, const char *key, bool value)
{
    return sd_bus_message_append(message, "{sv}", key, "b", (int)value);
}

/* --- Check -------------------------------------------------------------- */

/* Where SELinux has no such value the text is `none`. */
static const char *setting_word(Setting setting, const char *none)
{
    return setting == SETTING_ON ? "on" : setting == SETTING_OFF ? "off" : none;
}

static int append_boolean_state(sd_bus_message *message, const Action *action,
                                const ActionState *state)
{
    int r;

    r = append_string(message, "Old", setting_word(state->policy, "unknown"));
    if (r < 0)
        return r;
    r = append_string(message, "New", action->value ? "on" : "off");
    if (r < 0)
        return r;
    r = append_boolean(message, "LocalRecord", state->local != SETTING_NONE);
    if (r < 0)
        return r;
    return append_string(message, "RuntimeOld", setting_word(state->runtime, "unknown"));
}

static int append_state(sd_bus_message *message, const Action *action, const ActionState *state)
{
    _cleanup_free_ char *text = action_state_to_text(action, state);
    ActionState after = action_state_after(action, state);
    int r;

    if (!text)
        return -ENOMEM;
    r = append_string(message, "State", text);
    if (r < 0)
        return r;
    if (!state->known)
        return 0;
    r = append_boolean(message, "Changes",
                       !action_state_stored_equal(action, state, &after) ||
                           !action_state_runtime_reached(action, &after, state));
    if (r < 0)
        return r;
    return action->kind == ACTION_SET_BOOLEAN ? append_boolean_state(message, action, state) : 0;
}

static int append_check(sd_bus_message *message, const Action *action, const CheckRow *row)
{
    _cleanup_free_ char *words = action_to_words(action);
    _cleanup_free_ char *command = action_to_command(action);
    int r;

    if (!words || !command)
        return -ENOMEM;
    r = sd_bus_message_open_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    r = append_string(message, "Kind", action_kind_to_string(action->kind));
    if (r < 0)
        return r;
    r = append_string(message, "Words", words);
    if (r < 0)
        return r;
    r = append_string(message, "Command", command);
    if (r < 0)
        return r;
    r = append_boolean(message, "Permitted", !row->refusal);
    if (r < 0)
        return r;
    if (row->refusal) {
        r = append_string(message, "Refusal", row->refusal);
        if (r < 0)
            return r;
    }
    if (row->have_state) {
        r = append_state(message, action, &row->state);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}

int reply_append_checks(sd_bus_message *message, const Plan *plan, const CheckRow *rows)
{
    int r;

    r = sd_bus_message_open_container(message, 'a', "a{sv}");
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_actions; i++) {
        r = append_check(message, &plan->actions[i], &rows[i]);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}

/* --- ListChanges -------------------------------------------------------- */

static int append_time(sd_bus_message *message, const char *key, uint64_t usec)
{
    return sd_bus_message_append(message, "{sv}", key, "t", usec);
}

/* A list with one text for each action. */
static int append_texts(sd_bus_message *message, const char *key, const Plan *plan,
                        char *(*to_text)(const Action *))
{
    int r;

    r = sd_bus_message_open_container(message, 'e', "sv");
    if (r < 0)
        return r;
    r = sd_bus_message_append_basic(message, 's', key);
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(message, 'v', "as");
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(message, 'a', "s");
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *text = to_text(&plan->actions[i]);

        if (!text)
            return -ENOMEM;
        r = sd_bus_message_append_basic(message, 's', text);
        if (r < 0)
            return r;
    }
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

static int append_plan(sd_bus_message *message, const Plan *plan)
{
    int r;

    r = sd_bus_message_open_container(message, 'e', "sv");
    if (r < 0)
        return r;
    r = sd_bus_message_append_basic(message, 's', "Plan");
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(message, 'v', PLAN_BUS_SIGNATURE);
    if (r < 0)
        return r;
    r = plan_bus_append_actions(message, plan);
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    r = append_texts(message, "Words", plan, action_to_words);
    if (r < 0)
        return r;
    return append_texts(message, "Commands", plan, action_to_command);
}

/* The deadline by the wall clock as it is now: that clock may be set, the trial's may not. */
static int append_trial(sd_bus_message *message, const ChangeRecord *record)
{
    TrialClock clock = {};
    uint64_t remaining;
    int r;

    r = append_string(message, "Trial", trial_state_to_string(record->trial.state));
    if (r < 0 || record->trial.state == TRIAL_NONE)
        return r;
    r = sd_bus_message_append(message, "{sv}", "TrialSeconds", "u", record->trial.seconds);
    if (r < 0 || !change_record_on_trial(record) || record->phase != CHANGE_APPLIED)
        return r;
    if (trial_clock_read(&clock) < 0)
        return 0;
    remaining = trial_remaining_usec(&record->trial, &clock);
    return append_time(message, "TrialUntil", clock_usec(CLOCK_REALTIME) + remaining);
}

static int append_steps(sd_bus_message *message, const ChangeRecord *record)
{
    const ChangeStep *keep = &record->keep, *revert = &record->revert;
    int r = 0;

    if (keep->begun)
        r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}", "KeepTime", "t", keep->time_usec,
                                  "KeepUid", "u", (uint32_t)keep->uid, "KeepUser", "s", keep->user,
                                  "KeepReason", "s", keep->reason);
    if (r >= 0 && revert->begun)
        r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}", "RevertTime", "t", revert->time_usec,
                                  "RevertUid", "u", (uint32_t)revert->uid, "RevertUser", "s",
                                  revert->user, "RevertReason", "s", revert->reason);
    return r;
}

static int append_change(sd_bus_message *message, const ChangeStore *changes,
                         const ChangeRecord *record)
{
    _cleanup_free_ char *id = format_string("%" PRIu64, record->id);
    _cleanup_free_ char *obstacle = NULL;
    int revertible;
    int r;

    if (!id)
        return -ENOMEM;
    revertible = change_store_can_revert(changes, record, &obstacle);
    if (revertible == -ENOMEM)
        return revertible;
    r = sd_bus_message_open_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "Id", "s", id, "State",
                              "s", change_phase_to_string(record->phase), "Result", "s",
                              record->result, "Message", "s", record->message, "Uid", "u",
                              (uint32_t)record->uid, "User", "s", record->user, "Reason", "s",
                              record->reason, "DiagnosisId", "s", record->diagnosis_id);
    if (r < 0)
        return r;
    r = append_time(message, "Time", record->time_usec);
    if (r < 0)
        return r;
    r = append_time(message, "FinishedTime", record->finished_usec);
    if (r < 0)
        return r;
    r = append_plan(message, &record->plan);
    if (r >= 0)
        r = append_string(message, "Approval", record->approval);
    if (r >= 0)
        r = append_trial(message, record);
    if (r >= 0)
        r = append_steps(message, record);
    if (r < 0)
        return r;
    r = append_boolean(message, "Revertible", revertible == 0);
    if (r >= 0 && obstacle)
        r = append_string(message, "Obstacle", obstacle);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

int reply_append_changes(sd_bus_message *message, const ChangeStore *changes, uint32_t limit)
{
    size_t first = limit > 0 && limit < changes->n_records ? changes->n_records - limit : 0;
    int r;

    r = sd_bus_message_open_container(message, 'a', "a{sv}");
    if (r < 0)
        return r;
    for (size_t i = first; i < changes->n_records; i++) {
        r = append_change(message, changes, changes->records[i]);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}

/* --- Finished ----------------------------------------------------------- */

int reply_append_job_details(sd_bus_message *message, const Job *job)
{
    int r;

    r = sd_bus_message_open_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    r = append_string(message, "ChangeId", job->change_id);
    if (r < 0)
        return r;
    r = append_string(message, "Message", job->message);
    if (r < 0)
        return r;
    if (job->error < 0) {
        r = append_string(message, "Error", bus_error_name(job->error));
        if (r < 0)
            return r;
    }
    if (job->accesses_asked > 0) {
        r = sd_bus_message_append(message, "{sv}{sv}", "AccessesAsked", "u", job->accesses_asked,
                                  "AccessesAllowed", "u", job->accesses_allowed);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}
