/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nginx has in the system's journal: its standard error output while it starts, which is all
 * there is of a start that failed early, and what it sends to syslog where journald takes that.
 * Each entry is one line; its time and process are those that journald vouches for.
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

/* Opens the system's journal, or the one in a directory; entries from now on are given. 0, -ENOENT
 * where this host keeps none, -EACCES where no file of it can be read, or another negative errno.
 */
int journal_log_new(JournalLog **ret_log, const char *directory, JournalLineHandler handler,
                    void *userdata);
JournalLog *journal_log_free(JournalLog *log); /* accepts and returns NULL */

/* A descriptor to poll for the events that journal_log_get_events() names. */
int journal_log_get_fd(const JournalLog *log);
int journal_log_get_events(const JournalLog *log);

/* Gives what is there, at most max entries. 1 if there may be more, 0, or a negative errno. */
int journal_log_process(JournalLog *log, unsigned int max);

const JournalLogCounters *journal_log_counters(const JournalLog *log);
