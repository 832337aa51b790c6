/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <string.h>

#include "daemon/selinux/security-context.h"

static const struct {
    const char *text;
    int status;
    const char *canonical; /* NULL: the text itself */
} cases[] = {
    {"system_u:system_r:httpd_t:s0", CONTEXT_OK, NULL},
    {"system_u:system_r:httpd_t:s0-s0:c0.c7", CONTEXT_OK, NULL},
    {"system_u:system_r:httpd_t:s0:c1,c5", CONTEXT_OK, NULL},
    {"system_u:system_r:httpd_t:s0:c1-s0:c0.c3,c5", CONTEXT_OK, NULL},
    /* Canonical forms: two in a row by a comma, three by a dot, equal levels once. */
    {"system_u:system_r:httpd_t:s0:c1.c2", CONTEXT_OK, "system_u:system_r:httpd_t:s0:c1,c2"},
    {"system_u:system_r:httpd_t:s0:c5,c1,c0", CONTEXT_OK, "system_u:system_r:httpd_t:s0:c0,c1,c5"},
    {"system_u:system_r:httpd_t:s0-s0", CONTEXT_OK, "system_u:system_r:httpd_t:s0"},
    {"system_u:system_r:httpd_t:systemlow", CONTEXT_OK, "system_u:system_r:httpd_t:s0"},
    {"system_u:object_r:web_content_t:s0", CONTEXT_OK, "system_u:object_r:httpd_sys_content_t:s0"},

    {"", CONTEXT_MALFORMED, NULL},
    {":::", CONTEXT_MALFORMED, NULL},
    {"system_u", CONTEXT_MALFORMED, NULL},
    {"system_u:system_r", CONTEXT_MALFORMED, NULL},
    {"system_u:system_r:", CONTEXT_MALFORMED, NULL},
    {"system_u::httpd_t:s0", CONTEXT_MALFORMED, NULL},
    {":system_r:httpd_t:s0", CONTEXT_MALFORMED, NULL},
    {"system_u:system_r:httpd_t", CONTEXT_MALFORMED, NULL},
    {"other_u:system_r:httpd_t:s0", CONTEXT_UNKNOWN_USER, NULL},
    {"system_u:other_r:httpd_t:s0", CONTEXT_UNKNOWN_ROLE, NULL},
    {"system_u:system_r:other_t:s0", CONTEXT_UNKNOWN_TYPE, NULL},
    {"other_u:other_r:other_t:s0", CONTEXT_UNKNOWN_TYPE, NULL},
    {"system_u:system_r:domain:s0", CONTEXT_UNKNOWN_TYPE, NULL}, /* an attribute */
    {"system_u:system_r:httpd:s0", CONTEXT_UNKNOWN_TYPE, NULL},
    {"system_u:system_r:httpd_tt:s0", CONTEXT_UNKNOWN_TYPE, NULL},
    {"system_u:system_r:httpd_t:", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s1", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c8", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c1,", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c3.c1", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c1.", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0-", CONTEXT_UNKNOWN_RANGE, NULL},
    /* The high level must hold the low one. */
    {"system_u:system_r:httpd_t:s0:c1-s0:c2", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c1-s0", CONTEXT_UNKNOWN_RANGE, NULL},
    {"system_u:system_r:httpd_t:s0:c0.c7:x", CONTEXT_UNKNOWN_RANGE, NULL},

    /* The role may not have the type, the user not the role, the user not the range; none of
     * it matters for objects. */
    {"system_u:system_r:etc_t:s0", CONTEXT_NOT_AUTHORIZED, NULL},
    {"system_u:unconfined_r:httpd_t:s0", CONTEXT_NOT_AUTHORIZED, NULL},
    {"guest_u:system_r:httpd_t:s0", CONTEXT_OK, NULL},
    {"guest_u:system_r:httpd_t:s0:c1", CONTEXT_NOT_AUTHORIZED, NULL},
    {"guest_u:object_r:etc_t:s0:c1", CONTEXT_OK, NULL},
};

static void test_parses_contexts(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        SecurityContext context = {.user = 77};
        _cleanup_free_ char *text = NULL;
        int r = security_context_parse(policy, /* hypothesis= */ NULL, cases[i].text, &context);

        if (r != cases[i].status)
            print_error("%s: %d\n", cases[i].text, r);
        assert_int_equal(r, cases[i].status);
        if (r != CONTEXT_OK) {
            assert_int_equal(context.user, 77);
            continue;
        }
        text = security_context_to_string(policy, /* hypothesis= */ NULL, &context);
        assert_string_equal(text, cases[i].canonical ? cases[i].canonical : cases[i].text);
        security_context_clear(&context);
    }
}

static void test_parses_without_levels(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_PLAIN);
    _cleanup_free_ char *text = NULL;
    SecurityContext context = {};

    assert_int_equal(security_context_parse(policy, NULL, "system_u:system_r:httpd_t", &context),
                     CONTEXT_OK);
    text = security_context_to_string(policy, NULL, &context);
    assert_string_equal(text, "system_u:system_r:httpd_t");
    security_context_clear(&context);
    assert_int_equal(security_context_parse(policy, NULL, HTTPD, &context), CONTEXT_MALFORMED);
}

static void test_knows_added_types(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    _cleanup_free_ char *text = NULL;
    SecurityContext context = {};

    assert_int_equal(hypothesis_add_type(hypothesis, "new_t", NULL), 0);
    assert_int_equal(security_context_parse(policy, hypothesis, object("new_t"), &context),
                     CONTEXT_OK);
    text = security_context_to_string(policy, hypothesis, &context);
    assert_string_equal(text, object("new_t"));
    security_context_clear(&context);
    assert_int_equal(security_context_parse(policy, NULL, object("new_t"), &context),
                     CONTEXT_UNKNOWN_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses_contexts),
        cmocka_unit_test(test_parses_without_levels),
        cmocka_unit_test(test_knows_added_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
