/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/monitor/pace.h"
#include "tests/unit/test.h"

/* A denial now and then: each waits for the first delay, and rest follows. */
static void test_single_denials(void **state _unused_)
{
    Pace pace = {};

    for (int i = 0; i < 3; i++) {
        assert_int_equal(pace_begin(&pace), INTAKE_DELAY_USEC);
        assert_true(pace_next(&pace, 5) <= INTAKE_DELAY_MAX_USEC);
        assert_int_equal(pace_next(&pace, 0), PACE_REST);
    }
}

/* The more often there is something, the longer the delay, but never beyond its bound. */
static void test_steady_denials(void **state _unused_)
{
    Pace pace = {};
    uint64_t last = pace_begin(&pace), total = last;
    unsigned looks = 1;

    for (; total < USEC_PER_SEC; looks++) {
        uint64_t delay = pace_next(&pace, INTAKE_FLOOD - 1);

        assert_true(delay >= last && delay <= INTAKE_DELAY_MAX_USEC);
        last = delay;
        total += delay;
    }
    assert_int_equal(last, INTAKE_DELAY_MAX_USEC);
    assert_true(looks <= 4 + USEC_PER_SEC / INTAKE_DELAY_MAX_USEC);
    assert_int_equal(pace_next(&pace, 0), PACE_REST);
    assert_int_equal(pace_begin(&pace), INTAKE_DELAY_USEC);
}

/* A flood waits for nothing, and its end is as any other. */
static void test_flood(void **state _unused_)
{
    Pace pace = {};

    (void)pace_begin(&pace);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pace_next(&pace, INTAKE_FLOOD), 0);
        assert_int_equal(pace_begin(&pace), 0);
    }
    assert_int_equal(pace_next(&pace, INTAKE_FLOOD - 1), INTAKE_DELAY_USEC);
    assert_int_equal(pace_next(&pace, 0), PACE_REST);
    assert_int_equal(pace_begin(&pace), INTAKE_DELAY_USEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_denials),
        cmocka_unit_test(test_steady_denials),
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
