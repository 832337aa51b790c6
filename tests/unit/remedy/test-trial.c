/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/remedy/change-record.h"
#include "daemon/remedy/trial.h"
#include "tests/unit/test.h"

DEFINE_POINTER_CLEANUP(ChangeRecord, change_record_free, record_cleanup);

static void test_clock(void **state _unused_)
{
    TrialClock first = {}, second = {};

    assert_int_equal(trial_clock_read(&first), 0);
    assert_int_equal(trial_clock_read(&second), 0);
    assert_string_equal(first.boot_id, second.boot_id);
    assert_int_equal(strlen(first.boot_id), BOOT_ID_SIZE - 1);
    assert_true(first.boottime_usec <= second.boottime_usec);
}

static void test_remaining(void **state _unused_)
{
    const TrialClock begin = {.boottime_usec = 7 * USEC_PER_SEC, .boot_id = "a"};
    static const struct {
        TrialClock clock;
        uint64_t remaining;
    } rows[] = {
        {{7 * USEC_PER_SEC, "a"}, 60 * USEC_PER_SEC},
        {{66 * USEC_PER_SEC, "a"}, USEC_PER_SEC},
        {{67 * USEC_PER_SEC, "a"}, 0},
        {{UINT64_MAX, "a"}, 0},
        /* After a reboot the clock begins anew, which is no more time. */
        {{0, "b"}, 0},
        {{8 * USEC_PER_SEC, "b"}, 0},
    };
    Trial trial = {.state = TRIAL_RUNNING, .seconds = 60};

    assert_int_equal(trial_remaining_usec(&trial, &begin), 0);
    trial_start(&trial, &begin);
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        assert_int_equal(trial_remaining_usec(&trial, &rows[i].clock), rows[i].remaining);
}

static void test_open(void **state _unused_)
{
    static const bool open[TRIAL_STATE_COUNT] = {[TRIAL_RUNNING] = true, [TRIAL_KEEPING] = true};

    for (size_t i = 0; i < TRIAL_STATE_COUNT; i++) {
        const Trial trial = {.state = (TrialState)i};
        TrialState back;

        assert_int_equal(trial_is_open(&trial), open[i]);
        assert_int_equal(trial_state_from_string(trial_state_to_string(trial.state), &back), 0);
        assert_int_equal(back, i);
    }
}

/* What a trial's end puts back: the kernel's value only in the boot that it was read in. */
static void test_targets(void **state _unused_)
{
    Action actions[] = {
        {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_a", .value = true},
        {.kind = ACTION_SET_PORT, .protocol = (char *)"tcp", .type = (char *)"x_port_t"},
    };
    const Plan plan = {.actions = actions, .n_actions = 2};
    const ActionState before[] = {
        {.known = true, .policy = SETTING_OFF, .runtime = SETTING_OFF},
        {.known = true, .record = "old", .wanted = "new"},
    };
    _cleanup_(record_cleanup) ChangeRecord *record =
        change_record_new(&plan, before, 0, "root", NULL, NULL, 1);
    ActionState *targets;

    change_record_begin_trial(record, 60);
    assert_int_equal(record->after[0].local, SETTING_NONE);
    assert_int_equal(record->after[0].policy, SETTING_OFF);
    assert_int_equal(record->after[0].runtime, SETTING_ON);
    assert_string_equal(record->after[1].record, "new");

    targets = change_record_revert_targets(record, /* this_boot= */ true);
    assert_int_equal(targets[0].runtime, SETTING_OFF);
    assert_string_equal(targets[1].record, "old");
    free(targets);
    targets = change_record_revert_targets(record, /* this_boot= */ false);
    assert_int_equal(targets[0].runtime, SETTING_NONE);
    assert_string_equal(targets[1].record, "old");
    free(targets);

    targets = change_record_keep_targets(record);
    assert_int_equal(targets[0].local, SETTING_ON);
    assert_int_equal(targets[0].runtime, SETTING_ON);
    assert_string_equal(targets[1].record, "new");
    free(targets);
    record->trial.state = TRIAL_KEEPING;
    targets = change_record_revert_targets(record, /* this_boot= */ false);
    assert_int_equal(targets[0].local, SETTING_NONE);
    assert_int_equal(targets[0].runtime, SETTING_OFF);
    free(targets);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_remaining),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
