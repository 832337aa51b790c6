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

#include "daemon/audit/field.h"
#include "daemon/core/macro.h"

/* The fields as "kind:key=value|…", and '!' at the end of broken text. */
static void render(const char *text, size_t length, char *out, size_t size)
{
    static const char kinds[] = {[AUDIT_FIELD_WORD] = 'w',
                                 [AUDIT_FIELD_BARE] = 'b',
                                 [AUDIT_FIELD_QUOTED] = 'q',
                                 [AUDIT_FIELD_NESTED] = 'n',
                                 [AUDIT_FIELD_BRACES] = 'p'};
    char *copy = malloc(length + !length);
    AuditFieldIterator iterator;
    AuditField field;
    size_t at = 0;

    assert_non_null(copy);
    memcpy(copy, text, length);
    iterator = audit_field_iterator(copy, length);
    out[0] = '\0';
    while (audit_field_next(&iterator, &field)) {
        at += (size_t)snprintf(out + at, size - at, "%c:%.*s=%.*s|", kinds[field.kind],
                               (int)field.key_length, field.key, (int)field.length, field.value);
        assert_true(at < size);
    }
    if (iterator.broken)
        (void)snprintf(out + at, size - at, "!");
    assert_false(audit_field_next(&iterator, &field));
    free(copy);
}

static void test_fields(void **state)
{
    static const struct {
        const char *text;
        const char *fields;
    } cases[] = {
        {"", ""},
        {"   ", ""},
        {"avc:  denied  { read open } for  pid=1 comm=\"a b\"",
         "w:=avc:|w:=denied|p:= read open |w:=for|b:pid=1|q:comm=a b|"},
        {"a=1 b= c=3", "b:a=1|b:b=|b:c=3|"},
        {"key=(null)\x1d"
         "ARCH=x86_64",
         "b:key=(null)|"},
        {"\x1d"
         "UID=\"root\"",
         ""},
        {"pid=1 msg='unit=a comm=\"b\" res=success'",
         "b:pid=1|n:msg=unit=a comm=\"b\" res=success|"},
        {"saddr={ fam=inet }", "p:saddr= fam=inet |"},
        {"path=\"scontext=a:b:c\" name=x", "q:path=scontext=a:b:c|b:name=x|"},
        {"a=\"unfinished b=2", "!"},
        {"x=1 a='unfinished", "b:x=1|!"},
        {"{ read", "!"},
        {"=value =", "b:=value|b:=|"},
        {"averylongkeythatspansblocks=averylongvaluethatspansmanyblocksofthescanner end=1",
         "b:averylongkeythatspansblocks=averylongvaluethatspansmanyblocksofthescanner|b:end=1|"},
        {"a=x\x01y b=z", "b:a=x\x01y|b:b=z|"},
        {"a=1\tb=2\nc=3", "b:a=1|b:b=2|b:c=3|"},
        {"a=b=c", "b:a=b=c|"},
        {"n\xc3\xa9=\xff\x80\x21", "b:n\xc3\xa9=\xff\x80\x21|"},
    };
    char out[512];

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        render(cases[i].text, strlen(cases[i].text), out, sizeof(out));
        assert_string_equal(out, cases[i].fields);
    }
    /* At every alignment and distance from the end. */
    for (size_t pad = 0; pad < 20; pad++) {
        char text[64], expected[64];

        (void)snprintf(text, sizeof(text), "%*sk%.*s=%.*s z=1", (int)pad, "", (int)pad,
                       "kkkkkkkkkkkkkkkkkkkk", (int)pad, "vvvvvvvvvvvvvvvvvvvv");
        (void)snprintf(expected, sizeof(expected), "b:k%.*s=%.*s|b:z=1|", (int)pad,
                       "kkkkkkkkkkkkkkkkkkkk", (int)pad, "vvvvvvvvvvvvvvvvvvvv");
        render(text, strlen(text), out, sizeof(out));
        assert_string_equal(out, expected);
    }
    /* A NUL is part of the value, for its decoder to refuse. */
    {
        AuditFieldIterator iterator = audit_field_iterator("a=b\0c d=e", 9);
        AuditField field;

        assert_true(audit_field_next(&iterator, &field));
        assert_int_equal(field.length, 3);
        assert_true(audit_field_next(&iterator, &field));
        assert_int_equal(field.length, 1);
    }
}

static void test_decode(void **state)
{
    static const struct {
        AuditFieldKind kind;
        const char *value;
        int result;
        const char *text;
    } cases[] = {
        {AUDIT_FIELD_QUOTED, "nginx", 5, "nginx"},
        {AUDIT_FIELD_QUOTED, "6E67", 4, "6E67"},
        {AUDIT_FIELD_QUOTED, "(null)", 6, "(null)"},
        {AUDIT_FIELD_QUOTED, "", 0, ""},
        {AUDIT_FIELD_BARE, "6E67696E78", 5, "nginx"},
        {AUDIT_FIELD_BARE, "00C3A9", 3, "\0\xc3\xa9"},
        {AUDIT_FIELD_BARE, "6e67", 4, "6e67"},
        {AUDIT_FIELD_BARE, "6E6", 3, "6E6"},
        {AUDIT_FIELD_BARE, "6E6G", 4, "6E6G"},
        {AUDIT_FIELD_BARE, "(null)", -ENODATA, NULL},
        {AUDIT_FIELD_BARE, "(none)", -ENODATA, NULL},
        {AUDIT_FIELD_BARE, "?", -ENODATA, NULL},
        {AUDIT_FIELD_BARE, "socket:[123]", 12, "socket:[123]"},
    };
    char buffer[16];

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        size_t length = strlen(cases[i].value);

        assert_int_equal(
            audit_value_decode(cases[i].kind, cases[i].value, length, buffer, sizeof(buffer)),
            cases[i].result);
        if (cases[i].result > 0) {
            assert_memory_equal(buffer, cases[i].text, (size_t)cases[i].result);
            /* Exactly enough room, and one byte less. */
            assert_int_equal(audit_value_decode(cases[i].kind, cases[i].value, length, buffer,
                                                (size_t)cases[i].result),
                             cases[i].result);
            assert_int_equal(audit_value_decode(cases[i].kind, cases[i].value, length, buffer,
                                                (size_t)cases[i].result - 1),
                             -ENOBUFS);
        }
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        int decimal, signed_, hex;
        uint64_t decimal_value;
        int64_t signed_value;
        uint64_t hex_value;
    } cases[] = {
        {"0", 0, 0, 0, 0, 0, 0},
        {"13", 0, 0, 0, 13, 13, 0x13},
        {"-13", -EINVAL, 0, -EINVAL, 0, -13, 0},
        {"c000003e", -EINVAL, -EINVAL, 0, 0, 0, 0xc000003e},
        {"18446744073709551615", 0, -ERANGE, -ERANGE, UINT64_MAX, 0, 0},
        {"18446744073709551616", -ERANGE, -ERANGE, -ERANGE, 0, 0, 0},
        {"ffffffffffffff9c", -EINVAL, -EINVAL, 0, 0, 0, UINT64_C(0xffffffffffffff9c)},
        {"", -EINVAL, -EINVAL, -EINVAL, 0, 0, 0},
        {"-", -EINVAL, -EINVAL, -EINVAL, 0, 0, 0},
        {"1 ", -EINVAL, -EINVAL, -EINVAL, 0, 0, 0},
        {"0x1", -EINVAL, -EINVAL, -EINVAL, 0, 0, 0},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        size_t length = strlen(cases[i].text);
        uint64_t number = 0;
        int64_t value = 0;

        assert_int_equal(audit_value_number(cases[i].text, length, &number), cases[i].decimal);
        assert_int_equal(number, cases[i].decimal_value);
        assert_int_equal(audit_value_signed(cases[i].text, length, &value), cases[i].signed_);
        assert_int_equal(value, cases[i].signed_value);
        number = 0;
        assert_int_equal(audit_value_hex(cases[i].text, length, &number), cases[i].hex);
        assert_int_equal(number, cases[i].hex_value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
