/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading up a span from auditd's log: rotated, cut, replaced, growing; each event once. */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "daemon/audit/backfill.h"
#include "daemon/audit/journal-read.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

#define SECOND UINT64_C(1795379754) /* the time of event n is SECOND + n */

static char directory[] = "/tmp/test-backfill.XXXXXX";
static SeenEvents *seen;
static uint64_t found[4096];
static size_t n_found;

static const char *name_of(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static uint64_t time_of(uint64_t n)
{
    return (SECOND + n) * USEC_PER_SEC;
}

static int setup(void **state)
{
    (void)snprintf(directory, sizeof(directory), "/tmp/test-backfill.XXXXXX");
    n_found = 0;
    return mkdtemp(directory) && seen_events_new(&seen) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = {"audit.log", "audit.log.1", "audit.log.2", "audit.log.3"};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        (void)remove(name_of(names[i]));
    seen = seen_events_free(seen);
    return rmdir(directory);
}

/* Appends the events first … last, a denial each with another record behind it. */
static void write_events(const char *name, uint64_t first, uint64_t last)
{
    FILE *stream = fopen(name_of(name), "ae");

    assert_non_null(stream);
    for (uint64_t n = first; n <= last; n++)
        (void)fprintf(stream,
                      "type=AVC msg=audit(%" PRIu64 ".000:%" PRIu64 "): avc:  denied  { read } for "
                      "pid=352 comm=\"nginx\" scontext=u:r:%s:s0 tcontext=u:object_r:etc_t:s0 "
                      "tclass=file permissive=0\n"
                      "type=SERVICE_START msg=audit(%" PRIu64 ".500:%" PRIu64 "): pid=1\n",
                      SECOND + n, 2 * n, n % 10 == 9 ? "sshd_t" : "httpd_t", SECOND + n, 2 * n + 1);
    assert_int_equal(fclose(stream), 0);
}

static void write_text(const char *name, const char *text)
{
    FILE *stream = fopen(name_of(name), "ae");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static int take(void *userdata, const AuditEvent *event, const Denial *denials, size_t n_denials)
{
    assert_int_equal(n_denials, 1);
    assert_true(n_found < ELEMENTS_OF(found));
    found[n_found++] = event->serial / 2;
    return 0;
}

static Backfill *start(uint64_t from, uint64_t to, const AuditLogPosition *position)
{
    static char domain[] = "httpd_t", *domains[] = {domain, NULL};
    char path[128];
    const BackfillOptions options = {
        .log_path = path,
        .from_usec = time_of(from),
        .to_usec = time_of(to),
        .start = position,
        .domains = domains,
        .seen = seen,
        .sink = {.denials = take},
    };
    Backfill *backfill;

    (void)snprintf(path, sizeof(path), "%s", name_of("audit.log"));
    assert_int_equal(backfill_new(&backfill, &options, time_of(to)), 0);
    return backfill;
}

static BackfillResult finish(Backfill *backfill, uint64_t now_usec)
{
    BackfillResult result;
    unsigned int turns = 0;
    int r;

    while ((r = backfill_step(backfill, now_usec)) > 0) {
        if (r == 2)
            now_usec += BACKFILL_SETTLE_USEC;
        assert_true(turns++ < 10000);
    }
    assert_int_equal(r, 0);
    backfill_get_result(backfill, &result);
    backfill_free(backfill);
    return result;
}

static BackfillResult run(uint64_t from, uint64_t to, const AuditLogPosition *position)
{
    return finish(start(from, to, position), time_of(to));
}

static void check_found(uint64_t first, uint64_t last)
{
    size_t i = 0;

    for (uint64_t n = first; n <= last; n++) {
        if (n % 10 == 9)
            continue;
        assert_true(i < n_found);
        assert_int_equal(found[i++], n);
    }
    assert_int_equal(i, n_found);
}

static AuditLogPosition end_of_log(void)
{
    AuditLogPosition position;

    assert_int_equal(audit_log_get_end(name_of("audit.log"), &position), 0);
    return position;
}

static void test_span(void **state)
{
    BackfillResult result;

    write_events("audit.log", 1, 1000);
    result = run(100, 900, NULL);
    assert_null(result.reason);
    check_found(100, 900);
    assert_int_equal(result.denials, n_found);
}

/* What the socket brought is not counted again; nor is anything by a second reading. */
static void test_once(void **state)
{
    BackfillResult result;

    write_events("audit.log", 1, 100);
    for (uint64_t n = 11; n <= 50; n++)
        assert_true(seen_events_add(seen, time_of(n), 2 * n, SEEN_LIVE));
    result = run(11, 98, NULL);
    assert_null(result.reason);
    assert_int_equal(result.duplicates, 36); /* not those of other domains */
    check_found(51, 98);
    n_found = 0;
    result = run(1, 98, NULL);
    check_found(1, 10);
}

static void test_position(void **state)
{
    AuditLogPosition position;
    BackfillResult result;

    write_events("audit.log", 1, 100);
    position = end_of_log();
    write_events("audit.log", 101, 200);
    result = run(1, 199, &position);
    assert_null(result.reason);
    check_found(101, 199);
    assert_true(result.bytes < position.offset * 5 / 4);

    /* Within a line: from the next one. */
    n_found = 0;
    seen = seen_events_free(seen);
    assert_int_equal(seen_events_new(&seen), 0);
    position.offset += 5;
    result = run(1, 199, &position);
    assert_null(result.reason);
    check_found(102, 199);
}

static void test_rotated(void **state)
{
    AuditLogPosition position;
    BackfillResult result;

    write_events("audit.log.1", 1, 50);
    write_events("audit.log", 51, 100);
    position = end_of_log();
    write_events("audit.log", 101, 150);
    assert_int_equal(rename(name_of("audit.log.1"), "/tmp/test-backfill-gone"), 0);
    (void)remove("/tmp/test-backfill-gone");
    {
        char from[128];

        (void)snprintf(from, sizeof(from), "%s", name_of("audit.log"));
        assert_int_equal(rename(from, name_of("audit.log.2")), 0);
    }
    write_events("audit.log.1", 151, 160);
    write_events("audit.log", 161, 200);
    result = run(60, 199, &position);
    assert_null(result.reason);
    check_found(101, 199);

    /* Without a position, by the time of the first record. */
    n_found = 0;
    seen = seen_events_free(seen);
    assert_int_equal(seen_events_new(&seen), 0);
    result = run(155, 199, NULL);
    assert_null(result.reason);
    check_found(155, 199);
    /* What is older than all files is not there. */
    n_found = 0;
    result = run(20, 199, NULL);
    assert_non_null(result.reason);
    check_found(51, 154);
}

static void test_cut(void **state)
{
    AuditLogPosition position;
    BackfillResult result;

    write_events("audit.log", 1, 100);
    position = end_of_log();
    assert_int_equal(truncate(name_of("audit.log"), 0), 0);
    write_events("audit.log", 150, 160);
    result = run(100, 159, &position);
    assert_non_null(result.reason);
    check_found(150, 159);
}

/* Cut, rotated and written to while it is read. */
static void test_changes_meanwhile(void **state)
{
    Backfill *backfill;
    BackfillResult result;
    char from[128];

    write_events("audit.log", 1, 20);
    backfill = start(1, 50, NULL);
    assert_int_equal(backfill_step(backfill, time_of(50)), 2);
    write_events("audit.log", 21, 30);
    assert_int_equal(backfill_step(backfill, time_of(50)), 2);
    write_events("audit.log", 31, 40);
    (void)snprintf(from, sizeof(from), "%s", name_of("audit.log"));
    assert_int_equal(rename(from, name_of("audit.log.1")), 0);
    /* For a moment there is no log. */
    assert_true(backfill_step(backfill, time_of(50)) > 0);
    write_events("audit.log", 41, 60);
    result = finish(backfill, time_of(50));
    assert_null(result.reason);
    check_found(1, 50);

    n_found = 0;
    backfill = start(51, 90, NULL);
    assert_int_equal(backfill_step(backfill, time_of(90)), 2);
    assert_int_equal(truncate(name_of("audit.log"), 0), 0);
    write_events("audit.log", 61, 63);
    result = finish(backfill, time_of(90));
    assert_string_equal(result.reason, "the audit log of that time was rotated away or cut");
    check_found(51, 63);
}

static void test_ended(void **state)
{
    BackfillResult result;

    write_events("audit.log", 1, 50);
    write_text("audit.log", "type=DAEMON_END msg=audit(1795379804.900:777): op=terminate\n");
    result = run(1, 100, NULL);
    assert_string_equal(result.reason, "auditd did not run for the whole of that time");
    check_found(1, 50);
}

static void test_not_there(void **state)
{
    BackfillResult result = run(1, 100, NULL);

    assert_string_equal(result.reason, "there is no audit log");
    assert_int_equal(mkfifo(name_of("audit.log"), 0600), 0);
    result = run(1, 100, NULL);
    assert_string_equal(result.reason, "the audit log cannot be read");
    assert_int_equal(remove(name_of("audit.log")), 0);
    assert_int_equal(mkdir(name_of("audit.log"), 0700), 0);
    result = run(1, 100, NULL);
    assert_string_equal(result.reason, "the audit log cannot be read");
    assert_int_equal(n_found, 0);
}

static void test_garbage(void **state)
{
    static char long_line[3 * AUDIT_LOG_LINE_LENGTH_MAX];
    BackfillResult result;

    memset(long_line, 'x', sizeof(long_line) - 1);
    write_text("audit.log", "type=AVC msg=audit(1795379754.628:1): avc:  denied  {\n\n\x01\x02\n");
    write_text("audit.log", long_line);
    write_text("audit.log", "\ntype=AVC msg=audit(99999999999999999999.1:1): avc: denied\n");
    write_events("audit.log", 1, 30);
    write_text("audit.log", "type=AVC msg=audit(179537");
    result = run(1, 29, NULL);
    check_found(1, 29);
    (void)result;
}

/* More denials than the set of seen ones holds: what may have been counted is not. */
static void test_uncertain(void **state)
{
    BackfillResult result;

    write_events("audit.log", 1, 100);
    for (uint64_t i = 0; i <= AUDIT_SEEN_EVENTS; i++)
        (void)seen_events_add(seen, time_of(50) + i, 1000 + i, SEEN_LIVE);
    result = run(1, 99, NULL);
    assert_non_null(result.reason);
    assert_int_equal(result.uncertain, 45);
    check_found(51, 99);
}

static void test_took_too_long(void **state)
{
    Backfill *backfill;
    BackfillResult result;

    write_events("audit.log", 1, 100);
    backfill = start(1, 99, NULL);
    result = finish(backfill, time_of(99) + BACKFILL_TIME_USEC + 1);
    assert_string_equal(result.reason, "reading up took too long");
}

static void test_journal_texts(void **state)
{
    static const struct {
        const char *text;
        bool is_loss;
        uint64_t lost;
    } cases[] = {
        {"audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64", true, 7},
        {"audit: backlog limit exceeded", true, 0},
        {"audit: rate limit exceeded", true, 0},
        {"audit: kauditd hold queue overflow", true, 0},
        {"audit: audit_lost=x", false, 0},
        {"audit: audit_backlog=65 > audit_backlog_limit=64", false, 0},
        {"audit: type=1400 audit(1.2:3): avc:  denied", false, 0},
        {"", false, 0},
    };
    size_t length;

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        uint64_t lost = 0;

        assert_int_equal(audit_text_is_loss(cases[i].text, strlen(cases[i].text), &lost),
                         cases[i].is_loss);
        assert_int_equal(lost, cases[i].lost);
    }
    assert_null(journal_message_body("AVC", 3, &length));
    assert_string_equal(journal_message_body("AVC avc:  denied", 16, &length), "avc:  denied");
    assert_int_equal(length, 12);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_span, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_position, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uncertain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_took_too_long, setup, teardown),
        cmocka_unit_test(test_journal_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
