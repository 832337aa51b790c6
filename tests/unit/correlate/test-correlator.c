/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/correlate/correlator.h"
#include "daemon/correlate/match.h"
#include "tests/unit/test.h"

#define T0 (UINT64_C(1795379754) * USEC_PER_SEC)

static Denial connect_denial(pid_t pid, int port, uint64_t time_usec)
{
    return (Denial){
        .time_usec = time_usec,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:ntop_port_t:s0",
        .target_class = "tcp_socket",
        .permissions = "name_connect",
        .pid = pid,
        .source_port = -1,
        .dest_port = port,
        .capability = -1,
    };
}

static Denial file_denial(const char *class, const char *path, const char *name)
{
    Denial denial = connect_denial(7, -1, T0);

    denial.target_class = class;
    denial.permissions = "read";
    denial.path = path;
    denial.name = name;
    return denial;
}

static Failure connect_failure(pid_t pid, int port, uint64_t time_usec)
{
    return (Failure){
        .time_usec = time_usec,
        .time_known = true,
        .pid = pid,
        .operation = "connect",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_ADDRESS,
        .address = "127.0.0.1",
        .port = port,
    };
}

static Failure path_failure(FailureTargetKind kind, const char *path)
{
    Failure failure = connect_failure(7, -1, T0);

    failure.operation = kind == FAILURE_TARGET_SOCKET ? "connect" : "open";
    failure.target_kind = kind;
    failure.target = path;
    return failure;
}

static void test_match_ports(void **state _unused_)
{
    const struct {
        Denial denial;
        Failure failure;
        Match match;
    } rows[] = {
        {connect_denial(7, 3000, T0), connect_failure(7, 3000, T0), MATCH_CERTAIN},
        {connect_denial(7, 3000, T0), connect_failure(8, 3000, T0), MATCH_NONE},
        {connect_denial(7, 3000, T0), connect_failure(7, 3001, T0), MATCH_NONE},
        {connect_denial(7, -1, T0), connect_failure(7, 3000, T0), MATCH_LIKELY},
        /* The log cuts to seconds, and may be written late. */
        {connect_denial(7, 3000, T0 + 999999), connect_failure(7, 3000, T0), MATCH_CERTAIN},
        {connect_denial(7, 3000, T0), connect_failure(7, 3000, T0 + 2 * USEC_PER_SEC),
         MATCH_CERTAIN},
        {connect_denial(7, 3000, T0), connect_failure(7, 3000, T0 + 3 * USEC_PER_SEC), MATCH_NONE},
        {connect_denial(7, 3000, T0 + 4 * USEC_PER_SEC), connect_failure(7, 3000, T0), MATCH_NONE},
        /* A start-up message has no process id: the port must tell. */
        {connect_denial(7, 3000, T0), connect_failure(0, 3000, T0), MATCH_CERTAIN},
        {connect_denial(7, -1, T0), connect_failure(0, 3000, T0), MATCH_NONE},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        if (match_halves(&rows[i].denial, &rows[i].failure, false) != rows[i].match)
            fail_msg("row %zu", i);
    {
        Denial denial = connect_denial(7, 3000, T0);
        Failure refused = connect_failure(7, 3000, T0), bound = refused;

        refused.error = ECONNREFUSED;
        assert_int_equal(match_halves(&denial, &refused, false), MATCH_NONE);
        bound.operation = "bind";
        assert_int_equal(match_halves(&denial, &bound, false), MATCH_NONE);
        denial.permissions = "name_bind";
        denial.source_port = 3000;
        assert_int_equal(match_halves(&denial, &bound, false), MATCH_CERTAIN);
    }
}

static void test_match_paths(void **state _unused_)
{
    const struct {
        Denial denial;
        Failure failure;
        Match match;
    } rows[] = {
        {file_denial("file", NULL, "index.html"),
         path_failure(FAILURE_TARGET_PATH, "/srv/stuff//index.html"), MATCH_CERTAIN},
        {file_denial("file", "/srv/stuff/index.html", NULL),
         path_failure(FAILURE_TARGET_PATH, "/srv/stuff//index.html"), MATCH_CERTAIN},
        /* The last component must be the file's name; a directory may be on the way. */
        {file_denial("file", NULL, "stuff"), path_failure(FAILURE_TARGET_PATH, "/srv/stuff/x"),
         MATCH_NONE},
        {file_denial("dir", NULL, "stuff"), path_failure(FAILURE_TARGET_PATH, "/srv/stuff/x"),
         MATCH_CERTAIN},
        {file_denial("dir", "/srv", NULL), path_failure(FAILURE_TARGET_PATH, "/srv/stuff/x"),
         MATCH_CERTAIN},
        {file_denial("dir", "/sr", NULL), path_failure(FAILURE_TARGET_PATH, "/srv/stuff/x"),
         MATCH_NONE},
        {file_denial("dir", NULL, "tuff"), path_failure(FAILURE_TARGET_PATH, "/srv/stuff/x"),
         MATCH_NONE},
        {file_denial("dir", NULL, "myapp"),
         path_failure(FAILURE_TARGET_SOCKET, "/run/myapp/app.sock"), MATCH_CERTAIN},
        {file_denial("unix_stream_socket", "/run/myapp/app.sock", NULL),
         path_failure(FAILURE_TARGET_SOCKET, "/run/myapp/app.sock"), MATCH_CERTAIN},
        {file_denial("unix_stream_socket", "/run/other.sock", NULL),
         path_failure(FAILURE_TARGET_SOCKET, "/run/myapp/app.sock"), MATCH_NONE},
        /* nginx writes a path as it is configured, and the kernel where it leads. */
        {file_denial("file", "/srv/x/index.html", NULL),
         path_failure(FAILURE_TARGET_PATH, "/srv/app/../x/index.html"), MATCH_CERTAIN},
        {file_denial("dir", "/srv/x", NULL),
         path_failure(FAILURE_TARGET_PATH, "/srv/app/../x/index.html"), MATCH_CERTAIN},
        {file_denial("dir", "/srv/app", NULL),
         path_failure(FAILURE_TARGET_PATH, "/srv/app/../x/index.html"), MATCH_CERTAIN},
        {file_denial("file", "/srv/app/index.html", NULL),
         path_failure(FAILURE_TARGET_PATH, "/srv/app/../x/index.html"), MATCH_NONE},
        {connect_denial(7, 3000, T0), path_failure(FAILURE_TARGET_PATH, "/srv/x"), MATCH_NONE},
        {file_denial("file", NULL, "x"), connect_failure(7, 3000, T0), MATCH_NONE},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        if (match_halves(&rows[i].denial, &rows[i].failure, false) != rows[i].match)
            fail_msg("row %zu", i);
}

typedef struct Seen {
    unsigned pairs, denials, failures, late_denials, late_failures;
} Seen;

static void see(const Incident *incident, void *userdata)
{
    Seen *seen = userdata;

    seen->pairs += incident->denial && incident->failure;
    seen->denials += incident->denial && !incident->failure;
    seen->failures += !incident->denial && incident->failure;
    seen->late_denials += incident->failure_reported;
    seen->late_failures += incident->denial_reported;
    assert_int_equal(incident->match != MATCH_NONE, incident->denial && incident->failure);
}

static void push(Correlator *correlator, char what, uint64_t now)
{
    const Denial denial = connect_denial(7, 3000, T0);
    const Failure failure = connect_failure(7, 3000, T0);

    if (what == 'd')
        assert_int_equal(correlator_push_denial(correlator, &denial, now), 0);
    else
        assert_int_equal(correlator_push_failure(correlator, &failure, now), 0);
}

/* Each row is a sequence of halves and waits, and what must have been reported at its end. */
static void test_sequences(void **state _unused_)
{
    static const struct {
        const char *steps; /* d, f: a half; '.': one second; '!': flush */
        Seen seen;
    } rows[] = {
        {"df", {.pairs = 1}},
        {"fd", {.pairs = 1}},
        {"d..f", {.pairs = 1}},
        {"dddfff", {.pairs = 3}},
        {"dfdfdf", {.pairs = 3}},
        {"d", {0}},
        {"d....", {.denials = 1}},
        {"f....", {.failures = 1}},
        {"d!", {.denials = 1}},
        {"d....f", {.pairs = 1, .denials = 1, .late_failures = 1}},
        {"f....d", {.pairs = 1, .failures = 1, .late_denials = 1}},
        {"d....df", {.pairs = 1, .denials = 1}},
        {"ddf....", {.pairs = 1, .denials = 1}},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Correlator *correlator;
        uint64_t now = 1000;
        Seen seen = {};

        assert_int_equal(correlator_new(&correlator, see, &seen), 0);
        for (const char *step = rows[i].steps; *step; step++) {
            if (*step == '.')
                correlator_advance(correlator, now += USEC_PER_SEC);
            else if (*step == '!')
                correlator_flush(correlator);
            else
                push(correlator, *step, now);
        }
        if (memcmp(&seen, &rows[i].seen, sizeof(seen)) != 0)
            fail_msg("%s: %u pairs, %u denials, %u failures, %u and %u late", rows[i].steps,
                     seen.pairs, seen.denials, seen.failures, seen.late_denials,
                     seen.late_failures);
        correlator_free(correlator);
    }
}

/* The clock is set between the denial and the line: live, both come in at the same moment. */
static void test_clock_step(void **state _unused_)
{
    static const int64_t steps[] = {-3600, 3600, 86400 * 365};

    for (size_t i = 0; i < ELEMENTS_OF(steps); i++)
        for (int live = 0; live <= 1; live++)
            for (int other = 0; other <= 2; other++) {
                const Denial denial = connect_denial(7, 3000, T0);
                const Failure failure =
                    connect_failure(other == 1 ? 8 : 7, other == 2 ? 3001 : 3000,
                                    (uint64_t)((int64_t)T0 + steps[i] * (int64_t)USEC_PER_SEC));
                Correlator *correlator;
                Seen seen = {};

                assert_int_equal(correlator_new(&correlator, see, &seen), 0);
                correlator_set_live(correlator, live);
                assert_int_equal(correlator_push_denial(correlator, &denial, 1000), 0);
                assert_int_equal(correlator_push_failure(correlator, &failure, 2000), 0);
                assert_int_equal(seen.pairs, live && other == 0);
                correlator_free(correlator);
            }
}

/* nginx says what keeps it from starting twice: on standard error and in its log. Two instances
 * that fail alike are two. */
static void test_twins(void **state _unused_)
{
    static const struct {
        pid_t first, second;
        bool first_on_stderr, second_on_stderr;
        uint64_t later_usec, connection;
        unsigned pairs, twins;
    } rows[] = {
        {7, 7, true, false, 0, 0, 1, 1},
        {7, 7, false, true, 0, 0, 1, 1},
        {7, 7, false, true, 2 * USEC_PER_SEC, 0, 1, 1},
        {7, 7, false, true, 60 * USEC_PER_SEC, 0, 1, 0},
        {7, 7, false, false, 0, 0, 1, 0},
        {7, 8, false, true, 0, 0, 1, 0},
        {0, 7, true, false, 0, 0, 1, 1},
        {7, 7, true, false, 0, 5, 1, 0},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const Denial denial = connect_denial(7, 3000, T0);
        Failure first = connect_failure(rows[i].first, 3000, T0);
        Failure second = connect_failure(rows[i].second, 3000, T0 + rows[i].later_usec);
        CorrelatorStatistics statistics;
        Correlator *correlator;
        Seen seen = {};

        first.on_stderr = rows[i].first_on_stderr;
        second.on_stderr = rows[i].second_on_stderr;
        first.connection = second.connection = rows[i].connection;
        assert_int_equal(correlator_new(&correlator, see, &seen), 0);
        assert_int_equal(correlator_push_denial(correlator, &denial, T0), 0);
        assert_int_equal(correlator_push_failure(correlator, &first, T0), 0);
        assert_int_equal(correlator_push_failure(correlator, &second, T0 + rows[i].later_usec), 0);
        correlator_get_statistics(correlator, &statistics);
        if (seen.pairs != rows[i].pairs || statistics.twins != rows[i].twins)
            fail_msg("row %zu: %u pairs, %ju twins", i, seen.pairs, (uintmax_t)statistics.twins);
        correlator_free(correlator);
    }
}

/* A FastCGI process complains through nginx, which is another process. */
static void test_backend(void **state _unused_)
{
    static const struct {
        const char *comm, *path, *name, *words;
        int error;
        Match match;
    } rows[] = {
        {"php-fpm", "/srv/x", "x", "PHP Warning: file(/srv/x): Permission denied", 13,
         MATCH_CERTAIN},
        {"php-fpm", NULL, "upload", "PHP Warning: mkdir(/srv/upload): Permission denied", 13,
         MATCH_LIKELY},
        {"php-fpm", NULL, "index.php", "Primary script unknown", 0, MATCH_LIKELY},
        {"php-fpm", NULL, "other", "PHP Warning: file(/srv/x): Permission denied", 13, MATCH_NONE},
        {"nginx", "/srv/x", "x", "PHP Warning: file(/srv/x): Permission denied", 13, MATCH_NONE},
        {"php-fpm", "/srv/x", "x", "PHP Notice: /srv/x is old", 0, MATCH_NONE},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Denial denial = file_denial("file", rows[i].path, rows[i].name);
        Failure failure = path_failure(FAILURE_TARGET_NONE, rows[i].words);
        Correlator *correlator;

        denial.comm = rows[i].comm;
        failure.pid = 99;
        failure.operation = "backend-stderr";
        failure.error = rows[i].error;
        for (int line_first = 0; line_first <= 1; line_first++) {
            Seen seen = {};

            assert_int_equal(correlator_new(&correlator, see, &seen), 0);
            if (line_first)
                assert_int_equal(correlator_push_failure(correlator, &failure, T0), 0);
            assert_int_equal(correlator_push_denial(correlator, &denial, T0), 0);
            if (!line_first)
                assert_int_equal(correlator_push_failure(correlator, &failure, T0), 0);
            if (seen.pairs != (rows[i].match != MATCH_NONE))
                fail_msg("row %zu: %u pairs", i, seen.pairs);
            correlator_free(correlator);
        }
    }
}

static unsigned n_checks;

/* /srv/usb is a mount, /data/www a directory. */
static bool is_on_way(const char *path, const char *name, uint64_t inode)
{
    n_checks++;
    if (streq(name, "/"))
        return inode == 1 && strncmp(path, "/srv/usb/", strlen("/srv/usb/")) == 0;
    return inode == 1 && streq(name, "www") &&
           strncmp(path, "/data/www/", strlen("/data/www/")) == 0;
}

/* The denial is read before the line of an earlier request, which another rule refused. */
static void check_directory(const char *name, const char *path)
{
    const Failure earlier = path_failure(FAILURE_TARGET_PATH, "/var/www/html/closed.html");
    const Failure failure = path_failure(FAILURE_TARGET_PATH, path);
    Denial denial = file_denial("dir", NULL, name);

    denial.inode = 1;
    for (int line_first = 0; line_first <= 1; line_first++) {
        CorrelatorStatistics statistics;
        Correlator *correlator;
        Seen seen = {};

        assert_int_equal(correlator_new(&correlator, see, &seen), 0);
        correlator_set_directory_check(correlator, is_on_way);
        if (!line_first)
            assert_int_equal(correlator_push_denial(correlator, &denial, T0), 0);
        assert_int_equal(correlator_push_failure(correlator, &earlier, T0), 0);
        if (line_first)
            assert_int_equal(correlator_push_denial(correlator, &denial, T0), 0);
        assert_int_equal(seen.pairs, 0);
        assert_int_equal(correlator_push_failure(correlator, &failure, T0), 0);
        assert_int_equal(seen.pairs, 1);
        /* beyond a second's number of checks nothing is ruled out */
        n_checks = 0;
        for (unsigned i = 0; i < 2 * CORRELATE_DIRECTORY_CHECKS_MAX; i++)
            assert_int_equal(correlator_push_denial(correlator, &denial, T0), 0);
        assert_true(n_checks <= CORRELATE_DIRECTORY_CHECKS_MAX);
        correlator_get_statistics(correlator, &statistics);
        assert_true(statistics.unchecked > 0);
        assert_int_equal(seen.pairs, 2);
        correlator_free(correlator);
    }
}

static void test_directory_on_the_way(void **state _unused_)
{
    check_directory("/", "/srv/usb/page.html");
    /* a name that both paths have */
    check_directory("www", "/data/www/page.html");
}

static void test_deadline(void **state _unused_)
{
    Correlator *correlator;
    Seen seen = {};

    assert_int_equal(correlator_new(&correlator, see, &seen), 0);
    assert_true(correlator_deadline(correlator) == UINT64_MAX);
    push(correlator, 'd', 5000);
    assert_true(correlator_deadline(correlator) == 5000 + CORRELATE_WAIT_USEC);
    correlator_advance(correlator, 5000 + CORRELATE_WAIT_USEC);
    assert_int_equal(seen.denials, 1);
    assert_true(correlator_deadline(correlator) == UINT64_MAX);
    correlator_free(correlator);
}

static void test_bounded(void **state _unused_)
{
    const unsigned n = 3 * CORRELATE_PENDING_MAX;
    CorrelatorStatistics statistics;
    Correlator *correlator;
    Seen seen = {};

    assert_int_equal(correlator_new(&correlator, see, &seen), 0);
    for (unsigned i = 0; i < n; i++) {
        /* Different processes, so that nothing matches and buckets fill evenly. */
        const Denial denial = connect_denial((pid_t)i + 1, 3000, T0);

        assert_int_equal(correlator_push_denial(correlator, &denial, 1000), 0);
    }
    correlator_get_statistics(correlator, &statistics);
    assert_int_equal(statistics.pending, CORRELATE_PENDING_MAX);
    assert_int_equal(statistics.evicted, n - CORRELATE_PENDING_MAX);
    /* Of those that were reported the oldest are forgotten: 2 * MAX were, MAX are kept. */
    assert_int_equal(statistics.forgotten, n - 2 * CORRELATE_PENDING_MAX);
    correlator_flush(correlator);
    assert_int_equal(seen.denials, n);
    correlator_get_statistics(correlator, &statistics);
    assert_int_equal(statistics.forgotten, n - CORRELATE_PENDING_MAX);
    correlator_free(correlator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match_ports),
        cmocka_unit_test(test_match_paths),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_clock_step),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_backend),
        cmocka_unit_test(test_directory_on_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
