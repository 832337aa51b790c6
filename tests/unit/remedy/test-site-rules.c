/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/site-rules.h"
#include "tests/unit/test.h"

static char path[] = "/tmp/selguard-rules-XXXXXX";

static int setup(void **state _unused_)
{
    int fd = mkstemp(path);

    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state _unused_)
{
    return unlink(path);
}

static int load(const char *text, SiteRules *ret_rules, char **ret_problem)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return site_rules_load(path, ret_rules, ret_problem);
}

static void test_good(void **state _unused_)
{
    static const struct {
        const char *text;
        const char *patterns;
    } rows[] = {
        {"", ""},
        {"# nothing\n[monitor]\nWhatever=1\n", ""},
        {"[remedy]\nDeniedBooleans=a_* b\n", "a_* b"},
        {"[remedy]\nDeniedBooleans = a\nDeniedBooleans=b c\n", "a b c"},
        {"[remedy]\nDeniedBooleans=a\n  b\n", "a b"},
        {"[remedy]\nDeniedBooleans=\n", ""},
        {"[monitor]\nDeniedBooleans=a\n[remedy]\nDeniedBooleans=b", "b"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        SiteRules rules = {0};
        _cleanup_free_ char *problem = NULL;
        _cleanup_free_ char *joined = NULL;

        if (load(rows[i].text, &rules, &problem) != 0)
            fail_msg("%s", problem);
        joined = strv_join(rules.denied_booleans, " ");
        assert_string_equal(strempty(joined), rows[i].patterns);
        site_rules_clear(&rules);
    }
}

/* Rules that restrict are not skipped because they cannot be read. */
static void test_bad(void **state _unused_)
{
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"[remedy]\nDeniedBoolean=a\n", "line 2: [remedy] has no setting \"DeniedBoolean\""},
        {"[remedy\nDeniedBooleans=a\n", "line 1"},
        {"[remedy]\nDeniedBooleans\n", "line 2"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        SiteRules rules = {0};
        _cleanup_free_ char *problem = NULL;

        assert_int_equal(load(rows[i].text, &rules, &problem), -EBADMSG);
        assert_non_null(strstr(problem, rows[i].problem));
        assert_null(rules.denied_booleans);
    }
}

static void test_too_many(void **state _unused_)
{
    _cleanup_free_ char *text = strdup("[remedy]\n");
    SiteRules rules = {0};
    _cleanup_free_ char *problem = NULL;

    for (unsigned i = 0; i <= REMEDY_DENIED_BOOLEANS_MAX; i++) {
        _cleanup_free_ char *old = text;

        text = format_string("%sDeniedBooleans=b%u\n", old, i);
    }
    assert_int_equal(load(text, &rules, &problem), -E2BIG);
    assert_non_null(problem);
}

static void test_files(void **state _unused_)
{
    SiteRules rules = {0};
    _cleanup_free_ char *problem = NULL;

    assert_int_equal(site_rules_load("/nonexistent/selguard.conf", &rules, &problem), 0);
    assert_null(problem);
    assert_true(site_rules_load("/", &rules, &problem) < 0);
    assert_non_null(problem);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
