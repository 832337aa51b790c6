/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-record.h"
#include "daemon/remedy/plan-json.h"

#define RECORD_VERSION 1

static const char *const change_phases[CHANGE_PHASE_COUNT] = {
    [CHANGE_PREPARED] = "prepared",   [CHANGE_COMMITTING] = "committing",
    [CHANGE_APPLIED] = "applied",     [CHANGE_FAILED] = "failed",
    [CHANGE_REVERTING] = "reverting", [CHANGE_REVERTED] = "reverted",
};

DEFINE_ENUM_STRINGS(change_phase, ChangePhase, change_phases)
DEFINE_POINTER_CLEANUP(ChangeRecord, change_record_free, record_cleanup);

static int step_init(ChangeStep *step)
{
    int r = string_replace(&step->user, "");

    return r < 0 ? r : string_replace(&step->reason, "");
}

static void step_clear(ChangeStep *step)
{
    free(step->user);
    free(step->reason);
}

ChangeRecord *change_record_free(ChangeRecord *record)
{
    if (!record)
        return NULL;
    free(record->result);
    free(record->message);
    free(record->user);
    free(record->reason);
    free(record->diagnosis_id);
    free(record->approval);
    plan_clear(&record->plan);
    free(record->before);
    free(record->after);
    step_clear(&record->keep);
    step_clear(&record->revert);
    free(record);
    return NULL;
}

ChangeRecord *change_record_new(const Plan *plan, const ActionState *before, uid_t uid,
                                const char *user, const char *reason, const char *diagnosis_id,
                                uint64_t time_usec)
{
    _cleanup_(record_cleanup) ChangeRecord *record = calloc(1, sizeof(*record));

    if (!record)
        return NULL;
    record->phase = CHANGE_PREPARED;
    record->uid = uid;
    record->time_usec = time_usec;
    if (string_replace(&record->result, "") < 0 || string_replace(&record->message, "") < 0 ||
        string_replace(&record->user, strempty(user)) < 0 ||
        string_replace(&record->reason, strempty(reason)) < 0 ||
        string_replace(&record->diagnosis_id, strempty(diagnosis_id)) < 0 ||
        string_replace(&record->approval, "") < 0 || step_init(&record->keep) < 0 ||
        step_init(&record->revert) < 0 || plan_copy(&record->plan, plan) < 0)
        return NULL;

    record->before = calloc(plan->n_actions + 1, sizeof(*record->before));
    record->after = calloc(plan->n_actions + 1, sizeof(*record->after));
    if (!record->before || !record->after)
        return NULL;
    for (size_t i = 0; i < plan->n_actions; i++) {
        record->before[i] = before[i];
        record->after[i] = action_state_after(&plan->actions[i], &before[i]);
    }
    return TAKE_POINTER(record);
}

void change_record_begin_trial(ChangeRecord *record, uint32_t seconds)
{
    record->trial = (Trial){.state = TRIAL_RUNNING, .seconds = seconds};
    for (size_t i = 0; i < record->plan.n_actions; i++)
        record->after[i] = action_state_after_trial(&record->plan.actions[i], &record->before[i]);
}

ActionState *change_record_revert_targets(const ChangeRecord *record, bool this_boot)
{
    ActionState *targets = calloc(record->plan.n_actions + 1, sizeof(*targets));

    for (size_t i = 0; targets && i < record->plan.n_actions; i++) {
        targets[i] = record->before[i];
        if (this_boot || !trial_is_open(&record->trial) ||
            record->plan.actions[i].kind != ACTION_SET_BOOLEAN ||
            targets[i].runtime == SETTING_NONE)
            continue;
        /* A reboot has put the kernel's value back by itself, unless the store had it already. */
        targets[i].runtime =
            record->trial.state == TRIAL_KEEPING ? record->before[i].policy : SETTING_NONE;
    }
    return targets;
}

ActionState *change_record_keep_targets(const ChangeRecord *record)
{
    ActionState *targets = calloc(record->plan.n_actions + 1, sizeof(*targets));

    for (size_t i = 0; targets && i < record->plan.n_actions; i++)
        targets[i] = record->plan.actions[i].kind == ACTION_SET_BOOLEAN
                         ? action_state_after(&record->plan.actions[i], &record->before[i])
                         : record->after[i];
    return targets;
}

int change_record_set_result(ChangeRecord *record, const char *result, const char *message)
{
    char *result_copy = strdup(result);
    char *message_copy = strdup(message);

    if (!result_copy || !message_copy) {
        free(result_copy);
        free(message_copy);
        return -ENOMEM;
    }
    free(record->result);
    free(record->message);
    record->result = result_copy;
    record->message = message_copy;
    return 0;
}

int change_step_begin(ChangeStep *step, uid_t uid, const char *user, const char *reason,
                      uint64_t time_usec)
{
    char *user_copy = strdup(strempty(user));
    char *reason_copy = strdup(strempty(reason));

    if (!user_copy || !reason_copy) {
        free(user_copy);
        free(reason_copy);
        return -ENOMEM;
    }
    step_clear(step);
    *step = (ChangeStep){
        .begun = true,
        .time_usec = time_usec,
        .uid = uid,
        .user = user_copy,
        .reason = reason_copy,
    };
    return 0;
}

bool change_record_unfinished(const ChangeRecord *record)
{
    return record->phase == CHANGE_PREPARED || record->phase == CHANGE_COMMITTING ||
           record->phase == CHANGE_REVERTING;
}

bool change_record_in_force(const ChangeRecord *record)
{
    return record->phase == CHANGE_COMMITTING || record->phase == CHANGE_APPLIED ||
           record->phase == CHANGE_REVERTING;
}

bool change_record_on_trial(const ChangeRecord *record)
{
    return change_record_in_force(record) && trial_is_open(&record->trial);
}

/* --- JSON --------------------------------------------------------------- */

static int add_string(json_object *object, const char *name, const char *value)
{
    return json_add(object, name, json_object_new_string(value));
}

static int add_number(json_object *object, const char *name, uint64_t value)
{
    return json_add(object, name, json_object_new_uint64(value));
}

static int add_trial(json_object *object, const Trial *trial)
{
    json_object *value;

    if (trial->state == TRIAL_NONE)
        return 0;
    value = json_object_new_object();
    if (json_add(object, "trial", value) < 0 ||
        add_string(value, "state", trial_state_to_string(trial->state)) < 0 ||
        add_number(value, "seconds", trial->seconds) < 0 ||
        add_number(value, "deadline", trial->deadline_usec) < 0 ||
        add_string(value, "boot", trial->boot_id) < 0)
        return -ENOMEM;
    return 0;
}

static int add_step(json_object *object, const char *name, const ChangeStep *step)
{
    json_object *value;

    if (!step->begun)
        return 0;
    value = json_object_new_object();
    if (json_add(object, name, value) < 0 || add_number(value, "time", step->time_usec) < 0 ||
        add_number(value, "uid", step->uid) < 0 || add_string(value, "user", step->user) < 0 ||
        add_string(value, "reason", step->reason) < 0)
        return -ENOMEM;
    return 0;
}

int change_record_to_json(const ChangeRecord *record, json_object **ret_object)
{
    _cleanup_json_ json_object *object = json_object_new_object();

    if (!object || add_number(object, "version", RECORD_VERSION) < 0 ||
        add_number(object, "id", record->id) < 0 ||
        add_string(object, "phase", change_phase_to_string(record->phase)) < 0 ||
        add_string(object, "result", record->result) < 0 ||
        add_string(object, "message", record->message) < 0 ||
        add_number(object, "time", record->time_usec) < 0 ||
        add_number(object, "finished", record->finished_usec) < 0 ||
        add_number(object, "uid", record->uid) < 0 ||
        add_string(object, "user", record->user) < 0 ||
        add_string(object, "reason", record->reason) < 0 ||
        add_string(object, "diagnosis_id", record->diagnosis_id) < 0 ||
        add_string(object, "approval", record->approval) < 0 ||
        add_trial(object, &record->trial) < 0 ||
        json_add(object, "plan", plan_to_json(&record->plan)) < 0 ||
        json_add(object, "before", action_states_to_json(&record->plan, record->before)) < 0 ||
        json_add(object, "after", action_states_to_json(&record->plan, record->after)) < 0 ||
        add_step(object, "keep", &record->keep) < 0 ||
        add_step(object, "revert", &record->revert) < 0)
        return -ENOMEM;
    *ret_object = TAKE_POINTER(object);
    return 0;
}

static int get_string(json_object *object, const char *name, char **ret_value)
{
    json_object *value = json_object_object_get(object, name);
    char *copy;

    if (!json_object_is_type(value, json_type_string))
        return -EBADMSG;
    copy = strdup(json_object_get_string(value));
    if (!copy)
        return -ENOMEM;
    free(*ret_value);
    *ret_value = copy;
    return 0;
}

static int get_number(json_object *object, const char *name, uint64_t max, uint64_t *ret_value)
{
    json_object *value = json_object_object_get(object, name);
    int64_t number;

    if (!json_object_is_type(value, json_type_int))
        return -EBADMSG;
    number = json_object_get_int64(value);
    if (number < 0 || (uint64_t)number > max)
        return -EBADMSG;
    *ret_value = (uint64_t)number;
    return 0;
}

static int read_trial(json_object *object, Trial *ret_trial)
{
    json_object *trial = json_object_object_get(object, "trial");
    _cleanup_free_ char *state = NULL, *boot = NULL;
    Trial read = {};
    uint64_t seconds;
    int r;

    if (!trial)
        return 0;
    if (!json_object_is_type(trial, json_type_object))
        return -EBADMSG;
    if ((r = get_string(trial, "state", &state)) < 0 ||
        (r = get_number(trial, "seconds", UINT32_MAX, &seconds)) < 0 ||
        (r = get_number(trial, "deadline", INT64_MAX, &read.deadline_usec)) < 0 ||
        (r = get_string(trial, "boot", &boot)) < 0)
        return r;
    if (trial_state_from_string(state, &read.state) < 0 || read.state == TRIAL_NONE ||
        strlen(boot) >= sizeof(read.boot_id))
        return -EBADMSG;
    read.seconds = (uint32_t)seconds;
    memcpy(read.boot_id, boot, strlen(boot) + 1);
    *ret_trial = read;
    return 0;
}

/* Not in records of before there was a choice. */
static int read_approval(json_object *object, char **ret_approval)
{
    return json_get(object, "approval") ? get_string(object, "approval", ret_approval)
                                        : string_replace(ret_approval, "");
}

static int read_head(json_object *object, ChangeRecord *record)
{
    _cleanup_free_ char *phase = NULL;
    uint64_t version, uid;
    int r;

    if ((r = get_number(object, "version", INT64_MAX, &version)) < 0 ||
        (r = get_number(object, "id", INT64_MAX, &record->id)) < 0 ||
        (r = get_string(object, "phase", &phase)) < 0 ||
        (r = get_string(object, "result", &record->result)) < 0 ||
        (r = get_string(object, "message", &record->message)) < 0 ||
        (r = get_number(object, "time", INT64_MAX, &record->time_usec)) < 0 ||
        (r = get_number(object, "finished", INT64_MAX, &record->finished_usec)) < 0 ||
        (r = get_number(object, "uid", UINT32_MAX, &uid)) < 0 ||
        (r = get_string(object, "user", &record->user)) < 0 ||
        (r = get_string(object, "reason", &record->reason)) < 0 ||
        (r = get_string(object, "diagnosis_id", &record->diagnosis_id)) < 0)
        return r;
    r = read_approval(object, &record->approval);
    if (r >= 0)
        r = read_trial(object, &record->trial);
    if (r < 0)
        return r;
    if (version != RECORD_VERSION || change_phase_from_string(phase, &record->phase) < 0)
        return -EBADMSG;
    record->uid = (uid_t)uid;
    return 0;
}

static int read_step(json_object *object, const char *name, ChangeStep *step)
{
    json_object *value = json_object_object_get(object, name);
    uint64_t uid;
    int r;

    if (!value)
        return step_init(step);
    if (!json_object_is_type(value, json_type_object))
        return -EBADMSG;
    if ((r = get_number(value, "time", INT64_MAX, &step->time_usec)) < 0 ||
        (r = get_number(value, "uid", UINT32_MAX, &uid)) < 0 ||
        (r = get_string(value, "user", &step->user)) < 0 ||
        (r = get_string(value, "reason", &step->reason)) < 0)
        return r;
    step->uid = (uid_t)uid;
    step->begun = true;
    return 0;
}

int change_record_from_json(json_object *object, ChangeRecord **ret_record)
{
    _cleanup_(record_cleanup) ChangeRecord *record = NULL;
    int r;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    record = calloc(1, sizeof(*record));
    if (!record)
        return -ENOMEM;
    r = read_head(object, record);
    if (r < 0)
        return r;
    r = plan_from_json(json_object_object_get(object, "plan"), &record->plan);
    if (r < 0)
        return r;
    r = action_states_from_json(&record->plan, json_object_object_get(object, "before"),
                                &record->before);
    if (r < 0)
        return r;
    r = action_states_from_json(&record->plan, json_object_object_get(object, "after"),
                                &record->after);
    if (r < 0)
        return r;
    r = read_step(object, "keep", &record->keep);
    if (r >= 0)
        r = read_step(object, "revert", &record->revert);
    if (r < 0)
        return r;
    *ret_record = TAKE_POINTER(record);
    return 0;
}
