/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* Small, so that files that cover the same time stay close to each other. */
#define STEP (64u * 1024)

typedef struct Source {
    const char *path;
    AuditLogfile *audit; /* or: */
    int fd;
    char *buffer; /* of an error log: an unfinished line, and what was read behind it */
    size_t length;
    bool skipping; /* inside a line that is too long */
    bool done;
    uint64_t reached_usec; /* time of its newest record so far */
} Source;

static void source_clear(Source *source)
{
    audit_logfile_free(source->audit);
    if (source->fd >= 0)
        (void)close(source->fd);
    free(source->buffer);
}

static int open_error_log(Source *source)
{
    struct stat status;

    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (source->fd < 0)
        return -errno;
    if (fstat(source->fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    source->buffer = malloc(STEP + NGINX_LINE_LENGTH_MAX);
    return source->buffer ? 0 : -ENOMEM;
}

static void take_line(Source *source, Pipeline *pipeline, const char *line, size_t length,
                      ReplayResult *result)
{
    result->lines++;
    if (source->skipping || length > NGINX_LINE_LENGTH_MAX)
        result->lines_skipped++;
    else
        pipeline_take_line(pipeline, source->path, line, length);
    source->skipping = false;
}

/* Hands over the whole lines of the buffer and keeps the rest. */
static void take_lines(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    char *start = source->buffer, *end = source->buffer + source->length, *newline;

    if (!start)
        return;
    while ((newline = memchr(start, '\n', (size_t)(end - start)))) {
        take_line(source, pipeline, start, (size_t)(newline - start), result);
        start = newline + 1;
    }
    source->length = (size_t)(end - start);
    if (source->length >= NGINX_LINE_LENGTH_MAX) {
        source->skipping = true;
        source->length = 0;
    }
    memmove(source->buffer, start, source->length);
}

static int step_error_log(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    ssize_t n = read(source->fd, source->buffer + source->length, STEP);

    if (n < 0)
        return -errno;
    if (n == 0) {
        if (source->length > 0 || source->skipping)
            take_line(source, pipeline, source->buffer, source->length, result);
        source->done = true;
        return 0;
    }
    source->length += (size_t)n;
    take_lines(source, pipeline, result);
    return 0;
}

static int step_audit_log(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    const AuditLogCounters *counters;
    int r = audit_logfile_process(source->audit, pipeline_assembler(pipeline), STEP);

    if (r != 0)
        return r < 0 ? r : 0;
    r = audit_logfile_finish(source->audit, pipeline_assembler(pipeline));
    source->done = true;
    counters = audit_logfile_counters(source->audit);
    result->audit.lines += counters->lines;
    result->audit.bytes += counters->bytes;
    result->audit.records += counters->records;
    result->audit.skipped += counters->skipped;
    if (!result->audit.first_malformed_line)
        result->audit.first_malformed_line = counters->first_malformed_line;
    if (!result->audit.first_long_line)
        result->audit.first_long_line = counters->first_long_line;
    return r;
}

static int step(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    uint64_t reached;
    int r;

    if (source->audit) {
        r = step_audit_log(source, pipeline, result);
        reached = pipeline_last_denial(pipeline);
    } else {
        r = step_error_log(source, pipeline, result);
        reached = pipeline_last_failure(pipeline);
    }
    if (reached > source->reached_usec)
        source->reached_usec = reached;
    return r;
}

static Source *find_hindmost(Source *sources, size_t n)
{
    Source *hindmost = NULL;

    for (size_t i = 0; i < n; i++)
        if (!sources[i].done && (!hindmost || sources[i].reached_usec < hindmost->reached_usec))
            hindmost = &sources[i];
    return hindmost;
}

static int open_sources(Source *sources, char *const *audit_logs, char *const *error_logs,
                        Source **ret_failed)
{
    Source *source = sources;
    int r;

    for (; audit_logs && *audit_logs; audit_logs++, source++) {
        source->path = *audit_logs;
        r = audit_logfile_open(&source->audit, source->path, 0);
        if (r < 0) {
            *ret_failed = source;
            return r;
        }
    }
    for (; error_logs && *error_logs; error_logs++, source++) {
        source->path = *error_logs;
        r = open_error_log(source);
        if (r < 0) {
            *ret_failed = source;
            return r;
        }
    }
    return 0;
}

static const char *explain(int error)
{
    return error == -EINVAL ? "not a regular file" : strerror(-error);
}

int replay_files(Pipeline *pipeline, char *const *audit_logs, char *const *error_logs,
                 void (*progress)(void *userdata), void *userdata, ReplayResult *ret_result,
                 char **ret_problem)
{
    size_t n = strv_length(audit_logs) + strv_length(error_logs);
    Source *sources = calloc(n + 1, sizeof(*sources)), *source = NULL;
    ReplayResult result = {};
    uint64_t now_usec = 0;
    int r;

    if (!sources)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        sources[i].fd = -1;
    r = open_sources(sources, audit_logs, error_logs, &source);
    while (r >= 0 && (source = find_hindmost(sources, n))) {
        if (source->reached_usec > now_usec) {
            now_usec = source->reached_usec;
            (void)pipeline_advance(pipeline, now_usec);
        }
        r = step(source, pipeline, &result);
        if (r >= 0 && progress)
            progress(userdata);
    }
    if (r >= 0) {
        pipeline_flush(pipeline);
        *ret_result = result;
    } else {
        *ret_problem = format_string("%s: %s", source->path, explain(r));
    }
    for (size_t i = 0; i < n; i++)
        source_clear(&sources[i]);
    free(sources);
    return r;
}
