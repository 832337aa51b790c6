/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nginx has in the system's journal: its standard error output while it starts, which is all
 * there is of a start that failed early, and what it sends to syslog where journald takes that.
 * Each entry is one line; its time and process are those that journald vouches for. Audit records,
 * which journald keeps as well and which name nginx as the process they are about, are none of
 * them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/error-line.h"

typedef struct JournalLog JournalLog;

typedef void (*JournalLineHandler)(void *userdata, const char *source,
                                   const NginxLineOrigin *origin, const char *line, size_t length);

typedef struct JournalLogCounters {
    uint64_t lines;
    uint64_t skipped; /* too long, or without a text */
} JournalLogCounters;

/* Where reading goes on: behind the entry of that cursor (sd_journal_get_cursor(3)), or, as long
 * as there was none, with what was stamped from then on (CLOCK_REALTIME, microseconds). */
typedef struct JournalPosition {
    uint64_t since_usec;
    const char *cursor; /* NULL: none yet */
} JournalPosition;

/* Opens the system's journal, or the one in a directory; entries from `start` on are given, or
 * (NULL, or a cursor that is none) from now on. 0, -ENOENT where this host keeps none, -EACCES
 * where no file of it can be read, or another negative errno. */
int journal_log_new(JournalLog **ret_log, const char *directory, const JournalPosition *start,
                    JournalLineHandler handler, void *userdata);
JournalLog *journal_log_free(JournalLog *log); /* accepts and returns NULL */

/* A descriptor to poll for the events that journal_log_get_events() names. */
int journal_log_get_fd(const JournalLog *log);
int journal_log_get_events(const JournalLog *log);

/* Gives what is there, at most max entries. 1 if there may be more, 0, or a negative errno. */
int journal_log_process(JournalLog *log, unsigned int max);

/* What was given last; the cursor is valid until more is. */
JournalPosition journal_log_get_position(const JournalLog *log);

const JournalLogCounters *journal_log_counters(const JournalLog *log);
