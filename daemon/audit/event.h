/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Assembly of records into events. All records of one system call bear the same stamp;
 * an event is complete at its EOE record, or when nothing more came for a while (with
 * `-a never,task`, a common default, an AVC stands alone and has no EOE).
 *
 * Only what a denial needs is kept. The kernel writes the AVC before the other records
 * of its event, so a record without an open event is dropped at the cost of a look-up.
 *
 * Life cycle: audit_assembler_new(), then records by audit_assembler_add() and
 * audit_assembler_expire() when audit_assembler_next_deadline() is reached;
 * audit_assembler_flush() at the end of the input; audit_assembler_free(). All memory
 * is taken at the start; nothing is allocated per record.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/audit/avc.h"
#include "daemon/audit/record.h"
#include "daemon/audit/statistics.h"
#include "daemon/core/denial.h"
#include "daemon/core/limits.h"

typedef struct AuditEventRecord {
    int type;
    uint32_t offset; /* of the body in the event's text */
    uint32_t length;
} AuditEventRecord;

/* AVCs have room of their own, so that no number of PATH records keeps them out. */
#define AUDIT_EVENT_KEPT_MAX (AUDIT_EVENT_RECORDS_MAX + AUDIT_EVENT_DENIALS_MAX)

typedef struct AuditEvent {
    uint64_t time_usec;
    uint64_t serial;
    size_t n_records; /* the kept ones, in the order they came */
    AuditEventRecord records[AUDIT_EVENT_KEPT_MAX];
    size_t n_avcs; /* denials of sources that matter */
    Avc avcs[AUDIT_EVENT_DENIALS_MAX];
    uint8_t avc_record[AUDIT_EVENT_DENIALS_MAX]; /* index into records */
    uint32_t text_length;
    char text[AUDIT_EVENT_TEXT_MAX];
} AuditEvent;

typedef struct AuditSink {
    void *userdata;
    /* A complete event with its denials, one for each of event->avcs in that order. All
     * of it lives only during the call. A negative return is passed on to the caller of
     * the assembler; the event is gone then as well. */
    int (*denials)(void *userdata, const AuditEvent *event, const Denial *denials,
                   size_t n_denials);
    /* A policy was loaded, enforcing changed, a boolean was set (1403, 1404, 1405).
     * May be NULL. */
    int (*policy_change)(void *userdata, const AuditRecord *record);
} AuditSink;

typedef enum AuditAssemblerFlags {
    /* Records of a log file: no EOE, PROCTITLE is the last record of a system call, the
     * timeout is AUDIT_LOG_EVENT_TIMEOUT_USEC, and the clock is the records' own stamps
     * (`now_usec` of audit_assembler_add() is ignored). */
    AUDIT_ASSEMBLER_LOG = 1 << 0,
} AuditAssemblerFlags;

typedef struct AuditAssembler AuditAssembler;

/* `sink` is copied. Returns 0, -EINVAL, -ENOMEM. */
int audit_assembler_new(AuditAssembler **ret_assembler, const AuditSink *sink, unsigned int flags);
AuditAssembler *audit_assembler_free(AuditAssembler *assembler); /* NULL; accepts NULL */

/* Keeps only denials whose source type is in the NULL-terminated list, which is copied;
 * the others are counted. NULL or an empty list: every denial matters. Returns 0,
 * -ENOMEM, or -E2BIG past AUDIT_SOURCES_MAX; on an error the old list stays. */
int audit_assembler_set_sources(AuditAssembler *assembler, char *const *types);

/* Takes records in any order within an event (as ausearch prints them). Then other
 * records open an event too; it is delivered only if an AVC is in it at the end. */
void audit_assembler_set_unordered(AuditAssembler *assembler, bool unordered);

/* `now_usec` is the caller's monotonic clock. Returns 0, or what the sink returned if
 * that was negative. A malformed record is counted, not an error. */
int audit_assembler_add(AuditAssembler *assembler, const AuditRecord *record, uint64_t now_usec);

/* When audit_assembler_expire() has something to do; UINT64_MAX while nothing is open. */
uint64_t audit_assembler_next_deadline(const AuditAssembler *assembler);
/* Delivers what is due. */
int audit_assembler_expire(AuditAssembler *assembler, uint64_t now_usec);
/* Delivers everything that is open. */
int audit_assembler_flush(AuditAssembler *assembler);

/* Whether records other than AVCs can matter now: while nothing is open they cannot. */
bool audit_assembler_is_idle(const AuditAssembler *assembler);

/* The intake's counters, shared by what feeds the assembler (socket, log reader). */
AuditStatistics *audit_assembler_statistics(AuditAssembler *assembler);

/* The raw body of the n-th denial's AVC record, for evidence; not terminated. */
static inline const char *audit_event_avc_text(const AuditEvent *event, size_t n,
                                               size_t *ret_length)
{
    const AuditEventRecord *record = &event->records[event->avc_record[n]];

    *ret_length = record->length;
    return event->text + record->offset;
}
