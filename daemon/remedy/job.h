/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A job: one Apply, Trial, Keep, Revert, or recovery of an interrupted one, from its
 * authorization to its result. It drives a worker, has nginx reloaded where the plan says so, and
 * keeps the change's record ahead of all that. It writes no log and answers nobody; its observer
 * does.
 *
 * Life cycle: job_new_…() makes it queued; job_start() makes it running; once it is finished
 * the observer hears of it exactly once, and job_free() may follow (also from there).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/remedy/change-store.h"
#include "daemon/remedy/nginx-reload.h"
#include "daemon/remedy/policy-store.h"
#include "daemon/remedy/worker.h"

typedef enum JobKind {
    JOB_APPLY,
    JOB_REVERT,
    JOB_KEEP,
    JOB_RECOVER,
} JobKind;

typedef enum JobState {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_FINISHED,
} JobState;

/* The order is that of org.selguard.Remedy1.xml. */
typedef enum JobResult {
    JOB_RESULT_NONE,
    JOB_DONE,
    JOB_UNVERIFIED,
    JOB_INEFFECTIVE,
    JOB_REFUSED,
    JOB_STATE_CHANGED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_UNKNOWN,
    JOB_RESULT_COUNT,
} JobResult;

typedef struct Job Job;

typedef struct JobObserver {
    /* State, phase or change id is another one. */
    void (*changed)(Job *job, void *userdata);
    void (*finished)(Job *job, void *userdata);
} JobObserver;

/* What jobs work with; outlives them. */
typedef struct JobContext {
    sd_event *event;
    ChangeStore *changes;
    PolicyStoreOptions store;
    sd_bus *bus;              /* where systemd is */
    char *const *nginx_units; /* NULL-terminated */
    const JobObserver *observer;
    void *userdata;
} JobContext;

/* Readable by everyone, written by job*.c alone. Strings are owned. */
struct Job {
    const JobContext *context;
    uint64_t number; /* the caller's own */
    JobKind kind;
    JobState state;
    const char *phase;
    unsigned progress; /* percent */
    uid_t uid;
    char *user;
    char *sender; /* unique bus name of the caller, NULL if none */
    char *reason;

    Plan plan;
    char *diagnosis_id;
    char *approval;
    char **expected;
    uint32_t trial_seconds; /* an apply: for this long; 0: for good */
    bool expiring;          /* a revert: because a trial's time is over */

    ChangeRecord *record; /* the change store's; NULL until there is one */
    char change_id[24];   /* its id as text; "" until then */
    Worker *worker;
    NginxReload *reload;        /* after the worker */
    ActionState *now;           /* what the worker read last, while nginx is reloaded */
    const ActionState *targets; /* of the record or own_targets, once decided */
    ActionState *own_targets;
    bool resolving; /* the worker at work finds out how a step ended */
    bool undoing;   /* … and puts back the state before it, whatever it finds */
    bool undone;    /* it does so */
    char *reloaded; /* what became of nginx, in a sentence */
    bool not_reloaded;
    int step_error; /* why it has to be found out */
    char *step_text;
    JobResult already; /* the result if there is nothing to do */

    JobResult result;
    int error; /* negative errno that fits the result; 0 if it changed something */
    char *message;
    uint32_t accesses_asked;
    uint32_t accesses_allowed;
};

/* "apply" "trial" "keep" "revert" "expire" "recover" */
const char *job_operation(const Job *job);
const char *job_state_to_string(JobState state);
const char *job_result_to_string(JobResult result); /* "" for NONE */

/* Copies everything; `record` is lent by the change store. `approval`: what let it happen
 * (change-record.h). NULL if out of memory. */
Job *job_new_apply(const JobContext *context, const Plan *plan, char *const *expected,
                   const char *diagnosis_id, const char *reason, const char *approval,
                   uint32_t trial_seconds, uid_t uid, const char *user, const char *sender);
/* Makes a trial permanent. */
Job *job_new_keep(const JobContext *context, ChangeRecord *record, const char *reason, uid_t uid,
                  const char *user, const char *sender);
Job *job_new_revert(const JobContext *context, ChangeRecord *record, const char *reason, uid_t uid,
                    const char *user, const char *sender);
/* A revert that nobody asked for: the trial's time is over. */
Job *job_new_expire(const JobContext *context, ChangeRecord *record);
/* For a record that change_record_unfinished(). */
Job *job_new_recover(const JobContext *context, ChangeRecord *record);

/* Begins. Whatever goes wrong becomes the result. */
void job_start(Job *job);
/* 0, or -EBUSY once it is committing or finished. */
int job_cancel(Job *job);

/* Accepts and returns NULL. A commit at work is left to finish by itself. */
Job *job_free(Job *job);

/* "" if there is none. */
const char *job_diagnosis_id(const Job *job);
