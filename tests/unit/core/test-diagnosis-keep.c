/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor keeps of a diagnosis: there and back, and what is refused on the way back. */
#include <errno.h>
#include <json-c/json_tokener.h>

#include "daemon/core/diagnosis-keep.h"
#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

static Diagnosis *make_diagnosis(void)
{
    Diagnosis *diagnosis = diagnosis_new();

    assert_non_null(diagnosis);
    diagnosis->id = strdup("0123456789abcdef");
    diagnosis->summary = strdup("nginx may not connect to port 3000.");
    diagnosis->verdict = VERDICT_BLOCKED_BY_SELINUX;
    diagnosis->cause = CAUSE_BOOLEAN;
    diagnosis->state = DIAGNOSIS_DISMISSED;
    diagnosis->count = UINT64_C(5000000000);
    diagnosis->first_seen_usec = UINT64_C(1795379754628123);
    diagnosis->last_seen_usec = UINT64_C(1795379754628124);
    diagnosis->have_access = true;
    assert_int_equal(access_init(&diagnosis->access, "u:r:httpd_t:s0", "u:object_r:ntop_port_t:s0",
                                 "tcp_socket", "name_connect"),
                     0);
    diagnosis->denied = true;
    diagnosis->port = 3000;
    diagnosis->error = 13;
    diagnosis->operation = strdup("connect");
    diagnosis->target_kind = TARGET_PORT;
    diagnosis->inode = 17;
    diagnosis->context_usec = 5;
    diagnosis->evidence_usec = 6;
    for (int i = 0; i < (int)DIAGNOSIS_REQUESTS_MAX; i++) {
        _cleanup_free_ char *request = format_string("GET /%d \\x1b HTTP/1.1 \"\xc3\xa4\"", i);

        assert_int_equal(diagnosis_remember(diagnosis->requests, DIAGNOSIS_REQUESTS_MAX, request),
                         0);
    }
    assert_int_equal(diagnosis_remember(diagnosis->evidence, DIAGNOSIS_EVIDENCE_MAX, "avc: x"), 0);
    return diagnosis;
}

static void test_round_trip(void **state)
{
    Diagnosis *before = make_diagnosis(), *after;
    _cleanup_json_ json_object *first = NULL, *second = NULL, *parsed = NULL;

    assert_int_equal(diagnosis_keep(before, &first), 0);
    parsed = json_tokener_parse(json_object_to_json_string_ext(first, JSON_C_TO_STRING_PLAIN));
    assert_non_null(parsed);
    assert_int_equal(diagnosis_restore(parsed, &after), 0);
    assert_int_equal(diagnosis_keep(after, &second), 0);
    assert_string_equal(json_object_to_json_string(first), json_object_to_json_string(second));

    assert_int_equal(after->count, UINT64_C(5000000000));
    assert_int_equal(after->first_seen_usec, UINT64_C(1795379754628123));
    assert_int_equal(after->state, DIAGNOSIS_DISMISSED);
    assert_int_equal(after->port, 3000);
    assert_string_equal(after->requests[15], before->requests[15]);
    assert_null(after->evidence[1]);
    assert_false(after->analyzed);
    diagnosis_free(before);
    diagnosis_free(after);
}

/* One member replaced by that JSON. */
static int restore_with(const char *key, const char *json)
{
    Diagnosis *diagnosis = make_diagnosis(), *after = NULL;
    _cleanup_json_ json_object *object = NULL;
    int r;

    assert_int_equal(diagnosis_keep(diagnosis, &object), 0);
    if (json)
        json_object_object_add(object, key, json_tokener_parse(json));
    else
        json_object_object_del(object, key);
    r = diagnosis_restore(object, &after);
    assert_true((r == 0) == (after != NULL));
    diagnosis_free(after);
    diagnosis_free(diagnosis);
    return r;
}

static void test_refused(void **state)
{
    static const struct {
        const char *key, *json;
        int expected;
    } cases[] = {
        {"unheard-of", "[1]", 0},
        {"operation", NULL, 0},
        {"requests", NULL, 0},
        {"port", "-1", 0},
        {"id", NULL, -EBADMSG},
        {"id", "\"0123456789abcde\"", -EBADMSG},
        {"id", "\"0123456789abcde/\"", -EBADMSG},
        {"id", "17", -EBADMSG},
        {"count", "0", -EBADMSG},
        {"count", "-1", -EBADMSG},
        {"count", "1.5", -EBADMSG},
        {"port", "65536", -EBADMSG},
        {"verdict", "\"guilty\"", -EBADMSG},
        {"state", NULL, -EBADMSG},
        {"denied", "\"yes\"", -EBADMSG},
        {"class", NULL, -EBADMSG},
        {"requests", "{}", -EBADMSG},
        {"requests", "[1]", -EBADMSG},
        {"lines", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", -EBADMSG},
        {"path", "\"/a\\u0000b\"", -EBADMSG},
        {"path", "\"/a\xff\"", -EBADMSG},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        int r = restore_with(cases[i].key, cases[i].json);

        if (r != cases[i].expected)
            fail_msg("%s=%s: %d", cases[i].key, strempty(cases[i].json), r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
