/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/backfill.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/audit/journal-read.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* auditd's, where it is running (src/auditd.c of audit-userspace). */
#define AUDITD_PID_FILE "/run/auditd.pid"

typedef enum Phase {
    PHASE_LOG,
    PHASE_JOURNAL,
    PHASE_DONE,
} Phase;

struct Backfill {
    Phase phase;
    uint64_t from_usec, to_usec;
    uint64_t started_usec;
    bool use_journal;
    AuditSink sink;
    SeenEvents *seen;
    AuditAssembler *assembler;
    AuditLogWalk *walk;
    JournalRead *journal;
    BackfillResult result;
};

/* --- the events ----------------------------------------------------------- */

static int take_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                        size_t n_denials)
{
    Backfill *backfill = userdata;

    if (event->time_usec < backfill->from_usec || event->time_usec > backfill->to_usec)
        return 0;
    if (!seen_events_knows(backfill->seen, event->time_usec)) {
        backfill->result.uncertain++;
        return 0;
    }
    if (!seen_events_add(backfill->seen, event->time_usec, event->serial, SEEN_READ)) {
        backfill->result.duplicates++;
        return 0;
    }
    backfill->result.denials += n_denials;
    return backfill->sink.denials(backfill->sink.userdata, event, denials, n_denials);
}

int backfill_new(Backfill **ret_backfill, const BackfillOptions *options, uint64_t now_usec)
{
    const AuditSink sink = {.denials = take_denials};
    Backfill *backfill = calloc(1, sizeof(*backfill));
    AuditSink own = sink;
    int r;

    if (!backfill)
        return -ENOMEM;
    own.userdata = backfill;
    backfill->from_usec = options->from_usec;
    backfill->to_usec = options->to_usec;
    backfill->started_usec = now_usec;
    backfill->use_journal = options->use_journal;
    backfill->sink = options->sink;
    backfill->seen = options->seen;
    r = audit_assembler_new(&backfill->assembler, &own, AUDIT_ASSEMBLER_LOG);
    if (r >= 0)
        r = audit_assembler_set_sources(backfill->assembler, options->domains);
    if (r >= 0) {
        r = audit_log_walk_new(&backfill->walk, options->log_path, options->start,
                               options->from_usec);
        if (r < 0 && r != -ENOMEM) {
            backfill->result.reason =
                r == -ENOENT ? "there is no audit log" : "the audit log cannot be read";
            backfill->phase = PHASE_JOURNAL;
            r = 0;
        }
    }
    if (r < 0) {
        backfill_free(backfill);
        return r;
    }
    *ret_backfill = backfill;
    return 0;
}

Backfill *backfill_free(Backfill *backfill)
{
    if (backfill) {
        journal_read_free(backfill->journal);
        audit_log_walk_free(backfill->walk);
        audit_assembler_free(backfill->assembler);
        free(backfill);
    }
    return NULL;
}

/* --- the log -------------------------------------------------------------- */

static bool auditd_is_running(void)
{
    _cleanup_fclose_ FILE *stream = fopen(AUDITD_PID_FILE, "re");
    char text[16], process[32];
    uint64_t pid;

    if (!stream || !fgets(text, sizeof(text), stream))
        return false;
    text[strcspn(text, "\n")] = '\0';
    if (parse_number(text, 1, INT32_MAX, &pid) < 0)
        return false;
    (void)snprintf(process, sizeof(process), "/proc/%u", (unsigned int)pid);
    return access(process, F_OK) == 0;
}

/* At the end of the log: what speaks against its having the whole span? */
static const char *judge_log(const Backfill *backfill)
{
    bool ended;
    uint64_t last = audit_log_walk_last_stamp(backfill->walk, &ended);

    if (audit_log_walk_has_hole(backfill->walk))
        return "the audit log of that time was rotated away or cut";
    if (last >= backfill->to_usec)
        return NULL;
    if (ended || !auditd_is_running())
        return "auditd did not run for the whole of that time";
    return NULL;
}

static const char *find_excess(const Backfill *backfill, uint64_t now_usec)
{
    if (backfill->result.bytes > BACKFILL_BYTES_MAX)
        return "the logs of that time are too large to read up";
    if (backfill->result.denials > BACKFILL_DENIALS_MAX)
        return "there were too many denials to read up";
    if (now_usec > backfill->started_usec + BACKFILL_TIME_USEC || now_usec < backfill->started_usec)
        return "reading up took too long";
    return NULL;
}

static int step_log(Backfill *backfill, uint64_t now_usec)
{
    int r = audit_log_walk_process(backfill->walk, backfill->assembler, BACKFILL_STEP_BYTES);

    backfill->result.bytes = audit_log_walk_bytes(backfill->walk);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        backfill->result.reason = "the audit log cannot be read";
    } else {
        backfill->result.reason = find_excess(backfill, now_usec);
        if (!backfill->result.reason) {
            if (r > 0)
                return 1;
            /* auditd may be behind. */
            if (now_usec < backfill->to_usec + BACKFILL_SETTLE_USEC)
                return 2;
            backfill->result.reason = judge_log(backfill);
        } else {
            backfill->phase = PHASE_DONE; /* the journal would be as long */
        }
    }
    r = audit_assembler_flush(backfill->assembler);
    backfill->walk = audit_log_walk_free(backfill->walk);
    if (backfill->phase == PHASE_LOG)
        backfill->phase = backfill->result.reason ? PHASE_JOURNAL : PHASE_DONE;
    return r < 0 ? r : 1;
}

/* --- the journal ---------------------------------------------------------- */

static int end_journal(Backfill *backfill)
{
    int r = audit_assembler_flush(backfill->assembler);

    if (!backfill->result.reason || journal_read_has_records(backfill->journal))
        backfill->result.reason = NULL;
    backfill->journal = journal_read_free(backfill->journal);
    backfill->phase = PHASE_DONE;
    return r < 0 ? r : 1;
}

static int step_journal(Backfill *backfill, uint64_t now_usec)
{
    if (!backfill->use_journal ||
        (!backfill->journal &&
         journal_read_new(&backfill->journal, backfill->from_usec, JOURNAL_READ_RECORDS) < 0)) {
        backfill->phase = PHASE_DONE;
        return 1;
    }
    for (unsigned int i = 0; i < BACKFILL_STEP_ENTRIES; i++) {
        JournalEntry entry;
        const char *excess;
        int r = journal_read_next(backfill->journal, &entry);

        if (r < 0) { /* the reason that the log was not enough for stays */
            backfill->journal = journal_read_free(backfill->journal);
            backfill->phase = PHASE_DONE;
            return r == -ENOMEM ? r : 1;
        }
        /* An entry is younger than its record. */
        if (r == 0 || entry.time_usec > backfill->to_usec + BACKFILL_SETTLE_USEC)
            return end_journal(backfill);
        if (!entry.is_record)
            continue;
        backfill->result.bytes += entry.record.length;
        r = audit_assembler_add(backfill->assembler, &entry.record, 0);
        if (r < 0)
            return r;
        excess = find_excess(backfill, now_usec);
        if (excess) {
            backfill->result.reason = excess;
            backfill->phase = PHASE_DONE;
            return 1;
        }
    }
    return 1;
}

int backfill_step(Backfill *backfill, uint64_t now_usec)
{
    switch (backfill->phase) {
    case PHASE_LOG:
        return step_log(backfill, now_usec);
    case PHASE_JOURNAL:
        if (now_usec < backfill->to_usec + BACKFILL_SETTLE_USEC)
            return 2;
        return step_journal(backfill, now_usec);
    case PHASE_DONE:
        break;
    }
    if (!backfill->result.reason && backfill->result.uncertain > 0)
        backfill->result.reason = "there were so many denials that it is not known which of "
                                  "those in the log were counted";
    return 0;
}

void backfill_get_result(const Backfill *backfill, BackfillResult *ret_result)
{
    *ret_result = backfill->result;
}
