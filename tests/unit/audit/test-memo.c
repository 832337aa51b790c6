/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/decode.h"
#include "daemon/audit/event.h"
#include "daemon/audit/memo.h"

static Memo memo;

static void test_a_text_is_known_once_it_was_put(void **state)
{
    bool known = true;
    int place = memo_find(&memo, "avc:  denied", 12, &known);

    assert_in_range(place, 0, AUDIT_MEMO_ENTRIES - 1);
    assert_false(known);
    memo_put(&memo, place, "avc:  denied", 12);
    assert_int_equal(memo_find(&memo, "avc:  denied", 12, &known), place);
    assert_true(known);
}

/* Whatever places texts share, one is never taken for another. */
static void test_no_text_is_taken_for_another(void **state)
{
    char text[64], other[64];
    bool known;

    for (unsigned int i = 0; i < 5000; i++) {
        int length = snprintf(text, sizeof(text), "pid=%u comm=\"nginx\"", i), place;

        place = memo_find(&memo, text, (size_t)length, &known);
        assert_true(place >= 0 && !known);
        memo_put(&memo, place, text, (size_t)length);
        /* Shorter, longer, and with one byte changed. */
        if (memo_find(&memo, text, (size_t)length - 1, &known) >= 0)
            assert_false(known);
        for (int at = 0; at < length; at++) {
            memcpy(other, text, sizeof(text));
            other[at] = '#'; /* which none of them has */
            assert_true(memo_find(&memo, other, (size_t)length, &known) >= 0);
            assert_false(known);
        }
    }
}

static void test_what_is_empty_or_long_has_no_place(void **state)
{
    static char text[AUDIT_MEMO_TEXT_MAX + 1];
    bool known;

    assert_int_equal(memo_find(&memo, "", 0, &known), -1);
    assert_int_equal(memo_find(&memo, text, sizeof(text), &known), -1);
    assert_true(memo_find(&memo, text, AUDIT_MEMO_TEXT_MAX, &known) >= 0);
}

typedef struct Seen {
    size_t n;
    int64_t uid[4];
    pid_t pid[4];
    uint64_t serial[4];
    int port[4];
    char exe[4][32];
} Seen;

static int take_denials(void *userdata, const AuditEvent *event, const Denial *denials, size_t n)
{
    Seen *seen = userdata;

    for (size_t i = 0; i < n && seen->n < 4; i++, seen->n++) {
        seen->uid[seen->n] = denials[i].uid;
        seen->pid[seen->n] = denials[i].pid;
        seen->serial[seen->n] = denials[i].serial;
        seen->port[seen->n] = denials[i].dest_port;
        (void)snprintf(seen->exe[seen->n], 32, "%s", denials[i].exe ? denials[i].exe : "");
    }
    return 0;
}

static void feed(AuditAssembler *assembler, int type, uint64_t serial, const char *body)
{
    const AuditRecord record = {
        .type = type,
        .time_usec = 1000000,
        .serial = serial,
        .body = body,
        .length = strlen(body),
    };

    assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
}

/* An event that repeats, in parts, what an earlier one said is read as if it came first. */
static void test_repeated_records_say_the_same(void **state)
{
    static const char avc[] = "avc:  denied  { name_connect } for  pid=7 comm=\"nginx\" dest=3000 "
                              "scontext=system_u:system_r:httpd_t:s0 "
                              "tcontext=system_u:object_r:ntop_port_t:s0 tclass=tcp_socket "
                              "permissive=0";
    static const char call[] = "arch=c000003e syscall=42 success=no exit=-13 a0=%x a1=1 items=0 "
                               "ppid=1 pid=%d uid=33 euid=33 comm=\"nginx\" exe=\"/usr/sbin/%s\"";
    Seen seen = {0};
    const AuditSink sink = {.userdata = &seen, .denials = take_denials};
    AuditAssembler *assembler;
    char first[256], other[256];

    (void)snprintf(first, sizeof(first), call, 11u, 7, "nginx");
    (void)snprintf(other, sizeof(other), call, 12u, 8, "apache2");
    assert_int_equal(audit_assembler_new(&assembler, &sink, 0), 0);
    for (uint64_t serial = 1; serial <= 3; serial++) {
        feed(assembler, AUDIT_RECORD_AVC, serial, avc);
        feed(assembler, AUDIT_RECORD_SYSCALL, serial, serial == 2 ? other : first);
        feed(assembler, AUDIT_RECORD_EOE, serial, "");
    }
    /* The third AVC lacks its end: it stays malformed, however often it comes. */
    for (uint64_t serial = 4; serial <= 5; serial++)
        feed(assembler, AUDIT_RECORD_AVC, serial, "avc:  denied  { read } for  comm=\"ngin");
    assert_int_equal(audit_assembler_statistics(assembler)->malformed, 2);
    assert_int_equal(seen.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(seen.port[i], 3000);
        assert_int_equal(seen.uid[i], 33);
        assert_int_equal(seen.serial[i], i + 1); /* an event that is known has its own stamp */
        assert_int_equal(seen.pid[i], 7);        /* the AVC's own */
        assert_string_equal(seen.exe[i], i == 1 ? "/usr/sbin/apache2" : "/usr/sbin/nginx");
    }
    audit_assembler_free(assembler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_is_known_once_it_was_put),
        cmocka_unit_test(test_no_text_is_taken_for_another),
        cmocka_unit_test(test_what_is_empty_or_long_has_no_place),
        cmocka_unit_test(test_repeated_records_say_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
