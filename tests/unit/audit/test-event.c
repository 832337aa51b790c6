/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/event.h"
#include "daemon/core/macro.h"
#include "tests/unit/audit/capture.h"

#define AVC(perm, source)                                                                          \
    "avc:  denied  { " perm " } for  pid=352 comm=\"nginx\" scontext=system_u:system_r:" source    \
    ":s0 tcontext=system_u:object_r:etc_t:s0 tclass=file permissive=0"
#define SYSCALL                                                                                    \
    "arch=c000003e syscall=42 success=no exit=-13 a0=8 pid=352 uid=33 euid=33 comm=\"nginx\" "     \
    "exe=\"/usr/sbin/nginx\""

static Capture capture;
static AuditAssembler *assembler;

static int setup_flags(unsigned int flags)
{
    AuditSink sink = capture_sink(&capture);

    return audit_assembler_new(&assembler, &sink, flags);
}

static int setup(void **state)
{
    return setup_flags(0);
}

static int setup_log(void **state)
{
    return setup_flags(AUDIT_ASSEMBLER_LOG);
}

static int teardown(void **state)
{
    capture_clear(&capture);
    assembler = audit_assembler_free(assembler);
    return 0;
}

static int add(int type, uint64_t serial, const char *body, uint64_t now_usec)
{
    const AuditRecord record = {
        .type = type,
        .time_usec = UINT64_C(1795379754000000) + serial * 1000,
        .serial = serial,
        .body = body,
        .length = strlen(body),
    };

    return audit_assembler_add(assembler, &record, now_usec);
}

static void test_whole_event(void **state)
{
    const AuditStatistics *statistics = audit_assembler_statistics(assembler);

    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 10), 0);
    assert_false(audit_assembler_is_idle(assembler));
    assert_int_equal(add(1300, 5, SYSCALL, 11), 0);
    assert_int_equal(add(1327, 5, "proctitle=6E67696E783A2077", 12), 0);
    assert_int_equal(capture.n_events, 0);
    assert_int_equal(add(1320, 5, "", 13), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(capture.n_denials, 1);
    assert_int_equal(capture.denials[0]->serial, 5);
    assert_int_equal(capture.denials[0]->exit_code, -13);
    assert_string_equal(capture.denials[0]->proctitle, "nginx: w");
    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(audit_assembler_next_deadline(assembler), UINT64_MAX);
    assert_int_equal(statistics->records, 4);
    assert_int_equal(statistics->events, 1);
    assert_int_equal(statistics->denials, 1);
    assert_int_equal(statistics->timeouts, 0);
}

static void test_several_avcs(void **state)
{
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1400, 5, AVC("open", "httpd_t"), 0), 0);
    assert_int_equal(add(1400, 5, "avc:  granted  { open } for x", 0), 0);
    assert_int_equal(add(1300, 5, SYSCALL, 0), 0);
    assert_int_equal(add(1320, 5, "", 0), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(capture.n_denials, 2);
    assert_string_equal(capture.denials[0]->permissions, "read");
    assert_string_equal(capture.denials[1]->permissions, "open");
    assert_int_equal(capture.denials[1]->syscall, 42);
}

static void test_alone_by_timer(void **state)
{
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 1000), 0);
    assert_int_equal(audit_assembler_next_deadline(assembler), 1000 + AUDIT_EVENT_TIMEOUT_USEC);
    assert_int_equal(audit_assembler_expire(assembler, 999 + AUDIT_EVENT_TIMEOUT_USEC), 0);
    assert_int_equal(capture.n_events, 0);
    assert_int_equal(audit_assembler_expire(assembler, 1000 + AUDIT_EVENT_TIMEOUT_USEC), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(capture.denials[0]->syscall, -1);
    assert_null(capture.denials[0]->exe);
    assert_false(capture.denials[0]->have_exit);
    assert_int_equal(audit_assembler_statistics(assembler)->timeouts, 1);
    /* What comes later finds nothing and leaves nothing. */
    assert_int_equal(add(1300, 5, SYSCALL, 0), 0);
    assert_true(audit_assembler_is_idle(assembler));
}

static void test_timer_restarts(void **state)
{
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 1000), 0);
    assert_int_equal(add(1400, 6, AVC("read", "httpd_t"), 2000), 0);
    assert_int_equal(add(1300, 5, SYSCALL, 3000), 0);
    /* Now 6 is the one that has waited longest. */
    assert_int_equal(audit_assembler_next_deadline(assembler), 2000 + AUDIT_EVENT_TIMEOUT_USEC);
    assert_int_equal(audit_assembler_expire(assembler, 2000 + AUDIT_EVENT_TIMEOUT_USEC), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(capture.denials[0]->serial, 6);
    assert_int_equal(audit_assembler_next_deadline(assembler), 3000 + AUDIT_EVENT_TIMEOUT_USEC);
}

static void test_interleaved(void **state)
{
    /* 5 and 133 share a bucket of the index. */
    const uint64_t serials[] = {5, 133, 6, 5 + 128 * 7};

    for (size_t i = 0; i < ELEMENTS_OF(serials); i++)
        assert_int_equal(add(1400, serials[i], AVC("read", "httpd_t"), 0), 0);
    for (size_t i = 0; i < ELEMENTS_OF(serials); i++) {
        char body[64];

        (void)snprintf(body, sizeof(body), "syscall=%d exe=\"x\"", (int)serials[i]);
        assert_int_equal(add(1300, serials[i], body, 0), 0);
    }
    assert_int_equal(add(1320, 6, "", 0), 0);
    assert_int_equal(add(1320, 133, "", 0), 0);
    assert_int_equal(add(1320, 5, "", 0), 0);
    assert_int_equal(add(1320, 5 + 128 * 7, "", 0), 0);
    assert_int_equal(capture.n_events, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(capture.denials[i]->syscall, capture.denials[i]->serial);
    assert_int_equal(capture.denials[0]->serial, 6);
    assert_int_equal(capture.denials[1]->serial, 133);
    assert_true(audit_assembler_is_idle(assembler));
}

static void test_same_serial_other_time(void **state)
{
    AuditRecord record = {.type = 1300, .time_usec = 1, .serial = 5, .body = SYSCALL};

    record.length = strlen(record.body);
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
    assert_int_equal(audit_assembler_flush(assembler), 0);
    assert_int_equal(capture.denials[0]->syscall, -1);
}

static void test_no_denial(void **state)
{
    assert_int_equal(add(1300, 5, SYSCALL, 0), 0);
    assert_int_equal(add(1320, 5, "", 0), 0);
    assert_int_equal(add(1107, 6, "pid=1 msg='avc:  denied  { start } for x'", 0), 0);
    assert_int_equal(add(1130, 7, "pid=1", 0), 0);
    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(capture.n_events, 0);
    assert_int_equal(audit_assembler_statistics(assembler)->records, 4);
}

static void test_sources(void **state)
{
    char one[] = "httpd_t", *list[] = {one, NULL};
    char *many[AUDIT_SOURCES_MAX + 2] = {0};

    assert_int_equal(audit_assembler_set_sources(assembler, list), 0);
    for (size_t i = 0; i <= AUDIT_SOURCES_MAX; i++)
        many[i] = one;
    assert_int_equal(audit_assembler_set_sources(assembler, many), -E2BIG);

    assert_int_equal(add(1400, 5, AVC("read", "sshd_t"), 0), 0);
    assert_true(audit_assembler_is_idle(assembler));
    /* One event with a denial of each: only ours is delivered. */
    assert_int_equal(add(1400, 6, AVC("read", "sshd_t"), 0), 0);
    assert_int_equal(add(1400, 6, AVC("open", "httpd_t"), 0), 0);
    assert_int_equal(add(1320, 6, "", 0), 0);
    assert_int_equal(capture.n_denials, 1);
    assert_string_equal(capture.denials[0]->permissions, "open");
    assert_int_equal(audit_assembler_statistics(assembler)->other_denials, 2);
    /* The process has a context that the policy no longer knows. */
    assert_int_equal(add(1400, 7,
                         "avc:  denied  { read } for  scontext=system_u:object_r:unlabeled_t:s0 "
                         "tcontext=a:b:c tclass=file permissive=0 "
                         "srawcon=\"system_u:system_r:httpd_t:s0:c999\"",
                         0),
                     0);
    assert_int_equal(add(1320, 7, "", 0), 0);
    assert_int_equal(capture.n_denials, 2);
    assert_string_equal(capture.denials[1]->source_context, "system_u:object_r:unlabeled_t:s0");
    /* No list: all. */
    assert_int_equal(audit_assembler_set_sources(assembler, NULL), 0);
    assert_int_equal(add(1400, 8, AVC("read", "sshd_t"), 0), 0);
    assert_int_equal(add(1320, 8, "", 0), 0);
    assert_int_equal(capture.n_denials, 3);
}

static void test_eviction(void **state)
{
    const AuditStatistics *statistics = audit_assembler_statistics(assembler);
    const unsigned int more = 10;

    for (unsigned int i = 0; i < AUDIT_EVENTS_OPEN_MAX + more; i++)
        assert_int_equal(add(1400, 100 + i, AVC("read", "httpd_t"), i), 0);
    assert_int_equal(statistics->evictions, more);
    assert_int_equal(capture.n_events, more);
    for (unsigned int i = 0; i < more; i++)
        assert_int_equal(capture.denials[i]->serial, 100 + i);
    assert_int_equal(audit_assembler_flush(assembler), 0);
    assert_int_equal(capture.n_events, AUDIT_EVENTS_OPEN_MAX + more);
    assert_int_equal(statistics->events, AUDIT_EVENTS_OPEN_MAX + more);
    assert_true(audit_assembler_is_idle(assembler));
}

static void test_limits_of_one_event(void **state)
{
    const AuditStatistics *statistics = audit_assembler_statistics(assembler);
    char *body = malloc(AUDIT_RECORD_LENGTH_MAX + 1);

    for (unsigned int i = 0; i < AUDIT_EVENT_DENIALS_MAX + 3; i++)
        assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(statistics->dropped_records, 3);
    for (unsigned int i = 0; i < AUDIT_EVENT_RECORDS_MAX + 2; i++)
        assert_int_equal(add(1302, 5, "item=0 name=\"/a\" inode=1", 0), 0);
    assert_int_equal(statistics->dropped_records, 5);
    assert_int_equal(add(1320, 5, "", 0), 0);
    assert_int_equal(capture.n_denials, AUDIT_EVENT_DENIALS_MAX);

    /* More text than one event may keep. */
    assert_non_null(body);
    memset(body, 'x', AUDIT_RECORD_LENGTH_MAX);
    body[AUDIT_RECORD_LENGTH_MAX] = '\0';
    assert_int_equal(add(1400, 6, AVC("read", "httpd_t"), 0), 0);
    for (unsigned int i = 0; i < 8; i++)
        assert_int_equal(add(1302, 6, body, 0), 0);
    assert_int_equal(statistics->dropped_records, 10);
    assert_int_equal(add(1320, 6, "", 0), 0);
    assert_int_equal(capture.n_denials, AUDIT_EVENT_DENIALS_MAX + 1);
    free(body);
}

static void test_malformed(void **state)
{
    assert_int_equal(add(1400, 5, "avc:  denied  { read } for  pid=1", 0), 0);
    assert_int_equal(add(1400, 5, "apparmor=\"DENIED\"", 0), 0);
    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(audit_assembler_statistics(assembler)->malformed, 1);
}

static void test_policy_changes(void **state)
{
    assert_int_equal(add(1403, 5, "auid=0 ses=1 lsm=selinux res=1", 0), 0);
    assert_int_equal(add(1404, 6, "enforcing=0 old_enforcing=1", 0), 0);
    assert_int_equal(add(1405, 7, "bool=a val=1 old_val=0", 0), 0);
    assert_int_equal(capture.n_policy_changes, 3);
    assert_int_equal(capture.policy_changes[0], 1403);
    assert_int_equal(capture.policy_changes[1], 1404);
    assert_int_equal(capture.policy_changes[2], 1405);
}

static void test_sink_error(void **state)
{
    capture.result = -EIO;
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1320, 5, "", 0), -EIO);
    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(add(1400, 6, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1400, 7, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(audit_assembler_expire(assembler, UINT64_MAX), -EIO);
    assert_int_equal(audit_assembler_flush(assembler), -EIO);
    assert_true(audit_assembler_is_idle(assembler));
    assert_int_equal(capture.n_events, 3);
    capture.result = 0;
}

static void test_log_clock(void **state)
{
    const AuditStatistics *statistics = audit_assembler_statistics(assembler);

    /* PROCTITLE ends an event of a log. */
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1300, 5, SYSCALL, 0), 0);
    assert_int_equal(add(1327, 5, "proctitle=\"x\"", 0), 0);
    assert_int_equal(capture.n_events, 1);
    /* An AVC alone ends when the log is two seconds further: serial 1 is 1 ms. */
    assert_int_equal(add(1400, 6, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1300, 2005, SYSCALL, 0), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(add(1300, 2006, SYSCALL, 0), 0);
    assert_int_equal(capture.n_events, 2);
    assert_int_equal(statistics->timeouts, 1);
}

static void test_unordered(void **state)
{
    audit_assembler_set_unordered(assembler, true);
    assert_false(audit_assembler_is_idle(assembler));
    assert_int_equal(add(1327, 5, "proctitle=\"x\"", 0), 0);
    assert_int_equal(add(1300, 5, SYSCALL, 0), 0);
    assert_int_equal(add(1400, 5, AVC("read", "httpd_t"), 0), 0);
    assert_int_equal(add(1300, 6, SYSCALL, 0), 0); /* without a denial */
    assert_int_equal(audit_assembler_flush(assembler), 0);
    assert_int_equal(capture.n_events, 1);
    assert_int_equal(capture.denials[0]->syscall, 42);
    assert_string_equal(capture.denials[0]->proctitle, "x");
    assert_int_equal(audit_assembler_statistics(assembler)->timeouts, 0);
}

static void test_no_stamp(void **state)
{
    AuditRecord record = {.type = 1400, .body = AVC("read", "httpd_t")};

    record.length = strlen(record.body);
    assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
    assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
    assert_int_equal(capture.n_events, 2);
    assert_int_equal(capture.event_sizes[0], 1);
    assert_int_equal(capture.event_sizes[1], 1);
}

static void test_arguments(void **state)
{
    AuditSink sink = {0};
    AuditAssembler *other = NULL;

    assert_int_equal(audit_assembler_new(&other, NULL, 0), -EINVAL);
    assert_int_equal(audit_assembler_new(&other, &sink, 0), -EINVAL);
    sink = capture_sink(&capture);
    assert_int_equal(audit_assembler_new(&other, &sink, 64), -EINVAL);
    assert_null(other);
    assert_null(audit_assembler_free(NULL));
}

int main(void)
{
#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_LOG(name) cmocka_unit_test_setup_teardown(name, setup_log, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_whole_event),         TEST(test_several_avcs),  TEST(test_alone_by_timer),
        TEST(test_timer_restarts),      TEST(test_interleaved),   TEST(test_same_serial_other_time),
        TEST(test_no_denial),           TEST(test_sources),       TEST(test_eviction),
        TEST(test_limits_of_one_event), TEST(test_malformed),     TEST(test_policy_changes),
        TEST(test_sink_error),          TEST_LOG(test_log_clock), TEST_LOG(test_unordered),
        TEST_LOG(test_no_stamp),        TEST(test_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
