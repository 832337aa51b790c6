/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor over restarts, power cuts and losses: every denial counted once, whatever way it
 * came, and what cannot be read up said.
 */
#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/monitor-internal.h"
#include "tests/unit/monitor/live.h"
#include "tests/unit/test.h"

#define BOTH (LIVE_SOCKET | LIVE_LOG)

static Live live;

static int setup(void **state)
{
    live_init(&live);
    live_begin_log(&live);
    live_start(&live);
    live.monitor->use_journal = false;
    return 0;
}

static int teardown(void **state)
{
    live_clear(&live);
    return 0;
}

static void start_again(void)
{
    live_start(&live);
    live.monitor->use_journal = false;
}

static void deny(unsigned int n, unsigned int ways, int port)
{
    for (unsigned int i = 0; i < n; i++)
        live_deny(&live, ways, port, 0);
    live_drain(&live);
}

/* Until no gap is open or being read, and nothing waits for its other half. */
static void settle(void)
{
    for (unsigned int i = 0; i < 200; i++) {
        bool busy = live.monitor->backfill || gap_list_has_open(&live.monitor->gaps) ||
                    gap_list_next(&live.monitor->gaps);
        CorrelatorStatistics correlator;

        pipeline_correlator_statistics(live.monitor->pipeline, &correlator);
        if (!busy && correlator.pending == 0)
            return;
        live_run(&live, 100 * USEC_PER_MSEC);
    }
    fail_msg("it does not come to rest");
}

static const Gap *last_gap(void)
{
    const GapList *gaps = &live.monitor->gaps;

    assert_true(gaps->n_gaps > 0);
    return &gaps->gaps[gaps->n_gaps - 1];
}

static void save(void)
{
    (void)monitor_on_save_due(NULL, 0, live.monitor);
    for (unsigned int i = 0; i < 100 && live.monitor->saver > 0; i++)
        live_run(&live, 20 * USEC_PER_MSEC);
    assert_int_equal(live.monitor->saver, 0);
    assert_null(live.monitor->problems.details[PROBLEM_STATE]);
}

/* Denied while it did not run, then found in the log. */
static void test_clean_restart(void **state)
{
    deny(100, BOTH, 3000);
    live_stop(&live);
    deny(50, LIVE_LOG, 3000);
    deny(5, LIVE_LOG, 4000);
    live_mark_log(&live);
    start_again();
    assert_int_equal(live_count(&live, 3000), 100);
    deny(20, BOTH, 3000);
    live_mark_log(&live);
    settle();
    assert_int_equal(live_count(&live, 3000), 170);
    assert_int_equal(live_count(&live, 4000), 5);
    assert_int_equal(last_gap()->cause, GAP_STOPPED);
    assert_int_equal(last_gap()->state, GAP_FILLED);
    assert_int_equal(last_gap()->found, 55);
    assert_null(live.monitor->problems.details[PROBLEM_AUDIT_LOSS]);
    /* Nothing new: nothing is counted again. */
    for (unsigned int i = 0; i < 2; i++) {
        live_stop(&live);
        start_again();
        settle();
        assert_int_equal(live_count(&live, 3000), 170);
        assert_int_equal(live_count(&live, 4000), 5);
    }
}

/* What was counted after the last saving is read up; what was saved is not. */
static void test_power_cut(void **state)
{
    deny(40, BOTH, 3000);
    save(); /* while they wait for their other half */
    deny(30, BOTH, 3000);
    live_cut(&live);
    deny(7, LIVE_LOG, 3000);
    live_mark_log(&live);
    start_again();
    settle();
    assert_int_equal(live_count(&live, 3000), 77);
}

static void test_overflow(void **state)
{
    AuditStatistics *statistics =
        audit_assembler_statistics(pipeline_assembler(live.monitor->pipeline));

    deny(10, BOTH, 3000);
    deny(25, LIVE_LOG, 3000);
    statistics->loss_episodes++;
    statistics->lost_records += 100;
    deny(10, BOTH, 3000);
    assert_int_equal(last_gap()->cause, GAP_OVERFLOW);
    assert_int_equal(last_gap()->lost, 100);
    live_mark_log(&live);
    settle();
    assert_int_equal(live_count(&live, 3000), 45);
    assert_int_equal(last_gap()->state, GAP_FILLED);
    assert_int_equal(last_gap()->found, 25);
    /* A second one, right after. */
    deny(3, LIVE_LOG, 3000);
    statistics->loss_episodes++;
    deny(4, BOTH, 3000);
    live_mark_log(&live);
    settle();
    assert_int_equal(live_count(&live, 3000), 52);
}

/* No log has it: the gap stays, also over a restart. */
static void test_unfilled(void **state)
{
    AuditStatistics *statistics =
        audit_assembler_statistics(pipeline_assembler(live.monitor->pipeline));

    assert_int_equal(remove(live_path(&live, "audit.log")), 0);
    deny(10, LIVE_SOCKET, 3000);
    statistics->loss_episodes++;
    deny(10, LIVE_SOCKET, 3000);
    settle();
    assert_int_equal(live_count(&live, 3000), 20);
    assert_int_equal(last_gap()->state, GAP_UNFILLED);
    assert_string_equal(last_gap()->reason, "there is no audit log");
    assert_non_null(live.monitor->problems.details[PROBLEM_AUDIT_LOSS]);
    live_stop(&live);
    start_again();
    settle();
    assert_int_equal(live_count(&live, 3000), 20);
    assert_true(gap_list_count_unfilled(&live.monitor->gaps) >= 1);
    assert_non_null(live.monitor->problems.details[PROBLEM_AUDIT_LOSS]);
}

static void test_damaged_state(void **state)
{
    FILE *stream;

    deny(10, BOTH, 3000);
    live_stop(&live);
    stream = fopen(live_path(&live, "state"), "r+e");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 40, SEEK_SET), 0);
    assert_int_equal(fputc('~', stream), '~');
    assert_int_equal(fclose(stream), 0);
    start_again();
    assert_int_equal(store_count(monitor_store(live.monitor)), 0);
    assert_int_equal(access(live_path(&live, "state.bad"), F_OK), 0);
    deny(3, BOTH, 3000);
    live_stop(&live);
    live_mark_log(&live);
    start_again();
    settle();
    assert_int_equal(live_count(&live, 3000), 3);
}

/* A directory that cannot be written to is a problem that is said, and no more. */
static void test_cannot_save(void **state)
{
    assert_int_equal(mkdir(live_path(&live, "state.new"), 0700), 0);
    deny(1, BOTH, 3000);
    (void)monitor_on_save_due(NULL, 0, live.monitor);
    for (unsigned int i = 0; i < 100 && live.monitor->saver > 0; i++)
        live_run(&live, 20 * USEC_PER_MSEC);
    assert_non_null(live.monitor->problems.details[PROBLEM_STATE]);
    assert_int_equal(rmdir(live_path(&live, "state.new")), 0);
    save();
}

/* Each line of nginx's log once, over a rotation while the monitor did not run. */
static void test_logs(void **state)
{
    char from[128];

    live_log_failure(&live, 4000, 0);
    live_run(&live, USEC_PER_SEC); /* the log appears */
    assert_int_equal(pipeline_statistics(live.monitor->pipeline)->failures, 1);
    for (unsigned int i = 0; i < 10; i++)
        live_log_failure(&live, 3000, i);
    deny(1, BOTH, 4000);
    deny(10, BOTH, 3000);
    settle();
    live_stop(&live);
    for (unsigned int i = 10; i < 15; i++)
        live_log_failure(&live, 3000, i);
    (void)snprintf(from, sizeof(from), "%s", live_path(&live, "error.log"));
    assert_int_equal(rename(from, live_path(&live, "error.log.1")), 0);
    for (unsigned int i = 15; i < 20; i++)
        live_log_failure(&live, 3000, i);
    deny(10, LIVE_LOG, 3000);
    live_mark_log(&live);
    start_again();
    live_run(&live, USEC_PER_SEC);
    assert_int_equal(pipeline_statistics(live.monitor->pipeline)->failures, 10);
    settle();
    assert_int_equal(live_count(&live, 3000), 20);
    assert_int_equal(live_count(&live, 4000), 1);
    assert_int_equal(store_count(monitor_store(live.monitor)), 2);
}

/* More logs than are followed: as many as can be, and that is said. */
static void test_too_many_logs(void **state)
{
    char name[32];

    live_stop(&live);
    for (unsigned int i = 0; i < NGINX_LOGS_MAX + 7; i++) {
        (void)snprintf(name, sizeof(name), "log.%u", i);
        assert_int_equal(strv_append(&live.config.error_logs, live_path(&live, name)), 0);
    }
    start_again();
    assert_int_equal(follower_count(live.monitor->follower), NGINX_LOGS_MAX);
    assert_int_equal(log_finder_count_refused(live.monitor->logs), 8); /* error.log is one */
    assert_string_equal(live.monitor->problems.details[PROBLEM_ERROR_LOG],
                        "512 are followed, 8 more are not");
}

static uint64_t failures(void)
{
    return pipeline_statistics(live.monitor->pipeline)->failures;
}

/* Each line of the journal once, over a restart and a power cut. */
static void test_journal(void **state)
{
    live_stop(&live);
    if (!live_journal_failure(&live, 5000, 0)) {
        skip();
        return;
    }
    start_again(); /* the first run that has one: from now on */
    live_run(&live, USEC_PER_SEC);
    assert_int_equal(failures(), 0);
    assert_true(live_journal_failure(&live, 5000, 0));
    live_run(&live, 2 * USEC_PER_SEC);
    assert_int_equal(failures(), 1);
    live_stop(&live);
    assert_true(live_journal_failure(&live, 5001, 1));
    assert_true(live_journal_failure(&live, 5002, 2));
    start_again();
    live_run(&live, 2 * USEC_PER_SEC);
    assert_int_equal(failures(), 2);
    save();
    live_cut(&live);
    start_again();
    live_run(&live, 2 * USEC_PER_SEC);
    assert_int_equal(failures(), 0);
    assert_int_equal(store_count(monitor_store(live.monitor)), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(store_get(monitor_store(live.monitor), i)->count, 1);
}

/* A storm as a client makes it, request by request: few looks for many records and lines, each
 * soon enough, and all there. */
static void test_few_looks(void **state)
{
    const unsigned int n = 100;
    uint64_t before;

    live_log_failure(&live, 4000, 0);
    live_run(&live, USEC_PER_SEC); /* the log appears */
    before = live.monitor->looks;
    for (unsigned int i = 0; i < n; i++) {
        live_deny(&live, BOTH, 3000, 0);
        live_log_failure(&live, 3000, i);
        live_run(&live, 10 * USEC_PER_MSEC);
    }
    live_drain(&live);
    assert_int_equal(live_count(&live, 3000), n);
    /* One for each would be 200, one for each that wakes it some 500. */
    print_message("%llu looks\n", (unsigned long long)(live.monitor->looks - before));
    assert_true(live.monitor->looks - before <= n / 2);
    /* At rest a denial waits for the first delay only. */
    before = live.monitor->looks;
    live_deny(&live, BOTH, 3000, 0);
    live_run(&live, 2 * INTAKE_DELAY_USEC);
    assert_true(live.monitor->looks > before);
    assert_int_equal(pipeline_audit_statistics(live.monitor->pipeline)->denials, n + 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clean_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_power_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfilled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cannot_save, setup, teardown),
        cmocka_unit_test_setup_teardown(test_logs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_logs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_few_looks, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
