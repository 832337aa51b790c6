/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audit records from the system's journal, which has them by one of two ways: journald read them
 * from the kernel itself (_TRANSPORT=audit; src/journal/journald-audit.c of systemd: _AUDIT_TYPE,
 * _AUDIT_ID, _SOURCE_REALTIME_TIMESTAMP, and MESSAGE with the type's name before the record's
 * body), or the kernel, without an auditd, wrote them to its log (_TRANSPORT=kernel).
 * In that log it also says what it lost (audit_log_lost() in kernel/audit.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/record.h"

typedef struct JournalRead JournalRead;

typedef struct JournalEntry {
    uint64_t time_usec; /* of the entry */
    bool is_record;     /* else one of the two below, or neither */
    AuditRecord record; /* points into the entry, which lives until the next one is read */
    bool is_loss;
    uint64_t audit_lost; /* records lost since boot, as the kernel counts; 0: it did not say */
} JournalEntry;

typedef enum JournalReadFlags {
    JOURNAL_READ_RECORDS = 1 << 0,
    JOURNAL_READ_LOSSES = 1 << 1, /* the kernel's log of this boot */
} JournalReadFlags;

/* Opens the system's journal at that time. 0 or a negative errno. */
int journal_read_new(JournalRead **ret_read, uint64_t from_usec, unsigned int flags);
JournalRead *journal_read_free(JournalRead *read); /* accepts and returns NULL */

/* The next entry. 1, 0 at the end, or a negative errno. */
int journal_read_next(JournalRead *read, JournalEntry *ret_entry);

/* Whether the journal has audit records of this boot at all. */
bool journal_read_has_records(JournalRead *read);

/* --- pure, for tests -------------------------------------------------------- */

/* MESSAGE of an audit entry into a record's body: what follows the type's name. */
const char *journal_message_body(const char *message, size_t length, size_t *ret_length);
/* A line of the kernel's log: whether it says that records were lost. */
bool audit_text_is_loss(const char *text, size_t length, uint64_t *ret_audit_lost);
