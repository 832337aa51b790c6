/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/replay.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/line-reader.h"
#include "daemon/monitor/lines-ahead.h"

typedef struct Source {
    const char *path;
    AuditLogfile *audit; /* or: */
    LineReader lines;
    LinesAhead *ahead; /* which reads them then; or NULL */
    bool done;
    uint64_t reached_usec; /* time of its newest record so far */
} Source;

static void source_clear(Source *source)
{
    audit_logfile_free(source->audit);
    lines_ahead_free(source->ahead);
    line_reader_clear(&source->lines);
}

typedef struct Lines {
    const char *path;
    Pipeline *pipeline;
    ReplayResult *result;
} Lines;

static void take_line(const char *line, size_t length, bool too_long, void *userdata)
{
    const Lines *lines = userdata;

    lines->result->lines++;
    if (too_long)
        lines->result->lines_skipped++;
    else
        pipeline_take_line(lines->pipeline, lines->path, line, length);
}

static int step_error_log(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    Lines lines = {source->path, pipeline, result};
    int r = source->ahead
                ? lines_ahead_step(source->ahead, pipeline, &result->lines, &result->lines_skipped)
                : line_reader_step(&source->lines, take_line, &lines);

    source->done = r == 0;
    return r;
}

static int step_audit_log(Source *source, Pipeline *pipeline, ReplayResult *result)
{
    const AuditLogCounters *counters;
    int r = audit_logfile_process(source->audit, pipeline_assembler(pipeline), LINE_READER_STEP);

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
        r = line_reader_open(&source->lines, source->path);
        if (r < 0) {
            *ret_failed = source;
            return r;
        }
    }
    return 0;
}

/* The longest log of nginx is parsed by a process of its own, if that is worth it. Where there can
 * be none, it is parsed here as the others are. */
static void start_ahead(Source *sources, size_t n, Pipeline *pipeline)
{
    Source *longest = NULL;

    for (size_t i = 0; i < n; i++)
        if (sources[i].lines.size >= (longest ? longest->lines.size + 1 : LINES_AHEAD_SIZE_MIN))
            longest = &sources[i];
    if (longest)
        (void)lines_ahead_start(&longest->lines, pipeline, longest->path, &longest->ahead);
}

static const char *explain(int error)
{
    switch (error) {
    case -EINVAL:
        return "not a regular file";
    case -EPIPE:
        return "the process that read it ended unexpectedly";
    default:
        return strerror(-error);
    }
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
        sources[i].lines.fd = -1;
    r = open_sources(sources, audit_logs, error_logs, &source);
    if (r >= 0)
        start_ahead(sources, n, pipeline);
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
    return r < 0 ? r : 0;
}
