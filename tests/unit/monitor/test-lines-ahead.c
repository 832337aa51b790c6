/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log that another process parses comes to the same as one that is parsed here, whatever is in
 * it; and that process may be killed, or left behind in the middle. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/lines-ahead.h"
#include "daemon/monitor/replay.h"
#include "tests/unit/test.h"

static char directory[] = "/tmp/test-lines-ahead.XXXXXX";
static char log_path[64];

static int setup(void **state)
{
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(log_path, sizeof(log_path), "%s/error.log", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)unlink(log_path);
    return rmdir(directory);
}

static FILE *start_log(void)
{
    FILE *stream = fopen(log_path, "we");

    assert_non_null(stream);
    return stream;
}

static void put_failure(FILE *stream, unsigned n)
{
    (void)fprintf(stream,
                  "2026/11/23 03:%02u:%02u [crit] %u#%u: *%u connect() to 127.0.0.1:%u failed (13: "
                  "Permission denied) while connecting to upstream, client: 127.0.0.1, server: "
                  "shop.example, request: \"GET /orders/%u HTTP/1.1\", upstream: "
                  "\"http://127.0.0.1:%u/orders/%u\", host: \"shop.example\"\n",
                  n / 60000 % 60, n / 1000 % 60, n % 7 + 1, n % 7 + 1, n, 3000 + n % 40, n,
                  3000 + n % 40, n);
}

/* The next line, of one kind or another; the kinds come in runs, too. */
static void put_line(FILE *stream, unsigned n)
{
    switch (n / 50 % 7 == 0 ? n % 9 : n / 3000 % 9) {
    case 0:
        (void)fprintf(stream, "2026/11/23 03:49:%02u [crit] 1#1: a() failed (13: P)\n", n % 60);
        break;
    case 1:
        (void)fprintf(stream, "2026/11/23 03:49:00 [notice] 1#1: signal %u\n", n);
        break;
    case 2:
        (void)fprintf(stream, "no line of nginx%c%u\n", 0, n);
        break;
    case 3:
        (void)fprintf(stream, "%*u\n", n % 400 == 0 ? 3 * 65536 : 8192 + (int)(n % 3), n);
        break;
    case 4: /* a client's line end, and what it would like to be taken for a line */
        (void)fprintf(stream,
                      "2026/11/23 03:49:00 [error] 1#1: *%u open() \"/srv/x\n"
                      "2026/11/23 03:49:00 [crit] 1#1: *1 connect() to 127.0.0.1:%u failed (13: "
                      "Permission denied) while connecting to upstream\n",
                      n, n % 65536);
        break;
    case 5: /* the longest that is taken */
        (void)fprintf(stream,
                      "2026/11/23 03:49:00 [error] 1#1: *7 open() \"/srv/%0*u\" failed (13: "
                      "Permission denied), client: 127.0.0.1, server: shop.example\n",
                      n % 100 == 0 ? 8000 : 5, n);
        break;
    default:
        put_failure(stream, n);
    }
}

typedef struct Run {
    Store *store;
    Pipeline *pipeline;
    uint64_t lines, lines_skipped;
} Run;

static void run_begin(Run *run)
{
    static char domain[] = "httpd_t";
    char *const domains[] = {domain, NULL};
    const PipelineOptions options = {
        .mode = PIPELINE_RECORDED,
        .domains = domains,
        .fixed_zone = true,
    };

    *run = (Run){};
    assert_int_equal(store_new(&run->store, NULL), 0);
    assert_int_equal(pipeline_new(&run->pipeline, run->store, &options), 0);
}

static void run_end(Run *run)
{
    pipeline_free(run->pipeline);
    store_free(run->store);
}

static void take_line(const char *line, size_t length, bool too_long, void *userdata)
{
    Run *run = userdata;

    run->lines++;
    if (too_long)
        run->lines_skipped++;
    else
        pipeline_take_line(run->pipeline, log_path, line, length);
}

static void assert_same(const Run *a, const Run *b)
{
    CorrelatorStatistics correlated[2];
    const Diagnosis *one;
    size_t n = 0;

    assert_int_equal(a->lines, b->lines);
    assert_int_equal(a->lines_skipped, b->lines_skipped);
    assert_memory_equal(pipeline_statistics(a->pipeline), pipeline_statistics(b->pipeline),
                        sizeof(PipelineStatistics));
    pipeline_correlator_statistics(a->pipeline, &correlated[0]);
    pipeline_correlator_statistics(b->pipeline, &correlated[1]);
    assert_memory_equal(&correlated[0], &correlated[1], sizeof(correlated[0]));
    for (; (one = store_get(a->store, n)); n++) {
        _cleanup_json_ json_object *here = NULL, *there = NULL;
        const Diagnosis *other = store_get(b->store, n);

        assert_non_null(other);
        assert_int_equal(diagnosis_to_json(one, &here), 0);
        assert_int_equal(diagnosis_to_json(other, &there), 0);
        assert_string_equal(json_object_to_json_string(here), json_object_to_json_string(there));
    }
    assert_null(store_get(b->store, n));
    assert_true(n > 0);
}

/* Reads the log here and there, and compares. */
static void compare(void)
{
    LineReader here, there;
    LinesAhead *ahead;
    Run alone, split;
    int r;

    run_begin(&alone);
    run_begin(&split);
    assert_int_equal(line_reader_open(&here, log_path), 0);
    while ((r = line_reader_step(&here, take_line, &alone)) > 0)
        ;
    assert_int_equal(r, 0);
    pipeline_flush(alone.pipeline);

    assert_int_equal(line_reader_open(&there, log_path), 0);
    assert_int_equal(lines_ahead_start(&there, split.pipeline, log_path, &ahead), 0);
    while ((r = lines_ahead_step(ahead, split.pipeline, &split.lines, &split.lines_skipped)) > 0)
        ;
    assert_int_equal(r, 0);
    lines_ahead_free(ahead);
    pipeline_flush(split.pipeline);

    assert_same(&alone, &split);
    line_reader_clear(&here);
    line_reader_clear(&there);
    run_end(&alone);
    run_end(&split);
}

static void test_same(void **state)
{
    FILE *stream = start_log();

    for (unsigned n = 0; n < 60000; n++)
        put_line(stream, n);
    (void)fprintf(stream, "2026/11/23 03:50:00 [crit] 1#1: b() failed (13: the end");
    assert_int_equal(fclose(stream), 0);
    compare();
}

/* More failures in a step than a batch takes. */
static void test_full_batches(void **state)
{
    FILE *stream = start_log();

    for (unsigned n = 0; n < 20000; n++)
        (void)fprintf(stream, "2026/11/23 03:49:00 [crit] 1#1: a() failed (13: P)\n");
    assert_int_equal(fclose(stream), 0);
    compare();
}

static void test_short(void **state)
{
    FILE *stream = start_log();

    put_failure(stream, 1);
    assert_int_equal(fclose(stream), 0);
    compare();
}

static pid_t find_child(void)
{
    char path[64];
    FILE *stream;
    int pid = 0;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
    stream = fopen(path, "re");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%d", &pid), 1);
    (void)fclose(stream);
    return pid;
}

static void write_long(void)
{
    FILE *stream = start_log();

    for (unsigned n = 0; n < 20000; n++)
        put_failure(stream, n);
    assert_int_equal(fclose(stream), 0);
}

/* A long log, of which the first step is taken. */
static LinesAhead *begin_split(LineReader *reader, Run *run)
{
    LinesAhead *ahead;

    write_long();
    run_begin(run);
    assert_int_equal(line_reader_open(reader, log_path), 0);
    assert_int_equal(lines_ahead_start(reader, run->pipeline, log_path, &ahead), 0);
    assert_int_equal(lines_ahead_step(ahead, run->pipeline, &run->lines, &run->lines_skipped), 1);
    return ahead;
}

/* What was sent counts; then it is an error, not an end. */
static void test_killed(void **state)
{
    LineReader reader;
    LinesAhead *ahead;
    Run run;
    int r;

    ahead = begin_split(&reader, &run);
    assert_int_equal(kill(find_child(), SIGKILL), 0);
    while ((r = lines_ahead_step(ahead, run.pipeline, &run.lines, &run.lines_skipped)) > 0)
        ;
    assert_int_equal(r, -EPIPE);
    assert_in_range(run.lines, 1, 19999);
    assert_int_equal(pipeline_statistics(run.pipeline)->failures, run.lines);
    lines_ahead_free(ahead);
    line_reader_clear(&reader);
    run_end(&run);
}

static void test_left_behind(void **state)
{
    LineReader reader;
    LinesAhead *ahead;
    Run run;

    ahead = begin_split(&reader, &run);
    assert_null(lines_ahead_free(ahead));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    line_reader_clear(&reader);
    run_end(&run);
}

/* Of several logs the longest is read so; all are read whole. */
static void test_replay(void **state)
{
    char small[80];
    char *const logs[] = {small, log_path, small, NULL};
    ReplayResult result;
    char *problem = NULL;
    FILE *stream;
    Run run;

    (void)snprintf(small, sizeof(small), "%s/small.log", directory);
    stream = fopen(small, "we");
    assert_non_null(stream);
    put_failure(stream, 5);
    assert_int_equal(fclose(stream), 0);
    write_long();
    run_begin(&run);
    assert_int_equal(replay_files(run.pipeline, NULL, logs, NULL, NULL, &result, &problem), 0);
    assert_null(problem);
    assert_int_equal(result.lines, 20002);
    assert_int_equal(pipeline_statistics(run.pipeline)->failures, 20002);
    run_end(&run);
    assert_int_equal(unlink(small), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),        cmocka_unit_test(test_full_batches),
        cmocka_unit_test(test_short),       cmocka_unit_test(test_killed),
        cmocka_unit_test(test_left_behind), cmocka_unit_test(test_replay),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
