/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/record.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

#define STAMP "audit(1795379754.628:52): "
#define TIME  UINT64_C(1795379754628000)

typedef int (*Parse)(const char *line, size_t length, AuditRecord *ret_record);

typedef struct Case {
    const char *text;
    int result;
    int type;
    const char *body;
} Case;

static void check(Parse parse, const Case *c, uint64_t time_usec, uint64_t serial)
{
    AuditRecord record = {.type = -7};
    /* On the heap, to its exact length: a read past the end is then an error. */
    size_t length = strlen(c->text);
    char *copy = malloc(length + !length);

    assert_non_null(copy);
    memcpy(copy, c->text, length);
    assert_int_equal(parse(copy, length, &record), c->result);
    if (c->result < 0)
        assert_int_equal(record.type, -7);
    else {
        assert_int_equal(record.type, c->type);
        assert_int_equal(record.time_usec, time_usec);
        assert_int_equal(record.serial, serial);
        assert_int_equal(record.length, strlen(c->body));
        assert_memory_equal(record.body, c->body, record.length);
    }
    free(copy);
}

static void test_line(void **state)
{
    static const Case cases[] = {
        {"type=AVC msg=" STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"node=web1 type=AVC msg=" STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"type=SYSCALL msg=" STAMP "arch=c000003e\x1d"
         "ARCH=x86_64",
         0, 1300, "arch=c000003e"},
        {"type=UNKNOWN[1400] msg=" STAMP "x", 0, 1400, "x"},
        {"type=UNKNOWN[1334] msg=" STAMP "prog-id=3", 0, 1334, "prog-id=3"},
        {"type=1327 msg=" STAMP "proctitle=41", 0, 1327, "proctitle=41"},
        {"type=PROCTITLE msg=" STAMP "x\r", 0, 1327, "x"},
        {"type=CWD msg=" STAMP " cwd=\"/\"", 0, 1307, "cwd=\"/\""},
        {"type=PATH msg=" STAMP "item=0", 0, 1302, "item=0"},
        {"type=SOCKADDR msg=" STAMP "saddr=00", 0, 1306, "saddr=00"},
        {"type=EOE msg=" STAMP, 0, 1320, ""},
        {"type=EOE msg=audit(1795379754.628:52):", 0, 1320, ""},
        {"type=MAC_POLICY_LOAD msg=" STAMP "res=1", 0, 1403, "res=1"},
        {"type=MAC_STATUS msg=" STAMP "enforcing=0", 0, 1404, "enforcing=0"},
        {"type=MAC_CONFIG_CHANGE msg=" STAMP "bool=a", 0, 1405, "bool=a"},
        {"type=USER_AVC msg=" STAMP "pid=1", 0, AUDIT_RECORD_OTHER, "pid=1"},
        {"type=AVC_PATH msg=" STAMP "x", 0, AUDIT_RECORD_OTHER, "x"},
        {"type=UNKNOWN[999999] msg=" STAMP "x", 0, AUDIT_RECORD_OTHER, "x"},
        {"", -EBADMSG, 0, NULL},
        {"node=web1", -EBADMSG, 0, NULL},
        {"type=", -EBADMSG, 0, NULL},
        {"type=AVC", -EBADMSG, 0, NULL},
        {"type=AVC msg=", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1.000:1)", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1.00:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1.0000:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(.000:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1.000:): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(-1.000:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(99999999999999999999.000:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1844674407370955.000:1): x", -EBADMSG, 0, NULL},
        {"type=AVC msg=audit(1.000:99999999999999999999): x", -EBADMSG, 0, NULL},
        {" type=AVC msg=" STAMP "x", -EBADMSG, 0, NULL},
        {"type=1400 " STAMP "avc:  denied", -EBADMSG, 0, NULL},
        {"type=avc msg=" STAMP "x", -EBADMSG, 0, NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        check(audit_record_parse_line, &cases[i], TIME, 52);
}

static void test_text(void **state)
{
    static const Case cases[] = {
        {"type=AVC msg=" STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"    type=AVC msg=" STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"type=1400 " STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"audit: type=1400 " STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"[   12.345678] audit: type=1400 " STAMP "avc:  denied", 0, 1400, "avc:  denied"},
        {"Nov 23 03:00:00 web1 kernel: audit: type=1300 " STAMP "arch=c000003e", 0, 1300,
         "arch=c000003e"},
        {"kernel: audit: type=1107 " STAMP "pid=1 msg='avc:  denied'", 0, 1107,
         "pid=1 msg='avc:  denied'"},
        {"# type=SYSCALL msg=" STAMP "a\x1d"
         "B=c",
         0, 1300, "a"},
    };
    static const Case unstamped[] = {
        {"Nov 23 03:00:00 web1 audit[352]: AVC avc:  denied  { read }", 0, 1400,
         "avc:  denied  { read }"},
        {"avc:  denied  { read }", 0, 1400, "avc:  denied  { read }"},
        {"kernel: avc:  denied  { read } ", 0, 1400, "avc:  denied  { read }"},
        {"type=AVC msg=audit(11/23/2026 03:00:00.628:52) : avc:  denied  { read }", 0, 1400,
         "avc:  denied  { read }"},
    };
    static const Case none[] = {
        {"", -ENODATA, 0, NULL},
        {"hello", -ENODATA, 0, NULL},
        {"audit[1]: USER_AVC pid=1 msg='avc:  denied  { start }'", -ENODATA, 0, NULL},
        {"audit[1]: pid=1 msg='avc:  denied  { start }'", -ENODATA, 0, NULL},
        {"the avc:  denied", -ENODATA, 0, NULL},
        {"type=AVC msg=audit(1.000:1) gone", -EBADMSG, 0, NULL},
        {"mytype=AVC msg=" STAMP "x", -EBADMSG, 0, NULL},
        {"audit(1.000:1): x", -EBADMSG, 0, NULL},
        {"type=USER_AVC msg=audit(bad): msg='avc:  denied  { start }'", -EBADMSG, 0, NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        check(audit_record_parse_text, &cases[i], TIME, 52);
    for (size_t i = 0; i < ELEMENTS_OF(unstamped); i++)
        check(audit_record_parse_text, &unstamped[i], 0, 0);
    for (size_t i = 0; i < ELEMENTS_OF(none); i++)
        check(audit_record_parse_text, &none[i], 0, 0);
}

static int parse_payload_1300(const char *line, size_t length, AuditRecord *ret_record)
{
    return audit_record_parse_payload(1300, line, length, ret_record);
}

static void test_payload(void **state)
{
    static const Case cases[] = {
        {STAMP "arch=c000003e", 0, 1300, "arch=c000003e"},
        {STAMP, 0, 1300, ""},
        {"audit(1795379754.628:52):", 0, 1300, ""},
        {"type=SYSCALL msg=" STAMP "x", -EBADMSG, 0, NULL},
        {" " STAMP "x", -EBADMSG, 0, NULL},
        {"", -EBADMSG, 0, NULL},
        {"audit(1795379754.628:52)", -EBADMSG, 0, NULL},
    };
    static const char with_nul[] = STAMP "a\0b\0\0";
    AuditRecord record;

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        check(parse_payload_1300, &cases[i], TIME, 52);
    /* NULs at the end are padding; inside they belong to the body. */
    assert_int_equal(audit_record_parse_payload(1400, with_nul, sizeof(with_nul) - 1, &record), 0);
    assert_int_equal(record.length, 3);
    assert_memory_equal(record.body, "a\0b", 3);
}

/* Every prefix of a record is either refused or bounded by its length. */
static void test_cut_off(void **state)
{
    static const char text[] = "node=a type=SYSCALL msg=" STAMP "arch=c000003e comm=\"nginx\"";

    for (size_t length = 0; length < sizeof(text); length++) {
        AuditRecord record;
        char *copy = malloc(length + !length);

        assert_non_null(copy);
        memcpy(copy, text, length);
        if (audit_record_parse_line(copy, length, &record) == 0)
            assert_true(record.body + record.length <= copy + length);
        if (audit_record_parse_text(copy, length, &record) == 0)
            assert_true(record.body + record.length <= copy + length);
        (void)audit_line_peek_type(copy, length);
        free(copy);
    }
}

static void test_too_long(void **state)
{
    size_t size = AUDIT_LOG_LINE_LENGTH_MAX + 1;
    char *text = malloc(size);
    AuditRecord record;

    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, STAMP, sizeof(STAMP) - 1);
    assert_int_equal(audit_record_parse_payload(1400, text, AUDIT_RECORD_LENGTH_MAX + 1, &record),
                     -EMSGSIZE);
    assert_int_equal(audit_record_parse_payload(1400, text, AUDIT_RECORD_LENGTH_MAX, &record), 0);
    memcpy(text, "type=AVC msg=" STAMP, sizeof("type=AVC msg=" STAMP) - 1);
    assert_int_equal(audit_record_parse_line(text, size, &record), -EMSGSIZE);
    assert_int_equal(audit_record_parse_text(text, size, &record), -EMSGSIZE);
    assert_int_equal(audit_record_parse_line(text, size - 1, &record), 0);
    free(text);
}

static void test_peek(void **state)
{
    static const struct {
        const char *line;
        int type;
    } cases[] = {
        {"type=AVC msg=", 1400},
        {"type=SYSCALL msg=", 1300},
        {"node=a type=CWD msg=", 1307},
        {"type=USER_AVC msg=", 0},
        {"type=UNKNOWN[1403] ", 1403},
        {"node=a", -1},
        {"----", -1},
        {"", -1},
        {"n", -1},
        {"type=", -1},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        assert_int_equal(audit_line_peek_type(cases[i].line, strlen(cases[i].line)), cases[i].type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_payload),  cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_peek),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
