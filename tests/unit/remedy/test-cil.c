/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "tests/unit/test.h"

static void test_good(void **state _unused_)
{
    static const char text[] = "(type t)\n"
                               "(roletype object_r t)\n"
                               "( typeattributeset port_type ( t ) )\n"
                               "(allow httpd_t t (tcp_socket (name_connect name_bind)))\n";
    _cleanup_free_ char *problem = NULL;
    CilModule module = {};

    assert_int_equal(cil_read(text, &module, &problem), 0);
    assert_null(problem);
    assert_string_equal(module.type, "t");
    assert_string_equal(module.attributes[0], "port_type");
    assert_null(module.attributes[1]);
    assert_int_equal(module.n_rules, 1);
    assert_string_equal(module.rules[0].source, "httpd_t");
    assert_string_equal(module.rules[0].target, "t");
    assert_string_equal(module.rules[0].target_class, "tcp_socket");
    assert_int_equal(strv_length(module.rules[0].permissions), 2);
    assert_string_equal(module.rules[0].permissions[1], "name_bind");
    cil_module_clear(&module);
}

static void test_bad(void **state _unused_)
{
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"", "no rule"},
        {"(type t)(roletype object_r t)", "no rule"},
        {"(", "name is expected"},
        {")", "\"(\" is expected"},
        {"(allow a b (c (d)))x", "\"(\" is expected"},
        {"(allow a b (c (d))", "\")\" is expected"},
        {"(allow a b (c ()))", "name is expected"},
        {"(allow a b c)", "\"(\" is expected"},
        {"(allow a b (c (d)) e)", "\")\" is expected"},
        {"(allow a b (c (d (e))))", "name is expected"},
        {"(allow a b (c (all)))\n; comment", "line 2: \"(\" is expected"},
        {"(allow \"a\" b (c (d)))", "name is expected"},
        {"(allow a b\t(c (d)))", "\"(\" is expected"},
        {"(allow a.b c (d (e)))", "name is expected"},
        {"(allow 1 c (d (e)))", "name is expected"},
        {"(allowx a ioctl b (c (d)))", "not permitted"},
        {"(block b (allow a c (d (e))))", "not permitted"},
        {"(in x (allow a c (d (e))))", "not permitted"},
        {"(typeattribute a)", "not permitted"},
        {"(type a)(type b)", "only one type"},
        {"(roletype system_r t)", "object_r"},
        {"(roletype object_r t)", "declared before it"},
        {"(type t)(roletype object_r u)", "declared before it"},
        {"(type t)(typeattributeset domain (u))", "declared before it"},
        {"(type t)(typeattributeset domain (and (t) (u)))", "declared before it"},
        {"(type t)(allow a t (c (d)))", "no role"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *problem = NULL;
        CilModule module = {};

        assert_int_equal(cil_read(rows[i].text, &module, &problem), -EINVAL);
        assert_null(module.rules);
        if (!strstr(strempty(problem), rows[i].problem))
            fail_msg("\"%s\": \"%s\" is not in \"%s\"", rows[i].text, rows[i].problem, problem);
    }
}

static char *repeat(const char *unit, size_t n)
{
    char *text = calloc(n, strlen(unit) + 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * strlen(unit), unit, strlen(unit));
    return text;
}

static void test_bounds(void **state _unused_)
{
    const struct {
        char *text;
        int result;
    } rows[] = {
        {repeat("(allow a b (c (d)))", CIL_RULES_MAX), 0},
        {repeat("(allow a b (c (d)))", CIL_RULES_MAX + 1), -E2BIG},
        {repeat("(", 10000), -EINVAL},
        {repeat(" ", PLAN_CIL_MAX + 1), -E2BIG},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *problem = NULL;
        CilModule module = {};

        assert_int_equal(cil_read(rows[i].text, &module, &problem), rows[i].result);
        cil_module_clear(&module);
        free(rows[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
