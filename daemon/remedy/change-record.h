/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One change: who wanted what when and why, what was there before, what is to be there, and
 * how far it came. Everything that a revert, or the next start after a crash, needs.
 *
 * Life cycle of `phase`:
 *
 *   prepared ──▶ committing ──▶ applied ──▶ reverting ──▶ reverted
 *       │             │             ▲            │
 *       └──▶ failed ◀─┘             └────────────┘ (the revert was not carried out)
 *
 * It is on disk in the new phase before the step that the phase names begins. So a record
 * found as `prepared` has changed nothing, and one found as `committing` or `reverting` is as
 * before or as after, which the store tells.
 *
 * As JSON, one object: version (1), id, phase, result, message, time, finished (microseconds
 * since the epoch), uid, user, reason, diagnosis_id, plan (plan-json.h), before, after (arrays
 * of action-state.h), approval; for a trial, trial {state, seconds, deadline, boot}; once it was
 * to be made permanent, keep {time, uid, user, reason}; and, once a revert began, revert, likewise.
 */
#pragma once

#include <json-c/json_object.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/remedy/action-state.h"
#include "daemon/remedy/trial.h"

typedef enum ChangePhase {
    CHANGE_PREPARED,
    CHANGE_COMMITTING,
    CHANGE_APPLIED,
    CHANGE_FAILED,
    CHANGE_REVERTING,
    CHANGE_REVERTED,
    CHANGE_PHASE_COUNT,
} ChangePhase;

/* What was asked for later: by whom, when and why. */
typedef struct ChangeStep {
    bool begun;
    uint64_t time_usec;
    uid_t uid;
    char *user;
    char *reason;
} ChangeStep;

/* All strings are owned, and never NULL in a record that was made by change_record_new(). */
typedef struct ChangeRecord {
    uint64_t id; /* ascending: the order in which changes happened */
    ChangePhase phase;
    char *result;  /* as the D-Bus signal Finished has it; "" while unfinished */
    char *message; /* the same in words */
    uint64_t time_usec;
    uint64_t finished_usec; /* 0 while unfinished */
    uid_t uid;
    char *user;
    char *reason;
    char *diagnosis_id;
    char *approval; /* "polkit", or the rule of selguard.conf that let it happen */
    Plan plan;
    ActionState *before; /* plan.n_actions */
    ActionState *after;  /* what it is to become */
    Trial trial;

    ChangeStep keep; /* the trial was to be made permanent; Trial says whether it was */
    ChangeStep revert;

    unsigned pins; /* jobs that hold on to it; not written */
} ChangeRecord;

const char *change_phase_to_string(ChangePhase phase);
int change_phase_from_string(const char *text, ChangePhase *ret_phase);

/* A record in phase prepared, without id. Copies everything; NULL strings become "".
 * `after` follows from the plan and `before`. NULL if out of memory. */
ChangeRecord *change_record_new(const Plan *plan, const ActionState *before, uid_t uid,
                                const char *user, const char *reason, const char *diagnosis_id,
                                uint64_t time_usec);
/* Makes a new record one of a trial: `after` is what that does, which leaves the store's records
 * of booleans alone. */
void change_record_begin_trial(ChangeRecord *record, uint32_t seconds);
/* What a revert is to put in place: an array of plan.n_actions to free(), NULL if out of memory.
 * `this_boot`: no reboot since the trial began. After one the kernel's own values are not
 * those that the trial found. */
ActionState *change_record_revert_targets(const ChangeRecord *record, bool this_boot);
/* What makes a trial permanent; as above. */
ActionState *change_record_keep_targets(const ChangeRecord *record);
/* Accepts and returns NULL. */
ChangeRecord *change_record_free(ChangeRecord *record);

/* 0 or -ENOMEM, with the record as it was. */
int change_record_set_result(ChangeRecord *record, const char *result, const char *message);
/* For the record's `keep` or `revert`; one that was begun before is overwritten. */
int change_step_begin(ChangeStep *step, uid_t uid, const char *user, const char *reason,
                      uint64_t time_usec);

/* True if a crash left it half way. */
bool change_record_unfinished(const ChangeRecord *record);
/* True if what it did is (or may be) in force. */
bool change_record_in_force(const ChangeRecord *record);
/* True if it is in force for a limited time. */
bool change_record_on_trial(const ChangeRecord *record);

/* 0 with a new object, or -ENOMEM. */
int change_record_to_json(const ChangeRecord *record, json_object **ret_object);
/* 0, -EBADMSG for anything that does not fit, or -ENOMEM. */
int change_record_from_json(json_object *object, ChangeRecord **ret_record);
