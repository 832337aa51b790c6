/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How jobs end: what the record then says, and what the caller is told. */
#include <errno.h>
#include <time.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/job-internal.h"
#include "daemon/remedy/verify.h"

/* Percent at which each phase begins. A commit is nearly all of the time. */
static const struct {
    const char *phase;
    unsigned progress;
} phases[] = {
    {"queued", 0},      {"waiting-for-lock", 2}, {"reading", 5},    {"committing", 10},
    {"relabeling", 80}, {"verifying", 95},       {"finished", 100},
};

uint64_t job_now_usec(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

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
        job->record->finished_usec = job_now_usec();
        (void)job_record_phase(job, CHANGE_FAILED);
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

/* Ends a job whose step is in the store: verified, recorded. */
void job_finish_committed(Job *job, const ActionState *now)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    JobResult result;
    char *message = NULL;
    int r;

    job_set_phase(job, "verifying");
    result = job_verify(job, job->targets, now, /* want_accesses= */ !reverting,
                        reverting ? "Reverted." : "Applied.", &message);
    if (!reverting)
        job->record->finished_usec = job_now_usec();
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
void job_finish_undone(Job *job)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    int error = job->step_error < 0 ? job->step_error : -EIO;
    char *message = format_string("Nothing was changed. %s",
                                  job->step_text ? job->step_text
                                                 : "The service was interrupted before it began.");

    if (!reverting) {
        job->record->finished_usec = job_now_usec();
        (void)change_record_set_result(job->record, job_result_to_string(JOB_FAILED),
                                       strempty(message));
    }
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, JOB_FAILED, error, message);
}

/* Ends a job that somebody else's change has overtaken. */
void job_finish_foreign(Job *job)
{
    bool reverting = job->record->phase == CHANGE_REVERTING;
    char *message = format_string("Change %s was interrupted, and what it touched has been changed "
                                  "by something else since. It is left as it is.",
                                  job->change_id);

    if (!reverting)
        job->record->finished_usec = job_now_usec();
    (void)change_record_set_result(job->record, job_result_to_string(JOB_STATE_CHANGED),
                                   strempty(message));
    (void)job_record_phase(job, reverting ? CHANGE_APPLIED : CHANGE_FAILED);
    job_finish(job, JOB_STATE_CHANGED, -ESTALE, message);
}
