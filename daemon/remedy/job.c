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

const char *job_operation(const Job *job)
{
    switch (job->kind) {
    case JOB_APPLY:
        return job->trial_seconds > 0 ? "trial" : "apply";
    case JOB_REVERT:
        return job->expiring ? "expire" : "revert";
    case JOB_KEEP:
        return "keep";
    case JOB_RECOVER:
        break;
    }
    return "recover";
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
    nginx_reload_free(job->reload);
    if (job->record)
        job->record->pins--;
    plan_clear(&job->plan);
    strv_free(job->expected);
    free(job->user);
    free(job->sender);
    free(job->reason);
    free(job->diagnosis_id);
    free(job->approval);
    free(job->now);
    free(job->own_targets);
    free(job->reloaded);
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
                   const char *diagnosis_id, const char *reason, const char *approval,
                   uint32_t trial_seconds, uid_t uid, const char *user, const char *sender)
{
    _cleanup_(job_cleanup) Job *job = job_new(context, JOB_APPLY, plan, reason, uid, user, sender);

    if (!job || string_replace(&job->diagnosis_id, strempty(diagnosis_id)) < 0 ||
        string_replace(&job->approval, strempty(approval)) < 0)
        return NULL;
    job->trial_seconds = trial_seconds;
    if (expected) {
        job->expected = strv_copy(expected);
        if (!job->expected)
            return NULL;
    }
    return TAKE_POINTER(job);
}

static Job *job_new_about(const JobContext *context, JobKind kind, ChangeRecord *record,
                          const char *reason, uid_t uid, const char *user, const char *sender)
{
    Job *job = job_new(context, kind, &record->plan, reason, uid, user, sender);

    if (job)
        job_set_record(job, record);
    return job;
}

Job *job_new_revert(const JobContext *context, ChangeRecord *record, const char *reason, uid_t uid,
                    const char *user, const char *sender)
{
    return job_new_about(context, JOB_REVERT, record, reason, uid, user, sender);
}

Job *job_new_keep(const JobContext *context, ChangeRecord *record, const char *reason, uid_t uid,
                  const char *user, const char *sender)
{
    return job_new_about(context, JOB_KEEP, record, reason, uid, user, sender);
}

Job *job_new_expire(const JobContext *context, ChangeRecord *record)
{
    /* By whom it was asked for: the one who wanted a trial wanted its end. */
    Job *job = job_new_about(context, JOB_REVERT, record, "The time of the trial is over.",
                             record->uid, record->user, NULL);

    if (job)
        job->expiring = true;
    return job;
}

Job *job_new_recover(const JobContext *context, ChangeRecord *record)
{
    return job_new_about(context, JOB_RECOVER, record, NULL, record->uid, record->user, NULL);
}
