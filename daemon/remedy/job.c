/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-decide.h"
#include "daemon/remedy/job.h"
#include "daemon/remedy/verify.h"

/* Percent at which each phase begins. A commit is nearly all of the time. */
static const struct {
    const char *phase;
    unsigned progress;
} phases[] = {
    {"queued", 0},      {"waiting-for-lock", 2}, {"reading", 5},
    {"committing", 10}, {"verifying", 95},       {"finished", 100},
};

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

static void job_set_record(Job *job, ChangeRecord *record)
{
    job->record = record;
    record->pins++;
    (void)snprintf(job->change_id, sizeof(job->change_id), "%" PRIu64, record->id);
}

static uint64_t realtime_usec(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
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
    job->phase = phases[0].phase;
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

/* --- the end of it ------------------------------------------------------ */

static void job_set_phase(Job *job, const char *phase)
{
    for (size_t i = 0; i < ELEMENTS_OF(phases); i++)
        if (streq(phases[i].phase, phase)) {
            job->phase = phases[i].phase;
            job->progress = phases[i].progress;
            job->context->observer->changed(job, job->context->userdata);
            return;
        }
}

/* Writes the record in its new phase. */
static int job_record_phase(Job *job, ChangePhase phase)
{
    ChangePhase old = job->record->phase;
    int r;

    job->record->phase = phase;
    r = change_store_update(job->context->changes, job->record);
    if (r < 0)
        job->record->phase = old;
    return r;
}

/* Takes ownership of the message (NULL: out of memory). */
static void job_finish(Job *job, JobResult result, int error, char *message)
{
    job->state = JOB_FINISHED;
    job->result = result;
    job->error = error;
    if (message) {
        free(job->message);
        job->message = message;
    }
    job_set_phase(job, "finished");
    job->context->observer->finished(job, job->context->userdata);
}

static JobResult result_of_error(int error)
{
    switch (error) {
    case -ESTALE:
        return JOB_STATE_CHANGED;
    case -EPERM:
    case -EINVAL:
    case -EOPNOTSUPP:
        return JOB_REFUSED;
    case -ECANCELED:
        return JOB_CANCELLED;
    default:
        return JOB_FAILED;
    }
}

/* Ends a job that changed nothing. A record that was made for it says so; one that was there
 * before stays as it is. */
static void job_finish_unchanged(Job *job, int error, char *message)
{
    JobResult result = result_of_error(error);

    if (job->kind == JOB_APPLY && job->record) {
        (void)change_record_set_result(job->record, job_result_to_string(result),
                                       strempty(message));
        job->record->finished_usec = realtime_usec();
        (void)job_record_phase(job, CHANGE_FAILED);
    }
    job_finish(job, result, error, message);
}

/* Compares with the kernel. *ret_message is the sentence given, and what was found. */
static JobResult job_verify(Job *job, const ActionState *targets, const ActionState *now,
                            bool want_accesses, const char *sentence, char **ret_message)
{
    _cleanup_(verification_clear) Verification verification = {.outcome = VERIFY_IMPOSSIBLE};

    (void)verify_change(&job->plan, targets, now, want_accesses,
                        job->context->store.root ? NULL : verify_kernel(), &verification);
    job->accesses_asked = verification.accesses_asked;
    job->accesses_allowed = verification.accesses_allowed;
    *ret_message = format_string(
        "%s %s", sentence, verification.text ? verification.text : "It could not be verified.");
    switch (verification.outcome) {
    case VERIFY_CONFIRMED:
        return JOB_DONE;
    case VERIFY_INEFFECTIVE:
        return JOB_INEFFECTIVE;
    default:
        return JOB_UNVERIFIED;
    }
}

/* Ends a job whose step is in the store: verified, recorded. */
static void job_finish_committed(Job *job, const ActionState *now)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    JobResult result;
    char *message = NULL;
    int r;

    job_set_phase(job, "verifying");
    result = job_verify(job, job->targets, now, /* want_accesses= */ !reverting,
                        reverting ? "Reverted." : "Applied.", &message);
    if (!reverting)
        job->record->finished_usec = realtime_usec();
    r = change_record_set_result(job->record, job_result_to_string(result), strempty(message));
    if (r >= 0)
        r = job_record_phase(job, reverting ? CHANGE_REVERTED : CHANGE_APPLIED);
    if (r < 0) {
        /* It is done; the record still says "committing", and the next start finds out. */
        free(message);
        message = format_string("The change is in force, but its record could not be written: %s",
                                strerror(-r));
    }
    job_finish(job, result, 0, message);
}

/* Ends a job whose step is known to have left everything as it was. */
static void job_finish_undone(Job *job)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    int error = job->step_error < 0 ? job->step_error : -EIO;
    char *message = format_string("Nothing was changed. %s",
                                  job->step_text ? job->step_text
                                                 : "The service was interrupted before it began.");

    if (!reverting) {
        job->record->finished_usec = realtime_usec();
        (void)change_record_set_result(job->record, job_result_to_string(JOB_FAILED),
                                       strempty(message));
    }
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, JOB_FAILED, error, message);
}

/* Ends a job that somebody else's change has overtaken. */
static void job_finish_foreign(Job *job)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    char *message = format_string("Change %s was interrupted, and what it touched has been changed "
                                  "by something else since. It is left as it is.",
                                  job->change_id);

    if (!reverting)
        job->record->finished_usec = realtime_usec();
    (void)change_record_set_result(job->record, job_result_to_string(JOB_STATE_CHANGED),
                                   strempty(message));
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, JOB_STATE_CHANGED, -ESTALE, message);
}

/* --- the work ----------------------------------------------------------- */

static void job_start_worker(Job *job);

/* Lets the worker commit the targets. The record says so already. */
static void job_go(Job *job)
{
    int r = worker_go(job->worker, job->targets);

    if (r < 0) {
        /* The worker never got it, so it will change nothing. */
        job->step_error = r;
        (void)worker_kill(job->worker);
    }
}

/* Stops the worker and remembers why; its end finishes the job. Takes ownership of `why`. */
static void job_stop(Job *job, int error, char *why)
{
    job->step_error = error;
    free(job->step_text);
    job->step_text = why;
    (void)worker_kill(job->worker);
}

static void job_stop_errno(Job *job, int error, const char *what)
{
    job_stop(job, error, format_string("%s: %s", what, strerror(-error)));
}

static void job_decide_apply(Job *job, const ActionState *states)
{
    ChangeRecord *record;
    char *why = NULL;
    int r;

    r = decide_apply(&job->plan, job->expected, states, &why);
    if (r < 0) {
        job_stop(job, r, why);
        return;
    }
    if (r > 0) {
        job->already = job_verify(job, states, states, /* want_accesses= */ true,
                                  "It is so already; nothing was changed.", &why);
        job_stop(job, -EALREADY, why);
        return;
    }
    record = change_record_new(&job->plan, states, job->uid, job->user, job->reason,
                               job->diagnosis_id, realtime_usec());
    if (!record) {
        job_stop_errno(job, -ENOMEM, "The change could not be recorded, so it was not made");
        return;
    }
    r = change_store_add(job->context->changes, record);
    if (r < 0) {
        change_record_free(record);
        job_stop_errno(job, r, "The change could not be recorded, so it was not made");
        return;
    }
    job_set_record(job, record);
    r = job_record_phase(job, CHANGE_COMMITTING);
    if (r < 0) {
        job_stop_errno(job, r, "The change could not be recorded, so it was not made");
        return;
    }
    job->targets = record->after;
    job_go(job);
}

static void job_decide_revert(Job *job, const ActionState *states)
{
    char *why = NULL;
    int r;

    /* While it waited in the queue, a later change may have come. */
    r = change_store_can_revert(job->context->changes, job->record, &why);
    if (r >= 0)
        r = decide_revert(job->record, states, &why);
    if (r < 0) {
        job_stop(job, r, why);
        return;
    }
    r = change_record_begin_revert(job->record, job->uid, job->user, job->reason, realtime_usec());
    if (r >= 0)
        r = job_record_phase(job, CHANGE_REVERTING);
    if (r < 0) {
        job_stop_errno(job, r, "The revert could not be recorded, so it was not made");
        return;
    }
    job->targets = job->record->before;
    job_go(job);
}

static void job_decide_resolution(Job *job, const ActionState *states)
{
    switch (decide_resolution(job->record, states, &job->targets)) {
    case RESOLVE_FOREIGN:
        job_stop(job, -ESTALE, NULL);
        return;
    case RESOLVE_UNDONE:
        job->undone = true;
        break;
    case RESOLVE_FINISHED:
        break;
    }
    /* The same transaction once more: it changes nothing in the store, and loads the policy
     * and the values that the interruption may have kept from the kernel. */
    job_go(job);
}

static void on_worker_phase(Worker *worker, const char *phase, void *userdata)
{
    job_set_phase(userdata, phase);
}

static void on_worker_states(Worker *worker, const ActionState *states, void *userdata)
{
    Job *job = userdata;

    if (job->resolving)
        job_decide_resolution(job, states);
    else if (job->kind == JOB_APPLY)
        job_decide_apply(job, states);
    else
        job_decide_revert(job, states);
}

/* The step was begun and did not report success: find out. */
static void job_resolve(Job *job, int error, const char *text)
{
    job->resolving = true;
    job->step_error = error;
    free(job->step_text);
    job->step_text = strdup(strempty(text));
    job_start_worker(job);
}

static void job_resolution_failed(Job *job, int error, const char *text)
{
    _cleanup_free_ char *before = TAKE_POINTER(job->step_text);

    job_finish(job, JOB_UNKNOWN, error,
               format_string("%s It could not be found out whether the change took place: %s The "
                             "next start of the service tries again.",
                             strempty(before), strempty(text)));
}

static void on_worker_finished(Worker *worker, int result, const ActionState *states,
                               const char *text, void *userdata)
{
    Job *job = userdata;
    bool committing = worker_is_committing(worker);

    if (result >= 0) {
        if (job->undone)
            job_finish_undone(job);
        else
            job_finish_committed(job, states);
    } else if (job->resolving && result == -ECANCELED && job->step_error == -ESTALE &&
               !job->targets)
        job_finish_foreign(job);
    else if (job->resolving)
        job_resolution_failed(job, result, text);
    else if (committing) {
        job->worker = NULL; /* freed below; a new one takes its place */
        job_resolve(job, result, text);
        worker_free(worker);
    } else if (result == -ECANCELED && job->step_error == -EALREADY)
        job_finish(job, job->already, 0, TAKE_POINTER(job->step_text));
    else if (result == -ECANCELED && job->step_error < 0)
        job_finish_unchanged(job, job->step_error, TAKE_POINTER(job->step_text));
    else
        job_finish_unchanged(job, result, text ? strdup(text) : NULL);
}

static const WorkerHandlers worker_handlers = {
    .phase = on_worker_phase,
    .states = on_worker_states,
    .finished = on_worker_finished,
};

static void job_start_worker(Job *job)
{
    int r = worker_start(&job->worker, job->context->event, WORKER_TRANSACT, &job->plan,
                         &job->context->store, &worker_handlers, job);

    if (r >= 0)
        return;
    if (job->resolving)
        job_resolution_failed(job, r, strerror(-r));
    else
        job_finish_unchanged(
            job, r, format_string("No process could be started for the work: %s", strerror(-r)));
}

void job_start(Job *job)
{
    job->state = JOB_RUNNING;
    if (job->kind == JOB_RECOVER && job->record->phase == CHANGE_PREPARED) {
        /* Its record never said that a commit may begin. */
        job_finish_undone(job);
        return;
    }
    job->resolving = job->kind == JOB_RECOVER;
    job_set_phase(job, "reading");
    job_start_worker(job);
}

int job_cancel(Job *job)
{
    switch (job->state) {
    case JOB_FINISHED:
        return -EBUSY;
    case JOB_QUEUED:
        job_finish_unchanged(job, -ECANCELED, strdup("Cancelled; nothing was changed."));
        return 0;
    case JOB_RUNNING:
        break;
    }
    if (!job->worker || job->resolving)
        return -EBUSY;
    if (worker_kill(job->worker) < 0)
        return -EBUSY;
    job->step_error = -ECANCELED;
    free(job->step_text);
    job->step_text = strdup("Cancelled; nothing was changed.");
    return 0;
}
