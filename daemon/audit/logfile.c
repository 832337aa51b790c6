/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/macro.h"

_Static_assert(AUDIT_LOG_BUFFER > 2 * AUDIT_LOG_LINE_LENGTH_MAX, "a line must fit");

/* What lines are taken from, whether file or memory. */
typedef struct LineContext {
    AuditAssembler *assembler;
    AuditLogCounters *counters;
    unsigned int flags;
} LineContext;

struct AuditLogfile {
    int fd;
    unsigned int flags;
    char *path;
    AuditLogCounters counters;
    bool in_long_line; /* its beginning was thrown away; its end has not come yet */
    size_t start;      /* the unread part of the buffer */
    size_t end;
    char buffer[AUDIT_LOG_BUFFER];
};

static bool is_separator(const char *line, size_t length)
{
    return length == 4 && memcmp(line, "----", 4) == 0;
}

static void note_line(uint64_t *first, const AuditLogCounters *counters)
{
    if (*first == 0)
        *first = counters->lines;
}

/* The kernel says on its console, not in a record, that it lost some: "audit: audit_lost=7
 * audit_rate_limit=0 audit_backlog_limit=64" (audit_log_lost()); a count since boot. */
static void take_loss(const LineContext *context, const char *line, size_t length)
{
    static const char key[] = "audit: audit_lost=";
    AuditStatistics *statistics = audit_assembler_statistics(context->assembler);
    const char *at = memmem(line, length, key, sizeof(key) - 1);
    size_t digits = 0;
    uint64_t lost;

    if (!at)
        return;
    at += sizeof(key) - 1;
    while (at + digits < line + length && at[digits] >= '0' && at[digits] <= '9')
        digits++;
    if (audit_value_number(at, digits, &lost) < 0)
        return;
    statistics->loss_episodes++;
    if (lost > context->counters->audit_lost) {
        statistics->lost_records += lost - context->counters->audit_lost;
        context->counters->audit_lost = lost;
    }
}

/* Records that the assembler would not look at. */
static bool is_useless(const AuditAssembler *assembler, int type)
{
    switch (type) {
    case AUDIT_RECORD_AVC:
    case AUDIT_RECORD_POLICY_LOAD:
    case AUDIT_RECORD_STATUS:
    case AUDIT_RECORD_CONFIG_CHANGE:
        return false;
    case AUDIT_RECORD_SYSCALL:
    case AUDIT_RECORD_PATH:
    case AUDIT_RECORD_SOCKADDR:
    case AUDIT_RECORD_CWD:
    case AUDIT_RECORD_PROCTITLE:
    case AUDIT_RECORD_EOE:
        return audit_assembler_is_idle(assembler);
    default:
        return true;
    }
}

static int take_long_line(const LineContext *context)
{
    context->counters->skipped++;
    audit_assembler_statistics(context->assembler)->truncated++;
    note_line(&context->counters->first_long_line, context->counters);
    return 0;
}

/* One line without its newline; counters->lines is its number already. */
static int take_line(const LineContext *context, const char *line, size_t length)
{
    AuditLogCounters *counters = context->counters;
    AuditStatistics *statistics = audit_assembler_statistics(context->assembler);
    AuditRecord record;
    int type, r;

    if (length > AUDIT_LOG_LINE_LENGTH_MAX)
        return take_long_line(context);

    type = audit_line_peek_type(line, length);
    if (type >= 0 && is_useless(context->assembler, type)) {
        counters->records++;
        statistics->records++;
        return 0;
    }
    if (type < 0) {
        if (is_separator(line, length)) {
            counters->skipped++;
            audit_assembler_set_unordered(context->assembler, true);
            return audit_assembler_flush(context->assembler);
        }
        if (!(context->flags & AUDIT_LOGFILE_TEXT)) {
            counters->skipped++;
            /* ausearch dates each event in a line of its own. */
            if (length > 0 && !(length >= 6 && memcmp(line, "time->", 6) == 0)) {
                statistics->malformed++;
                note_line(&counters->first_malformed_line, counters);
            }
            return 0;
        }
    }
    r = context->flags & AUDIT_LOGFILE_TEXT ? audit_record_parse_text(line, length, &record)
                                            : audit_record_parse_line(line, length, &record);
    if (r == -ENODATA) {
        counters->skipped++;
        take_loss(context, line, length);
        return 0;
    }
    if (r < 0) {
        counters->skipped++;
        statistics->malformed++;
        note_line(&counters->first_malformed_line, counters);
        return 0;
    }
    counters->records++;
    if (record.type == AUDIT_RECORD_AVC) {
        uint64_t malformed = statistics->malformed;

        r = audit_assembler_add(context->assembler, &record, /* now_usec= */ 0);
        if (statistics->malformed != malformed)
            note_line(&counters->first_malformed_line, counters);
        return r;
    }
    return audit_assembler_add(context->assembler, &record, /* now_usec= */ 0);
}

int audit_logfile_take(AuditLogfile **ret_logfile, int fd, const char *path, unsigned int flags)
{
    AuditLogfile *logfile;
    struct stat status;

    if ((flags & ~(unsigned int)AUDIT_LOGFILE_TEXT) != 0)
        return -EINVAL;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    logfile = malloc(sizeof(*logfile));
    if (!logfile)
        return -ENOMEM;
    memset(logfile, 0, offsetof(AuditLogfile, buffer));
    logfile->path = strdup(path);
    if (!logfile->path) {
        free(logfile);
        return -ENOMEM;
    }
    logfile->fd = fd;
    logfile->flags = flags;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *ret_logfile = logfile;
    return 0;
}

int audit_logfile_open(AuditLogfile **ret_logfile, const char *path, unsigned int flags)
{
    _cleanup_close_ int fd = -1;
    int r;

    /* O_NONBLOCK: a FIFO must not hold us until it is known to be one. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    r = audit_logfile_take(ret_logfile, fd, path, flags);
    if (r < 0)
        return r;
    (void)take_fd(&fd);
    return 0;
}

AuditLogfile *audit_logfile_free(AuditLogfile *logfile)
{
    if (logfile) {
        (void)close(logfile->fd);
        free(logfile->path);
        free(logfile);
    }
    return NULL;
}

const char *audit_logfile_place(const AuditLogfile *logfile, uint64_t *ret_line)
{
    *ret_line = logfile->counters.lines;
    return logfile->path;
}

const AuditLogCounters *audit_logfile_counters(const AuditLogfile *logfile)
{
    return &logfile->counters;
}

/* Takes the complete lines between start and end; returns after the first error of the
 * sink, with everything up to that line done. */
static int take_lines(AuditLogfile *logfile, AuditAssembler *assembler)
{
    const LineContext context = {assembler, &logfile->counters, logfile->flags};

    while (logfile->start < logfile->end) {
        const char *line = logfile->buffer + logfile->start;
        const char *newline = memchr(line, '\n', logfile->end - logfile->start);
        size_t length;
        int r;

        if (!newline)
            break;
        length = (size_t)(newline - line);
        logfile->start += length + 1;
        logfile->counters.lines++;
        if (logfile->in_long_line) {
            logfile->in_long_line = false;
            r = take_long_line(&context);
        } else
            r = take_line(&context, line, length);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Brings the unfinished line to the front; of one that can only be too long, nothing is
 * kept. */
static void make_room(AuditLogfile *logfile)
{
    size_t length = logfile->end - logfile->start;

    if (logfile->in_long_line || length > AUDIT_LOG_LINE_LENGTH_MAX) {
        logfile->in_long_line = true;
        length = 0;
    }
    if (length > 0)
        memmove(logfile->buffer, logfile->buffer + logfile->start, length);
    logfile->start = 0;
    logfile->end = length;
}

int audit_logfile_process(AuditLogfile *logfile, AuditAssembler *assembler, uint64_t max_bytes)
{
    uint64_t done = 0;
    int r;

    if (logfile->flags & AUDIT_LOGFILE_TEXT)
        audit_assembler_set_unordered(assembler, true);
    /* Left over if the sink failed the last time. */
    r = take_lines(logfile, assembler);
    if (r < 0)
        return r;
    do {
        ssize_t n;

        make_room(logfile);
        n = read(logfile->fd, logfile->buffer + logfile->end,
                 sizeof(logfile->buffer) - logfile->end);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (n == 0)
            return 0;
        logfile->end += (size_t)n;
        logfile->counters.bytes += (uint64_t)n;
        done += (uint64_t)n;
        r = take_lines(logfile, assembler);
        if (r < 0)
            return r;
    } while (done < max_bytes);
    return 1;
}

int audit_logfile_finish(AuditLogfile *logfile, AuditAssembler *assembler)
{
    const LineContext context = {assembler, &logfile->counters, logfile->flags};
    const char *line = logfile->buffer + logfile->start;
    size_t length = logfile->end - logfile->start;
    int r = 0, flushed;

    if (length > 0 || logfile->in_long_line) {
        logfile->counters.lines++;
        r = logfile->in_long_line ? take_long_line(&context) : take_line(&context, line, length);
        logfile->start = logfile->end = 0;
        logfile->in_long_line = false;
    }
    flushed = audit_assembler_flush(assembler);
    return r < 0 ? r : flushed;
}

int audit_text_process(const char *text, size_t length, unsigned int flags,
                       AuditAssembler *assembler, AuditLogCounters *ret_counters)
{
    AuditLogCounters counters = {.bytes = length};
    const LineContext context = {assembler, &counters, flags};
    const char *at = text, *end = text + length;
    int r = 0, flushed;

    if ((flags & ~(unsigned int)AUDIT_LOGFILE_TEXT) != 0)
        return -EINVAL;
    if (flags & AUDIT_LOGFILE_TEXT)
        audit_assembler_set_unordered(assembler, true);
    while (at < end && r >= 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;

        counters.lines++;
        r = take_line(&context, at, (size_t)(line_end - at));
        at = newline ? newline + 1 : end;
    }
    flushed = audit_assembler_flush(assembler);
    if (ret_counters)
        *ret_counters = counters;
    return r < 0 ? r : flushed;
}
