/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/monitor/options.h"
#include "daemon/monitor/problems.h"
#include "tests/unit/test.h"

static void test_utc_offset(void **state _unused_)
{
    static const struct {
        const char *text;
        int result;
        int32_t seconds;
    } rows[] = {
        {"Z", 0, 0},           {"+02:00", 0, 7200},    {"-0330", 0, -12600},    {"+5", 0, 18000},
        {"+14:00", 0, 50400},  {"+15:00", -EINVAL, 0}, {"02:00", -EINVAL, 0},   {"+", -EINVAL, 0},
        {"+02:0", -EINVAL, 0}, {"+02:60", -EINVAL, 0}, {"+02:00x", -EINVAL, 0}, {"", -EINVAL, 0},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        int32_t seconds = 0;

        if (options_parse_utc_offset(rows[i].text, &seconds) != rows[i].result ||
            (rows[i].result == 0 && seconds != rows[i].seconds))
            fail_msg("%s: %d", rows[i].text, (int)seconds);
    }
}

static void test_problems(void **state _unused_)
{
    Problems problems = {};

    assert_true(problems_set(&problems, PROBLEM_POLICY, "gone"));
    assert_false(problems_set(&problems, PROBLEM_POLICY, "gone"));
    assert_true(problems_set(&problems, PROBLEM_POLICY, "otherwise"));
    assert_true(problems_set(&problems, PROBLEM_POLICY, NULL));
    assert_false(problems_set(&problems, PROBLEM_POLICY, NULL));
    problems_clear(&problems);
    for (ProblemCode code = 0; code < PROBLEM_CODE_COUNT; code++) {
        assert_non_null(problem_code_to_string(code));
        assert_null(strchr(problem_code_to_sentence(code), '/')); /* no path for everyone */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc_offset),
        cmocka_unit_test(test_problems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
