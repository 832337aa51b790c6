/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How jobs end: what the record then says, and what the caller is told. */
#include <errno.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/job-internal.h"
#include "daemon/remedy/verify.h"

/* Percent at which each phase begins. A commit is nearly all of the time. */
static const struct {
    const char *phase;
    unsigned progress;
} phases[] = {
    {"queued", 0},           {"waiting-for-lock", 2}, {"reading", 5},
    {"committing", 10},      {"relabeling", 80},      {"testing-nginx", 85},
    {"reloading-nginx", 90}, {"verifying", 95},       {"finished", 100},
};

void job_set_phase(Job *job, const char *phase)
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
int job_record_phase(Job *job, ChangePhase phase)
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
void job_finish(Job *job, JobResult result, int error, char *message)
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

static void end_trial(ChangeRecord *record)
{
    if (trial_is_open(&record->trial))
        record->trial.state = TRIAL_OVER;
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
void job_finish_unchanged(Job *job, int error, char *message)
{
    JobResult result = result_of_error(error);

    if (job->kind == JOB_APPLY && job->record) {
        (void)change_record_set_result(job->record, job_result_to_string(result),
                                       strempty(message));
        job->record->finished_usec = clock_usec(CLOCK_REALTIME);
        end_trial(job->record);
        (void)job_record_phase(job, CHANGE_FAILED);
    } else if (job->expiring && job->record && result == JOB_STATE_CHANGED) {
        /* Whoever changed it since has ended the trial, in their way. */
        end_trial(job->record);
        (void)change_record_set_result(job->record, job_result_to_string(result),
                                       strempty(message));
        (void)change_store_update(job->context->changes, job->record);
    }
    job_finish(job, result, error, message);
}

/* Compares with the kernel. *ret_message is the sentence given, and what was found. */
JobResult job_verify(Job *job, const ActionState *targets, const ActionState *now,
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

/* "Applied.", with what is special about it. */
static char *describe_outcome(const Job *job, bool reverting)
{
    const Trial *trial = &job->record->trial;
    const char *nginx = strempty(job->reloaded);
    const char *blank = *nginx ? " " : "";

    if (reverting)
        return strdup(job->expiring ? "The trial is over; reverted." : "Reverted.");
    if (trial->state == TRIAL_RUNNING)
        return format_string("Applied for %u s, then taken back.%s%s", trial->seconds, blank,
                             nginx);
    if (job->not_reloaded)
        return format_string("Applied.%s%s The change stays until it is reverted.", blank, nginx);
    return format_string("Applied.%s%s", blank, nginx);
}

/* A trial begins when it is in force, and ends when it is not any more. */
static int update_trial(Trial *trial, bool reverting)
{
    TrialClock clock;
    int r;

    if (!trial_is_open(trial))
        return 0;
    if (reverting) {
        trial->state = TRIAL_OVER;
        return 0;
    }
    r = trial_clock_read(&clock);
    if (r >= 0)
        trial_start(trial, &clock);
    return r;
}

/* Ends a job whose step is in the store: verified, recorded. */
void job_finish_committed(Job *job, const ActionState *now)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    ChangePhase phase = reverting ? CHANGE_REVERTED : CHANGE_APPLIED;
    _cleanup_free_ char *outcome = NULL;
    JobResult result;
    char *message = NULL;
    int r;

    job_set_phase(job, "verifying");
    outcome = describe_outcome(job, reverting);
    result = job_verify(job, job->targets, now, /* want_accesses= */ !reverting, strempty(outcome),
                        &message);
    if (job->not_reloaded)
        result = JOB_INEFFECTIVE;
    if (!reverting)
        job->record->finished_usec = clock_usec(CLOCK_REALTIME);
    r = update_trial(&job->record->trial, reverting);
    if (r >= 0)
        r = change_record_set_result(job->record, job_result_to_string(result), strempty(message));
    if (r >= 0)
        r = job_record_phase(job, phase);
    if (r < 0) {
        /* It is done; the record on disk still says "committing", and the next start finds out,
         * which ends a trial. If there is none before, this one ends it at its time. */
        if (trial_is_open(&job->record->trial))
            job->record->phase = phase;
        free(message);
        message = format_string("The change is in force, but its record could not be written: %s",
                                strerror(-r));
    }
    job_finish(job, result, 0, message);
}

static char *describe_undone(const Job *job, bool reverting)
{
    if (job->undoing)
        return format_string("%s The change was taken back.", strempty(job->step_text));
    if (!reverting && job->kind == JOB_RECOVER && job->record->trial.state != TRIAL_NONE)
        return strdup("The trial was interrupted as it began, and was taken back.");
    return format_string("Nothing was changed. %s",
                         job->step_text ? job->step_text
                                        : "The service was interrupted before it began.");
}

/* What was to be taken back and is not as it was, is not "undone". */
static JobResult verify_undone(Job *job, const ActionState *now, char **message)
{
    _cleanup_free_ char *sentence = NULL;

    if (!now || !job->targets)
        return JOB_FAILED;
    sentence = *message;
    *message = NULL;
    return job_verify(job, job->targets, now, /* want_accesses= */ false, strempty(sentence),
                      message) == JOB_INEFFECTIVE
               ? JOB_INEFFECTIVE
               : JOB_FAILED;
}

/* Ends a job whose step is known to have left everything as it was. */
void job_finish_undone(Job *job, const ActionState *now)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    int error = job->step_error < 0 ? job->step_error : -EIO;
    char *message = describe_undone(job, reverting);
    JobResult result = verify_undone(job, now, &message);

    if (!reverting) {
        end_trial(job->record);
        job->record->finished_usec = clock_usec(CLOCK_REALTIME);
        (void)change_record_set_result(job->record, job_result_to_string(result),
                                       strempty(message));
    }
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, result, error, message);
}

/* Ends a job that somebody else's change has overtaken. */
void job_finish_foreign(Job *job)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    char *message =
        format_string(job->undoing ? "%s What was changed has been changed by something else "
                                     "meanwhile, so it is not taken back."
                                   : "Change %s was interrupted, and what it touched has been "
                                     "changed by something else since. It is left as it is.",
                      job->undoing ? strempty(job->step_text) : job->change_id);

    end_trial(job->record);
    if (!reverting)
        job->record->finished_usec = clock_usec(CLOCK_REALTIME);
    (void)change_record_set_result(job->record, job_result_to_string(JOB_STATE_CHANGED),
                                   strempty(message));
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, JOB_STATE_CHANGED, -ESTALE, message);
}

/* --- Keep --------------------------------------------------------------- */

void job_finish_kept(Job *job, const ActionState *now)
{
    ChangeRecord *record = job->record;
    Trial before = record->trial;
    JobResult result;
    char *message = NULL;
    int r;

    job_set_phase(job, "verifying");
    result =
        job_verify(job, job->targets, now, /* want_accesses= */ true, "Made permanent.", &message);
    record->trial.state = TRIAL_KEPT;
    memcpy(record->after, job->targets, record->plan.n_actions * sizeof(*record->after));
    r = change_record_set_result(record, job_result_to_string(result), strempty(message));
    if (r >= 0)
        r = change_store_update(job->context->changes, record);
    if (r < 0) {
        free(message);
        record->trial = before;
        job_finish_not_kept(job, r, format_string("It could not be recorded: %s", strerror(-r)));
        return;
    }
    job_finish(job, result, 0, message);
}

void job_finish_not_kept(Job *job, int error, char *why)
{
    _cleanup_free_ char *reason = why;

    job_finish(job, result_of_error(error), error,
               format_string("%s The trial ends at its time.", strempty(reason)));
}
