/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/journal-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

struct JournalLog {
    sd_journal *journal;
    uint64_t since_usec;
    char *cursor; /* of the last entry; NULL: there was none */
    bool behind;  /* that one comes first, if it is still there */
    JournalLineHandler handler;
    void *userdata;
    JournalLogCounters counters;
};

/* Of nginx, by what came from itself. Fields with an underscore are journald's own; the name is the
 * process' choice all the same, and nothing rests on it. */
static int add_matches(sd_journal *journal)
{
    static const char *const matches[] = {
        "_COMM=nginx",
        "_TRANSPORT=stdout", /* any of these three */
        "_TRANSPORT=syslog",
        "_TRANSPORT=journal",
    };
    int r = 0;

    for (size_t i = 0; i < ELEMENTS_OF(matches) && r >= 0; i++)
        r = sd_journal_add_match(journal, matches[i], 0);
    return r;
}

static int open_journal(JournalLog *log, const char *directory)
{
    int r = directory ? sd_journal_open_directory(&log->journal, directory, 0)
                      : sd_journal_open(&log->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

    if (r < 0)
        return r;
    if (!directory && sd_journal_has_persistent_files(log->journal) <= 0 &&
        sd_journal_has_runtime_files(log->journal) <= 0)
        return access("/run/log/journal", F_OK) < 0 && access("/var/log/journal", F_OK) < 0
                   ? -ENOENT
                   : -EACCES;
    r = add_matches(log->journal);
    return r < 0 ? r : sd_journal_set_data_threshold(log->journal, NGINX_LINE_LENGTH_MAX + 64);
}

/* An entry that is no more has others after it, which are where its cursor leads. */
static int seek(JournalLog *log, const JournalPosition *start)
{
    const char *cursor = start ? start->cursor : NULL;

    log->since_usec = start ? start->since_usec : clock_usec(CLOCK_REALTIME);
    if (cursor && sd_journal_seek_cursor(log->journal, cursor) >= 0) {
        log->behind = true;
        log->cursor = strdup(cursor);
        return log->cursor ? 0 : -ENOMEM;
    }
    if (cursor)
        log->since_usec = clock_usec(CLOCK_REALTIME);
    return sd_journal_seek_realtime_usec(log->journal, log->since_usec);
}

int journal_log_new(JournalLog **ret_log, const char *directory, const JournalPosition *start,
                    JournalLineHandler handler, void *userdata)
{
    JournalLog *log = calloc(1, sizeof(*log));
    int r;

    if (!log)
        return -ENOMEM;
    log->handler = handler;
    log->userdata = userdata;
    r = open_journal(log, directory);
    if (r >= 0)
        r = seek(log, start);
    if (r >= 0)
        r = sd_journal_get_fd(log->journal);
    if (r < 0) {
        journal_log_free(log);
        return r;
    }
    *ret_log = log;
    return 0;
}

JournalLog *journal_log_free(JournalLog *log)
{
    if (log) {
        sd_journal_close(log->journal);
        free(log->cursor);
        free(log);
    }
    return NULL;
}

int journal_log_get_fd(const JournalLog *log)
{
    return sd_journal_get_fd(log->journal);
}

int journal_log_get_events(const JournalLog *log)
{
    return sd_journal_get_events(log->journal);
}

/* A field's value, valid until the next is asked for. */
static int get_field(sd_journal *journal, const char *name, const char **ret_value,
                     size_t *ret_length)
{
    size_t length, prefix = strlen(name) + 1;
    const void *data;
    int r = sd_journal_get_data(journal, name, &data, &length);

    if (r < 0)
        return r;
    if (length < prefix)
        return -EBADMSG;
    *ret_value = (const char *)data + prefix;
    *ret_length = length - prefix;
    return 0;
}

static pid_t read_pid(sd_journal *journal)
{
    const char *value;
    size_t length;
    pid_t pid = 0;

    if (get_field(journal, "_PID", &value, &length) < 0 || length > 9)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return 0;
        pid = pid * 10 + (value[i] - '0');
    }
    return pid;
}

static void take_entry(JournalLog *log)
{
    NginxLineOrigin origin = {.pid = read_pid(log->journal)};
    const char *message;
    size_t length;

    if (sd_journal_get_realtime_usec(log->journal, &origin.time_usec) < 0 ||
        get_field(log->journal, "MESSAGE", &message, &length) < 0 ||
        length > NGINX_LINE_LENGTH_MAX) {
        log->counters.skipped++;
        return;
    }
    log->counters.lines++;
    log->handler(log->userdata, "journal", &origin, message, length);
}

/* Whether it was given before the log was opened. */
static bool is_known(JournalLog *log)
{
    const bool behind = log->behind;

    log->behind = false;
    return behind && sd_journal_test_cursor(log->journal, log->cursor) > 0;
}

static void note_position(JournalLog *log)
{
    char *cursor;

    if (sd_journal_get_cursor(log->journal, &cursor) < 0)
        return;
    free(log->cursor);
    log->cursor = cursor;
}

int journal_log_process(JournalLog *log, unsigned int max)
{
    int r = sd_journal_process(log->journal);
    unsigned int taken = 0;

    while (r >= 0 && taken < max) {
        r = sd_journal_next(log->journal);
        if (r <= 0)
            break;
        if (is_known(log))
            continue;
        take_entry(log);
        taken++;
    }
    if (taken > 0)
        note_position(log);
    return r < 0 ? r : r > 0;
}

JournalPosition journal_log_get_position(const JournalLog *log)
{
    return (JournalPosition){log->since_usec, log->cursor};
}

const JournalLogCounters *journal_log_counters(const JournalLog *log)
{
    return &log->counters;
}
