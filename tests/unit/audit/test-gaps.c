/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of gaps: what joins, what gives way, what becomes of one. */
#include "daemon/audit/gaps.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "tests/unit/test.h"

#define T0 (1000 * USEC_PER_SEC)

static void test_life(void **state)
{
    GapList list = {};
    Gap *gap = gap_list_open(&list, GAP_OVERFLOW, T0, 5);
    uint64_t id = gap->id;

    assert_true(gap_list_has_open(&list));
    assert_null(gap_list_next(&list));
    /* A further loss while it lasts belongs to it. */
    assert_ptr_equal(gap_list_open(&list, GAP_OVERFLOW, T0 + 60 * USEC_PER_SEC, 3), gap);
    assert_int_equal(gap->lost, 8);
    assert_int_equal(gap->from_usec, T0);
    gap_list_end(&list, T0 + 61 * USEC_PER_SEC);
    assert_false(gap_list_has_open(&list));
    assert_ptr_equal(gap_list_next(&list), gap);
    /* So does one shortly after its end, as long as nobody reads for it. */
    assert_ptr_equal(gap_list_open(&list, GAP_OVERFLOW, T0 + 64 * USEC_PER_SEC, 0), gap);
    gap_list_end(&list, T0 + 65 * USEC_PER_SEC);
    assert_int_equal(gap->to_usec, T0 + 65 * USEC_PER_SEC);
    gap->state = GAP_FILLING;
    assert_ptr_not_equal(gap_list_open(&list, GAP_OVERFLOW, T0 + 66 * USEC_PER_SEC, 0), gap);
    gap = gap_list_find(&list, id);
    assert_non_null(gap);
    gap_finish(gap, NULL);
    assert_int_equal(gap->state, GAP_FILLED);
    assert_int_equal(gap_list_count_unfilled(&list), 0);
    gap_list_end(&list, T0 + 70 * USEC_PER_SEC);
    gap = gap_list_next(&list);
    gap_finish(gap, "why not");
    assert_int_equal(gap_list_count_unfilled(&list), 1);
    assert_string_equal(gap->reason, "why not");
    assert_null(gap_list_next(&list));
}

/* A gap never ends before it begins, however the clock was set. */
static void test_clock_set_back(void **state)
{
    GapList list = {};
    Gap *gap = gap_list_open(&list, GAP_OVERFLOW, T0, 0);

    gap_list_end(&list, T0 - 500 * USEC_PER_SEC);
    assert_int_equal(gap->to_usec, T0);
}

static void test_unfilled(void **state)
{
    GapList list = {};
    Gap *gap = gap_list_add_unfilled(&list, GAP_KERNEL, T0, T0 + 1, 4, "dropped");

    assert_ptr_equal(
        gap_list_add_unfilled(&list, GAP_KERNEL, T0 + 2, T0 + USEC_PER_SEC, 3, "dropped"), gap);
    assert_int_equal(gap->lost, 7);
    assert_int_equal(gap->to_usec, T0 + USEC_PER_SEC);
    assert_ptr_not_equal(gap_list_add_unfilled(&list, GAP_KERNEL, T0 + 2, T0 + 3, 3, "otherwise"),
                         gap);
    assert_ptr_not_equal(
        gap_list_add_unfilled(&list, GAP_KERNEL, T0 + 60 * USEC_PER_SEC, T0, 3, "dropped"), gap);
    assert_int_equal(gap_list_count_unfilled(&list), 3);
}

static void test_bounds(void **state)
{
    GapList list = {};
    Gap *gap;

    for (uint64_t i = 0; i < 10 * AUDIT_GAPS_MAX; i++) {
        gap = gap_list_add_unfilled(&list, GAP_KERNEL, T0 + i * 100 * USEC_PER_SEC,
                                    T0 + i * 100 * USEC_PER_SEC, 1, "x");
        if (i % 2)
            gap_finish(gap, NULL);
    }
    assert_int_equal(list.n_gaps, AUDIT_GAPS_MAX);
    /* Filled ones gave way first: of the last sixteen steps half were. */
    assert_true(gap_list_count_unfilled(&list) >= AUDIT_GAPS_MAX - 1);
    assert_true(list.evicted > 0);
    assert_false(gap_list_expire(&list, T0));
    assert_true(
        gap_list_expire(&list, T0 + AUDIT_GAP_KEEP_USEC + UINT64_C(1) * USEC_PER_SEC * 1000000));
    assert_int_equal(list.n_gaps, 0);
}

static void test_restored(void **state)
{
    GapList list = {};
    const Gap reading = {.cause = GAP_STOPPED, .state = GAP_FILLING, .from_usec = 5, .to_usec = 3};
    const Gap filled = {.cause = GAP_STOPPED, .state = GAP_FILLED, .from_usec = 5, .to_usec = 9};

    gap_list_restore(&list, &reading);
    gap_list_restore(&list, &filled);
    assert_int_equal(list.gaps[0].state, GAP_UNFILLED);
    assert_int_equal(list.gaps[0].to_usec, 5);
    assert_true(list.gaps[0].reason[0] != '\0');
    assert_int_equal(list.gaps[1].state, GAP_FILLED);
    assert_null(gap_list_next(&list));
}

/* What nothing was counted of is read again; else it might be counted twice. */
static void test_restored_unread(void **state)
{
    GapList list = {};
    Gap gap = {.cause = GAP_STOPPED, .state = GAP_FILLING, .from_usec = 5, .to_usec = 9};

    gap_list_restore(&list, &gap);
    gap.state = GAP_WAITING;
    gap_list_restore(&list, &gap);
    gap.found = 1;
    gap_list_restore(&list, &gap);
    gap.state = GAP_OPEN;
    gap.found = gap.to_usec = 0;
    gap_list_restore(&list, &gap);
    assert_int_equal(list.gaps[0].state, GAP_WAITING);
    assert_int_equal(list.gaps[1].state, GAP_WAITING);
    assert_int_equal(list.gaps[2].state, GAP_UNFILLED);
    assert_int_equal(list.gaps[3].state, GAP_UNFILLED);
    assert_ptr_equal(gap_list_next(&list), &list.gaps[0]);
}

static void test_names(void **state)
{
    for (int i = 0; i < GAP_CAUSE_COUNT; i++) {
        GapCause cause;

        assert_int_equal(gap_cause_from_string(gap_cause_to_string((GapCause)i), &cause), 0);
        assert_int_equal(cause, i);
    }
    for (int i = 0; i < GAP_STATE_COUNT; i++)
        assert_non_null(gap_state_to_string((GapState)i));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),     cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_unfilled), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_restored), cmocka_unit_test(test_restored_unread),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
