/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads up what the socket did not bring: the denials of a span of time, from auditd's log, or
 * where that does not have all of it, from the journal. A little at a time, so that the socket
 * is never kept waiting; bounded in bytes, denials and time. Events that were counted already
 * are passed over.
 *
 * Life cycle: backfill_new(), backfill_step() until it returns 0, backfill_get_result(),
 * backfill_free().
 */
#pragma once

#include "daemon/audit/event.h"
#include "daemon/audit/log-walk.h"
#include "daemon/audit/seen.h"

typedef struct Backfill Backfill;

typedef struct BackfillOptions {
    const char *log_path;
    bool use_journal;
    uint64_t from_usec, to_usec;   /* stamps of the events */
    const AuditLogPosition *start; /* in the log, before the first of them; NULL: not known */
    char *const *domains;          /* as audit_assembler_set_sources() */
    SeenEvents *seen;
    AuditSink sink; /* denials only */
} BackfillOptions;

typedef struct BackfillResult {
    uint64_t bytes;
    uint64_t denials;    /* handed on */
    uint64_t duplicates; /* events that had been counted */
    uint64_t uncertain;  /* events of which that is not known any more; not handed on */
    /* Why it is not complete, a sentence without a path; NULL if it is. */
    const char *reason;
} BackfillResult;

/* 0 or -ENOMEM. `now_usec` is CLOCK_REALTIME throughout. */
int backfill_new(Backfill **ret_backfill, const BackfillOptions *options, uint64_t now_usec);
Backfill *backfill_free(Backfill *backfill); /* accepts and returns NULL */

/* Goes on. Returns 1 if there is more to do now, 2 if it waits for the log to grow (call again
 * after BACKFILL_SETTLE_USEC), 0 when it is done, or -ENOMEM. */
int backfill_step(Backfill *backfill, uint64_t now_usec);
/* So far. */
void backfill_get_result(const Backfill *backfill, BackfillResult *ret_result);
