/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/core/text.h"
#include "daemon/remedy/job-internal.h"

static const char *const result_names[JOB_RESULT_COUNT] = {
    [JOB_RESULT_NONE] = "",          [JOB_DONE] = "done",
    [JOB_UNVERIFIED] = "unverified", [JOB_INEFFECTIVE] = "ineffective",
    [JOB_REFUSED] = "refused",       [JOB_STATE_CHANGED] = "state-changed",
    [JOB_FAILED] = "failed",         [JOB_CANCELLED] = "cancelled",
    [JOB_UNKNOWN] = "unknown",
};

DEFINE_POINTER_CLEANUP(Job, job_free, job_cleanup);

const char *job_kind_to_string(JobKind kind)
{
    return kind == JOB_APPLY ? "apply" : kind == JOB_REVERT ? "revert" : "recover";
}

const char *job_state_to_string(JobState state)
{
    return state == JOB_QUEUED ? "queued" : state == JOB_RUNNING ? "running" : "finished";
}

const char *job_result_to_string(JobResult result)
{
    return result_names[result];
}

const char *job_diagnosis_id(const Job *job)
{
    return job->record ? job->record->diagnosis_id : strempty(job->diagnosis_id);
}

void job_set_record(Job *job, ChangeRecord *record)
{
    job->record = record;
    record->pins++;
    (void)snprintf(job->change_id, sizeof(job->change_id), "%" PRIu64, record->id);
}

/* --- the object --------------------------------------------------------- */

Job *job_free(Job *job)
{
    if (!job)
        return NULL;
    worker_free(job->worker);
    if (job->record)
        job->record->pins--;
    plan_clear(&job->plan);
    strv_free(job->expected);
    free(job->user);
    free(job->sender);
    free(job->reason);
    free(job->diagnosis_id);
    free(job->step_text);
    free(job->message);
    free(job);
    return NULL;
}

static Job *job_new(const JobContext *context, JobKind kind, const Plan *plan, const char *reason,
                    uid_t uid, const char *user, const char *sender)
{
    _cleanup_(job_cleanup) Job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->context = context;
    job->kind = kind;
    job->phase = "queued";
    job->uid = uid;
    if (plan_copy(&job->plan, plan) < 0 || string_replace(&job->user, strempty(user)) < 0 ||
        string_replace(&job->sender, sender) < 0 ||
        string_replace(&job->reason, strempty(reason)) < 0 || string_replace(&job->message, "") < 0)
        return NULL;
    return TAKE_POINTER(job);
}

Job *job_new_apply(const JobContext *context, const Plan *plan, char *const *expected,
                   const char *diagnosis_id, const char *reason, uid_t uid, const char *user,
                   const char *sender)
{
    _cleanup_(job_cleanup) Job *job = job_new(context, JOB_APPLY, plan, reason, uid, user, sender);

    if (!job || string_replace(&job->diagnosis_id, strempty(diagnosis_id)) < 0)
        return NULL;
    if (expected) {
        job->expected = strv_copy(expected);
        if (!job->expected)
            return NULL;
    }
    return TAKE_POINTER(job);
}

Job *job_new_revert(const JobContext *context, ChangeRecord *record, const char *reason, uid_t uid,
                    const char *user, const char *sender)
{
    Job *job = job_new(context, JOB_REVERT, &record->plan, reason, uid, user, sender);

    if (job)
        job_set_record(job, record);
    return job;
}

Job *job_new_recover(const JobContext *context, ChangeRecord *record)
{
    Job *job = job_new(context, JOB_RECOVER, &record->plan, NULL, record->uid, record->user, NULL);

    if (job)
        job_set_record(job, record);
    return job;
}
