/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/avc.h"
#include "daemon/audit/source-filter.h"
#include "daemon/core/macro.h"

#define HEAD     "avc:  denied  { read } for  pid=352 comm=\"nginx\" "
#define CONTEXTS "scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:etc_t:s0 "
#define TAIL     CONTEXTS "tclass=file permissive=0"

static void test_results(void **state)
{
    static const struct {
        const char *body;
        int result;
    } cases[] = {
        {HEAD TAIL, 1},
        {HEAD CONTEXTS "tclass=file", 1},
        {"avc:  denied  { read write } for " TAIL, 1},
        {"avc:  denied  { read 0x4000 } for " TAIL, 1},
        {"avc:  granted  { read } for " TAIL, 0},
        {"apparmor=\"DENIED\" operation=\"open\"", 0},
        {"", 0},
        {"avc:", -EBADMSG},
        {"avc:  refused  { read } for " TAIL, -EBADMSG},
        {"avc:  denied  null for " TAIL, -EBADMSG},
        {"avc:  denied  { } for " TAIL, -EBADMSG},
        {"avc:  denied  { read for " TAIL, -EBADMSG},
        {"avc:  denied  { re:ad } for " TAIL, -EBADMSG},
        {HEAD "tcontext=system_u:object_r:etc_t:s0 tclass=file", -EBADMSG},
        {HEAD "scontext=system_u:system_r:httpd_t:s0 tclass=file", -EBADMSG},
        {HEAD CONTEXTS, -EBADMSG},
        {HEAD CONTEXTS "tclass=", -EBADMSG},
        {HEAD CONTEXTS "tclass=fi-le", -EBADMSG},
        {HEAD "scontext=httpd_t tcontext=a:b:c tclass=file", -EBADMSG},
        {HEAD "scontext=a:b:c\x7f tcontext=a:b:c tclass=file", -EBADMSG},
        {HEAD "name=\"unfinished " TAIL, -EBADMSG},
        /* Only raw contexts. */
        {HEAD "tclass=file srawcon=\"a:b:c\" trawcon=\"d:e:f\"", 1},
        /* 33 permissions cannot be. */
        {"avc:  denied  { a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g } "
         "for " TAIL,
         -EBADMSG},
        {"avc:  denied  { a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f } "
         "for " TAIL,
         1},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        Avc avc;

        assert_int_equal(avc_parse(cases[i].body, strlen(cases[i].body), &avc), cases[i].result);
    }
}

static void assert_slice(const Avc *avc, AvcField field, const char *body, const char *text)
{
    assert_int_equal(avc->fields[field].length, strlen(text));
    assert_memory_equal(body + avc->fields[field].offset, text, strlen(text));
}

static void test_fields(void **state)
{
    static const char body[] =
        "avc:  denied  { name_connect  } for  pid=352 comm=\"nginx\" path=\"/a\" name=\"b\" "
        "dev=\"vda\" ino=17 src=1 dest=2 lport=3 fport=4 saddr=::1 daddr=::2 laddr=::3 faddr=::4 "
        "capability=5 " CONTEXTS "tclass=file permissive=1 srawcon=\"x:y:z\" trawcon=\"u:v:w\" "
        "pid=999 scontext=evil:evil:evil tclass=evil permissive=0";
    Avc avc;
    const char *context;
    size_t length;

    assert_int_equal(avc_parse(body, sizeof(body) - 1, &avc), 1);
    assert_slice(&avc, AVC_PERMISSIONS, body, "name_connect");
    assert_slice(&avc, AVC_PID, body, "352");
    assert_slice(&avc, AVC_COMM, body, "nginx");
    assert_slice(&avc, AVC_PATH, body, "/a");
    assert_slice(&avc, AVC_NAME, body, "b");
    assert_slice(&avc, AVC_DEV, body, "vda");
    assert_slice(&avc, AVC_INO, body, "17");
    assert_slice(&avc, AVC_SRC, body, "1");
    assert_slice(&avc, AVC_DEST, body, "2");
    assert_slice(&avc, AVC_LPORT, body, "3");
    assert_slice(&avc, AVC_FPORT, body, "4");
    assert_slice(&avc, AVC_SADDR, body, "::1");
    assert_slice(&avc, AVC_DADDR, body, "::2");
    assert_slice(&avc, AVC_LADDR, body, "::3");
    assert_slice(&avc, AVC_FADDR, body, "::4");
    assert_slice(&avc, AVC_CAPABILITY, body, "5");
    assert_slice(&avc, AVC_SCONTEXT, body, "system_u:system_r:httpd_t:s0");
    assert_slice(&avc, AVC_TCONTEXT, body, "system_u:object_r:etc_t:s0");
    assert_slice(&avc, AVC_TCLASS, body, "file");
    assert_slice(&avc, AVC_PERMISSIVE, body, "1");
    assert_slice(&avc, AVC_SRAWCON, body, "x:y:z");
    assert_slice(&avc, AVC_TRAWCON, body, "u:v:w");
    context = avc_source_context(&avc, body, &length);
    assert_memory_equal(context, "system_u:system_r:httpd_t:s0", length);
}

/* A file name cannot stand for a context, nor end its own field. */
static void test_hostile_name(void **state)
{
    static const char body[] = HEAD "name=\"scontext=a:b:unconfined_t\" " TAIL;
    Avc avc;

    assert_int_equal(avc_parse(body, sizeof(body) - 1, &avc), 1);
    assert_slice(&avc, AVC_SCONTEXT, body, "system_u:system_r:httpd_t:s0");
    assert_slice(&avc, AVC_NAME, body, "scontext=a:b:unconfined_t");
}

static void test_source_filter(void **state)
{
    char one[] = "httpd_t", two[] = "phpfpm_t", empty[] = "";
    char *list[] = {one, two, NULL}, *bad[] = {one, empty, NULL};
    char *many[AUDIT_SOURCES_MAX + 2] = {0};
    static const struct {
        const char *context;
        bool matches;
    } cases[] = {
        {"u:r:httpd_t:s0", true},
        {"u:r:httpd_t", true},
        {"u:r:httpd_t:s0:c1,c2", true},
        {"u:r:phpfpm_t:s0", true},
        {"u:r:httpd_tx", false},
        {"u:r:http", false},
        {"httpd_t:httpd_t:x", false},
        {"httpd_t", false},
        {"", false},
        {"u:r:", false},
    };
    SourceFilter filter;

    assert_int_equal(source_filter_init(&filter, list), 0);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        assert_int_equal(source_filter_matches(&filter, cases[i].context, strlen(cases[i].context)),
                         cases[i].matches);
    source_filter_clear(&filter);
    assert_true(source_filter_matches(&filter, "u:r:any_t", 9));
    assert_int_equal(source_filter_init(&filter, NULL), 0);
    assert_true(source_filter_matches(&filter, "u:r:any_t", 9));
    assert_int_equal(source_filter_init(&filter, bad), -EINVAL);
    for (size_t i = 0; i <= AUDIT_SOURCES_MAX; i++)
        many[i] = one;
    assert_int_equal(source_filter_init(&filter, many), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_hostile_name),
        cmocka_unit_test(test_source_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
