/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <libaudit.h>
#include <syslog.h>

/* The call's source location is of no use in entries that carry a MESSAGE_ID. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "daemon/core/text.h"
#include "daemon/remedy/audit-record.h"
#include "daemon/remedy/messages.h"
#include "daemon/remedy/prompt.h"
#include "daemon/remedy/report.h"

void report_open(Report *report, bool audit)
{
    /* Without audit in the kernel, or the capability, changes are recorded in the journal
     * alone: no reason to refuse the service. */
    *report = (Report){.audit = audit, .audit_fd = audit ? audit_open() : -1};
    if (audit && report->audit_fd < 0)
        report_failure("Changes leave no record in the audit log", -errno);
}

void report_close(Report *report)
{
    if (report->audit_fd >= 0)
        audit_close(report->audit_fd);
    report->audit_fd = -1;
}

/* --- journal ------------------------------------------------------------ */

typedef struct Entry {
    int priority;
    const char *id;
    const char *verb;
} Entry;

/* How a result is filed. */
static Entry entry_of(const Job *job)
{
    switch (job->result) {
    case JOB_DONE:
    case JOB_UNVERIFIED:
        if (job->kind == JOB_RECOVER)
            return (Entry){LOG_WARNING, MESSAGE_CHANGE_RECOVERED, "recovered"};
        if (job->kind == JOB_KEEP)
            return (Entry){LOG_NOTICE, MESSAGE_CHANGE_APPLIED, "made permanent"};
        if (job->trial_seconds > 0)
            return (Entry){LOG_NOTICE, MESSAGE_TRIAL_BEGUN, "applied for a limited time"};
        if (job->kind == JOB_REVERT)
            return (Entry){LOG_NOTICE, MESSAGE_CHANGE_REVERTED, "reverted"};
        return (Entry){LOG_NOTICE, MESSAGE_CHANGE_APPLIED, "applied"};
    case JOB_INEFFECTIVE:
        return (Entry){LOG_WARNING, MESSAGE_CHANGE_INEFFECTIVE,
                       "made, without the effect intended"};
    case JOB_UNKNOWN:
        return (Entry){LOG_ERR, MESSAGE_CHANGE_FAILED, "left in doubt"};
    default:
        if (job->kind == JOB_RECOVER)
            return (Entry){LOG_WARNING, MESSAGE_CHANGE_RECOVERED, "recovered"};
        return (Entry){LOG_WARNING, MESSAGE_CHANGE_FAILED, "not made"};
    }
}

static void journal_job(const Job *job)
{
    Entry entry = entry_of(job);
    _cleanup_free_ char *commands = prompt_commands(&job->plan);
    _cleanup_free_ char *reason = escape_for_terminal(job->reason);
    _cleanup_free_ char *message = escape_for_terminal(job->message);
    bool numbered = job->change_id[0] != '\0';

    (void)sd_journal_send(
        "MESSAGE_ID=%s", entry.id, "PRIORITY=%i", entry.priority,
        "MESSAGE=Change%s%s asked for by %s was %s (%s): %s", numbered ? " " : "", job->change_id,
        job->user, entry.verb, strempty(commands), strempty(message), "SELGUARD_CHANGE=%s",
        job->change_id, "SELGUARD_DIAGNOSIS=%s", job_diagnosis_id(job), "SELGUARD_OPERATION=%s",
        job_operation(job), "SELGUARD_RESULT=%s", job_result_to_string(job->result),
        "SELGUARD_UID=%u", (unsigned)job->uid, "SELGUARD_USER=%s", job->user,
        "SELGUARD_APPROVAL=%s", job->record ? job->record->approval : "", "SELGUARD_REASON=%s",
        strempty(reason), "SELGUARD_COMMANDS=%s", strempty(commands), NULL);
}

/* --- audit -------------------------------------------------------------- */

/* 0 or a negative errno. */
static int audit_action(int fd, const Job *job, size_t index, bool success)
{
    const Action *action = &job->plan.actions[index];
    const ActionState *before = &job->record->before[index];
    const ActionState *after = &job->record->after[index];
    bool reverted = job->kind == JOB_REVERT || job->record->phase == CHANGE_REVERTED;
    _cleanup_free_ char *change =
        audit_record_text(action, reverted ? after : before, reverted ? before : after);
    _cleanup_free_ char *text = NULL;

    if (!change)
        return -errno;
    text = format_string("%s change=%s requester=%u", change, job->change_id, (unsigned)job->uid);
    if (!text)
        return -ENOMEM;
    errno = 0;
    return audit_log_user_comm_message(fd, AUDIT_USER_MAC_CONFIG_CHANGE, text,
                                       "nginx-selguard-remedy", NULL, NULL, NULL, success) > 0
               ? 0
           : errno > 0 ? -errno
                       : -EIO;
}

static void audit_job(int fd, const Job *job)
{
    bool success =
        job->result == JOB_DONE || job->result == JOB_UNVERIFIED || job->result == JOB_INEFFECTIVE;
    int r = 0;

    for (size_t i = 0; i < job->plan.n_actions; i++) {
        int one;

        /* The rest of a trial is in the store since its beginning. */
        if (job->kind == JOB_KEEP && job->plan.actions[i].kind != ACTION_SET_BOOLEAN)
            continue;
        one = audit_action(fd, job, i, success);

        r = one < 0 ? one : r;
    }
    if (r < 0)
        (void)sd_journal_send("MESSAGE_ID=%s", MESSAGE_AUDIT_FAILED, "PRIORITY=%i", LOG_WARNING,
                              "MESSAGE=The audit record of change %s could not be written: %s",
                              job->change_id, strerror(-r), "SELGUARD_CHANGE=%s", job->change_id,
                              "ERRNO=%d", -r, NULL);
}

void report_job_finished(const Job *job, void *userdata)
{
    const Report *report = userdata;

    journal_job(job);
    if (report->audit_fd >= 0 && job->record)
        audit_job(report->audit_fd, job);
}

/* --- the rest ----------------------------------------------------------- */

void report_refused(uid_t uid, const char *method, const char *action_id, const char *problem,
                    void *userdata _unused_)
{
    _cleanup_free_ char *text = escape_for_terminal(problem);

    (void)sd_journal_send("MESSAGE_ID=%s", MESSAGE_REFUSED, "PRIORITY=%i", LOG_NOTICE,
                          "MESSAGE=%s by uid %u was not authorized (%s): %s", method, (unsigned)uid,
                          action_id, strempty(text), "SELGUARD_UID=%u", (unsigned)uid,
                          "SELGUARD_ACTION=%s", action_id, NULL);
}

void report_set_aside(const char *directory, const char *name)
{
    (void)sd_journal_send("MESSAGE_ID=%s", MESSAGE_RECORD_SET_ASIDE, "PRIORITY=%i", LOG_ERR,
                          "MESSAGE=A change record could not be read and is set aside as %s/%s.",
                          directory, name, "SELGUARD_FILE=%s/%s", directory, name, NULL);
}

void report_failure(const char *what, int error)
{
    (void)sd_journal_print(LOG_ERR, "%s: %s", what, strerror(-error));
}

void report_problem(const char *sentence)
{
    _cleanup_free_ char *text = escape_for_terminal(sentence);

    (void)sd_journal_print(LOG_ERR, "%s", strempty(text));
}
