/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How jobs run: a worker that holds the lock and has read the states, a decision, the record,
 * the commit; and once more if the commit broke off. */
#include <errno.h>

#include "daemon/core/clock.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-decide.h"
#include "daemon/remedy/job-internal.h"

static void job_start_worker(Job *job);

/* Lets the worker commit the targets. The record says so already. */
static void job_go(Job *job)
{
    int r = worker_go(job->worker, job->change_id, job->targets, job->resolving);

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

    r = decide_apply(&job->plan, job->expected, states, job->trial_seconds > 0, &why);
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
                               job->diagnosis_id, clock_usec(CLOCK_REALTIME));
    if (record && job->trial_seconds > 0)
        change_record_begin_trial(record, job->trial_seconds);
    r = record ? string_replace(&record->approval, job->approval) : -ENOMEM;
    if (r >= 0)
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

/* The state before, as far as it is still that: after a reboot the kernel's own is not. */
static int job_target_before(Job *job)
{
    TrialClock clock = {};
    bool this_boot = trial_clock_read(&clock) < 0 || job->record->trial.deadline_usec == 0 ||
                     trial_is_of_this_boot(&job->record->trial, &clock);

    free(job->own_targets);
    job->own_targets = change_record_revert_targets(job->record, this_boot);
    if (!job->own_targets)
        return -ENOMEM;
    job->targets = job->own_targets;
    return 0;
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
    r = job_target_before(job);
    if (r >= 0)
        r = change_step_begin(&job->record->revert, job->uid, job->user, job->reason,
                              clock_usec(CLOCK_REALTIME));
    if (r >= 0)
        r = job_record_phase(job, CHANGE_REVERTING);
    if (r < 0) {
        job_stop_errno(job, r, "The revert could not be recorded, so it was not made");
        return;
    }
    job_go(job);
}

static void job_decide_keep(Job *job, const ActionState *states)
{
    ChangeRecord *record = job->record;
    TrialState old = record->trial.state;
    char *why = NULL;
    int r;

    r = change_store_can_keep(record, &why);
    if (r >= 0)
        r = decide_revert(record, states, &why);
    if (r < 0) {
        job_stop(job, r, why);
        return;
    }
    job->own_targets = change_record_keep_targets(record);
    if (!job->own_targets || change_step_begin(&record->keep, job->uid, job->user, job->reason,
                                               clock_usec(CLOCK_REALTIME)) < 0) {
        job_stop_errno(job, -ENOMEM, "It was not made permanent");
        return;
    }
    record->trial.state = TRIAL_KEEPING;
    r = change_store_update(job->context->changes, record);
    if (r < 0) {
        record->trial.state = old;
        record->keep.begun = false;
        job_stop_errno(job, r, "It could not be recorded, so it was not made permanent");
        return;
    }
    job->targets = job->own_targets;
    job_go(job);
}

static void job_decide_resolution(Job *job, const ActionState *states)
{
    Resolution resolution = decide_resolution(job->record, states, &job->targets);

    if (resolution == RESOLVE_FOREIGN) {
        job_stop(job, -ESTALE, NULL);
        return;
    }
    job->undone = job->undoing || resolution == RESOLVE_UNDONE;
    if (job->undone && job->record->phase == CHANGE_COMMITTING) {
        int r = job_target_before(job);

        if (r < 0) {
            job_stop_errno(job, r, "It was not taken back");
            return;
        }
    }
    /* The same transaction once more: it changes nothing in the store, and installs and loads the
     * policy and the values that the interruption may have kept from the kernel. */
    job_go(job);
}

static void on_worker_phase(Worker *worker _unused_, const char *phase, void *userdata)
{
    job_set_phase(userdata, phase);
}

static void on_worker_states(Worker *worker _unused_, const ActionState *states, void *userdata)
{
    Job *job = userdata;

    if (job->resolving)
        job_decide_resolution(job, states);
    else if (job->kind == JOB_APPLY)
        job_decide_apply(job, states);
    else if (job->kind == JOB_KEEP)
        job_decide_keep(job, states);
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
            job_finish_undone(job, states);
        else if (job->kind == JOB_KEEP)
            job_finish_kept(job, states);
        else if (job_wants_reload(job)) {
            job->worker = NULL; /* freed below: what follows may need another */
            job_reload_nginx(job, states);
            worker_free(worker);
        } else
            job_finish_committed(job, states);
    } else if (job->kind == JOB_KEEP && committing)
        job_finish_not_kept(job, result, strdup(strempty(text)));
    else if (job->resolving && result == -ECANCELED && job->step_error == -ESTALE && !job->targets)
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

/* What is in the store by a trial's own doing is taken out by a transaction; the rest of a trial's
 * booleans never was in there. */
static WorkerTask worker_task(const Job *job)
{
    if (job->kind == JOB_KEEP)
        return WORKER_KEEP;
    if (job->record ? job->record->trial.state == TRIAL_RUNNING : job->trial_seconds > 0)
        return WORKER_TRY;
    return WORKER_TRANSACT;
}

static void job_start_worker(Job *job)
{
    int r = worker_start(&job->worker, job->context->event, worker_task(job), &job->plan,
                         &job->context->store, &worker_handlers, job);

    if (r >= 0)
        return;
    if (job->resolving)
        job_resolution_failed(job, r, strerror(-r));
    else
        job_finish_unchanged(
            job, r, format_string("No process could be started for the work: %s", strerror(-r)));
}

void job_undo(Job *job, char *why)
{
    job->undoing = true;
    job->resolving = true;
    job->step_error = -EIO;
    free(job->step_text);
    job->step_text = why;
    job_start_worker(job);
}

void job_start(Job *job)
{
    job->state = JOB_RUNNING;
    if (job->kind == JOB_RECOVER && job->record->phase == CHANGE_PREPARED) {
        /* Its record never said that a commit may begin. */
        job_finish_undone(job, /* now= */ NULL);
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
