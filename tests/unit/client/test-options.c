/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "client/options.h"
#include "daemon/core/macro.h"
#include "tests/unit/test.h"

static void test_seconds(void **state _unused_)
{
    static const struct {
        const char *text;
        int result;
        uint64_t seconds;
    } rows[] = {
        {"90", 0, 90},
        {"90s", 0, 90},
        {"10min", 0, 600},
        {"2h", 0, 7200},
        {"1d", 0, 86400},
        {"5m", 0, 300},
        {"2d", -ERANGE, 0},
        {"4", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"min", -EINVAL, 0},
        {"-5", -EINVAL, 0},
        {"10 min", -EINVAL, 0},
        {"1.5h", -EINVAL, 0},
        {"99999999999999999999h", -ERANGE, 0},
        {"10minutes", -EINVAL, 0},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        uint64_t seconds = 7;

        assert_int_equal(option_parse_seconds(rows[i].text, 5, 86400, &seconds), rows[i].result);
        assert_int_equal(seconds, rows[i].result == 0 ? rows[i].seconds : 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seconds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
