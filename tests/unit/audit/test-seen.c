/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The set of events that were taken: ways, eviction, and what a restart is told. */
#include "daemon/audit/seen.h"
#include "daemon/core/limits.h"
#include "tests/unit/test.h"

#define T0 UINT64_C(1795379754000000)

static SeenEvents *seen;

static int setup(void **state)
{
    return seen_events_new(&seen);
}

static int teardown(void **state)
{
    seen = seen_events_free(seen);
    return 0;
}

static void test_ways(void **state)
{
    assert_true(seen_events_add(seen, T0, 7, SEEN_LIVE));
    assert_true(seen_events_add(seen, T0, 7, SEEN_LIVE)); /* its second part */
    assert_false(seen_events_add(seen, T0, 7, SEEN_READ));
    assert_true(seen_events_add(seen, T0, 8, SEEN_READ));
    assert_false(seen_events_add(seen, T0, 8, SEEN_READ));
    assert_false(seen_events_add(seen, T0, 8, SEEN_LIVE));
    assert_true(seen_events_add(seen, T0, 9, SEEN_KEPT));
    assert_false(seen_events_add(seen, T0, 9, SEEN_READ));
    assert_false(seen_events_add(seen, T0, 9, SEEN_LIVE));
    /* Another time is another event: a serial repeats after a boot. */
    assert_true(seen_events_add(seen, T0 + 1000, 9, SEEN_READ));
    /* All bits of the serial tell. */
    for (unsigned int bit = 0; bit < 32; bit++)
        assert_true(
            seen_events_add(seen, T0 + USEC_PER_SEC * (bit + 2), UINT64_C(1) << bit, SEEN_READ));
    assert_true(seen_events_add(seen, T0 + 40 * USEC_PER_SEC, 1, SEEN_LIVE));
    assert_true(seen_events_add(seen, T0 + 40 * USEC_PER_SEC, 1 + AUDIT_SEEN_EVENTS, SEEN_READ));
}

static void test_eviction(void **state)
{
    assert_true(seen_events_knows(seen, 1));
    for (uint64_t serial = 1; serial <= AUDIT_SEEN_EVENTS; serial++)
        assert_true(seen_events_add(seen, T0 + serial * 1000, serial, SEEN_LIVE));
    assert_true(seen_events_knows(seen, T0));
    assert_false(seen_events_add(seen, T0 + 1000, 1, SEEN_READ));
    /* One more takes the place of the first. */
    assert_true(seen_events_add(seen, T0 + UINT64_C(1000000000), AUDIT_SEEN_EVENTS + 1, SEEN_LIVE));
    assert_false(seen_events_knows(seen, T0 + 1000));
    assert_true(seen_events_knows(seen, T0 + 2000));
    assert_false(seen_events_add(seen, T0 + 2000, 2, SEEN_READ));
    /* An older one that is read up does not take the place of a newer. */
    assert_true(seen_events_add(seen, T0 + 2500, 3 + 7 * AUDIT_SEEN_EVENTS, SEEN_READ));
    assert_false(seen_events_add(seen, T0 + 3000, 3, SEEN_READ));
    assert_false(seen_events_knows(seen, T0 + 2500));
}

static void test_recent(void **state)
{
    static SeenEvent events[AUDIT_SEEN_RECENT];
    uint64_t since;

    assert_int_equal(seen_events_last(seen), 0);
    assert_int_equal(seen_events_recent(seen, events, &since), 0);
    assert_int_equal(since, 0);
    seen_events_add(seen, T0, 1, SEEN_KEPT);
    seen_events_add(seen, T0 + AUDIT_SEEN_SPAN_USEC + 1000, 2, SEEN_LIVE);
    seen_events_add(seen, T0 + AUDIT_SEEN_SPAN_USEC, 3, SEEN_LIVE);
    seen_events_add(seen, T0 + 99 * USEC_PER_SEC, 4, SEEN_READ);
    assert_int_equal(seen_events_last(seen), T0 + AUDIT_SEEN_SPAN_USEC);
    assert_int_equal(seen_events_recent(seen, events, &since), 3);
    assert_int_equal(since, T0);
    assert_int_equal(events[0].serial, 3);
    assert_int_equal(events[2].serial, 1);
    /* More in the span than are kept: the span shrinks to what is known. */
    for (uint64_t i = 1; i <= AUDIT_SEEN_RECENT + 10; i++)
        seen_events_add(seen, T0 + 10 * USEC_PER_SEC + i * 1000, 100 + i, SEEN_LIVE);
    assert_int_equal(seen_events_recent(seen, events, &since), AUDIT_SEEN_RECENT);
    assert_int_equal(since, T0 + 10 * USEC_PER_SEC + 11 * 1000);
    /* The clock was set back: what came before is not of this time. */
    seen_events_add(seen, T0 - 3600 * USEC_PER_SEC, 5000, SEEN_LIVE);
    assert_int_equal(seen_events_last(seen), T0 - 3600 * USEC_PER_SEC);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_eviction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recent, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
