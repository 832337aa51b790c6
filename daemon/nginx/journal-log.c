/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/journal-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/limits.h"

struct JournalLog {
    sd_journal *journal;
    JournalLineHandler handler;
    void *userdata;
    JournalLogCounters counters;
};

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
    /* Fields with an underscore are journald's own; the name is the process' choice all the same,
     * and nothing rests on it. */
    r = sd_journal_add_match(log->journal, "_COMM=nginx", 0);
    return r < 0 ? r : sd_journal_set_data_threshold(log->journal, NGINX_LINE_LENGTH_MAX + 64);
}

int journal_log_new(JournalLog **ret_log, const char *directory, JournalLineHandler handler,
                    void *userdata)
{
    JournalLog *log = calloc(1, sizeof(*log));
    struct timespec now = {};
    int r;

    if (!log)
        return -ENOMEM;
    log->handler = handler;
    log->userdata = userdata;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    r = open_journal(log, directory);
    if (r >= 0)
        r = sd_journal_seek_realtime_usec(log->journal, (uint64_t)now.tv_sec * USEC_PER_SEC +
                                                            (uint64_t)now.tv_nsec / 1000);
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

int journal_log_process(JournalLog *log, unsigned int max)
{
    int r = sd_journal_process(log->journal);

    for (unsigned int i = 0; r >= 0 && i < max; i++) {
        r = sd_journal_next(log->journal);
        if (r <= 0)
            return r;
        take_entry(log);
    }
    return r < 0 ? r : 1;
}

const JournalLogCounters *journal_log_counters(const JournalLog *log)
{
    return &log->counters;
}
