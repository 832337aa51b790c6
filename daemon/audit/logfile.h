/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * audit.log files and pasted audit text, line by line into an assembler (which should
 * have AUDIT_ASSEMBLER_LOG). Lines that cannot matter are passed over at the cost of
 * finding their end; memory is one fixed buffer.
 *
 * Output of ausearch is understood as well: its separator "----" ends all events and
 * says that the records of one come in any order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/audit/event.h"

typedef struct AuditLogCounters {
    uint64_t lines;
    uint64_t bytes;
    uint64_t records; /* lines that are audit records */
    uint64_t skipped; /* lines that are none: empty, broken or too long */
    /* Line numbers, from 1; 0: none. */
    uint64_t first_malformed_line;
    uint64_t first_long_line;
    /* What the kernel says on its console (AUDIT_LOGFILE_TEXT): records lost since boot. */
    uint64_t audit_lost;
} AuditLogCounters;

typedef struct AuditLogfile AuditLogfile;

typedef enum AuditLogfileFlags {
    /* Lines as the kernel log or a person gives them, see audit_record_parse_text(), the
     * records of an event in any order. */
    AUDIT_LOGFILE_TEXT = 1 << 0,
} AuditLogfileFlags;

/* Regular files only. Returns 0; -errno of open(); -EISDIR, or -EINVAL for a FIFO,
 * device or socket (opening never blocks); -ENOMEM. */
int audit_logfile_open(AuditLogfile **ret_logfile, const char *path, unsigned int flags);
/* The same of an open descriptor, which is taken over on success; `path` is for
 * messages. Reads from the descriptor's current offset. */
int audit_logfile_take(AuditLogfile **ret_logfile, int fd, const char *path, unsigned int flags);
AuditLogfile *audit_logfile_free(AuditLogfile *logfile); /* closes; NULL; accepts NULL */

/* Reads at most about `max_bytes` (at least one buffer's worth) into the assembler.
 * Returns 1 when there is more to read, 0 at the end of the file. A last line without a
 * newline is kept until the newline comes, or until audit_logfile_finish(). Returns a
 * negative errno of read(), or of the sink; audit_logfile_place() tells where. */
int audit_logfile_process(AuditLogfile *logfile, AuditAssembler *assembler, uint64_t max_bytes);

/* The end of the input: takes a last line without a newline and flushes the assembler. */
int audit_logfile_finish(AuditLogfile *logfile, AuditAssembler *assembler);

/* The path, and in *ret_line the number of the line at hand: during a callback, the line
 * that completed the event. */
const char *audit_logfile_place(const AuditLogfile *logfile, uint64_t *ret_line);
const AuditLogCounters *audit_logfile_counters(const AuditLogfile *logfile);

/* A whole text in memory (AUDIT_LOGFILE_TEXT is usual), flushed at its end. `ret_counters`
 * may be NULL. Returns 0 or what the sink returned. */
int audit_text_process(const char *text, size_t length, unsigned int flags,
                       AuditAssembler *assembler, AuditLogCounters *ret_counters);
