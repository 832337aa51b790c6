/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials, as far as a store without a kernel goes: ports. What they do to booleans takes the
 * virtual machine. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

static bool is_tried(Fixture *fixture)
{
    return file_has(fixture, ACTIVE "ports.local", "http_port_t");
}

static void wait_trial(Fixture *fixture, const char *change, const char *wanted)
{
    uint64_t deadline = harness_now_usec() + 40 * SEC;

    while (!streq(fixture_change(fixture, change, "Trial"), wanted)) {
        if (harness_now_usec() > deadline)
            fail_msg("the trial is \"%s\"", fixture_change(fixture, change, "Trial"));
        (void)usleep(20000);
    }
}

static void test_ends_by_itself(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture), begin = harness_now_usec();
    JobOutcome outcome = plan_trial(fixture, 5, 1, PORT(3000, "http_port_t"));
    uint64_t applied = harness_now_usec();

    assert_unverified(outcome);
    assert_has(outcome.message, "Applied for 5 s");
    assert_true(is_tried(fixture));
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Trial"), "running");
    assert_true(there_is(fixture, "changes/pending"));

    /* What is on trial is not covered by another change. */
    assert_has(plan_refusal(fixture->root, 1, PORT(3000, "http_cache_port_t")), "is on trial");
    wait_trial(fixture, outcome.change_id, "over");
    assert_true(harness_now_usec() - begin >= 5 * SEC);
    assert_true(harness_now_usec() - applied < 60 * SEC); /* a transaction of a busy host in it */
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "reverted");
    assert_has(fixture_change(fixture, outcome.change_id, "RevertReason"), "time of the trial");
    assert_int_equal(fixture_store_hash(fixture), before);
}

static void test_revert_and_keep(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome = plan_trial(fixture, 600, 1, PORT(3000, "http_port_t"));

    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Trial"), "over");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "KeepUser"), "");
    assert_int_equal(fixture_store_hash(fixture), before);
    assert_has(plan_keep_refusal(fixture->root, outcome.change_id), "is no trial in force");

    outcome = plan_trial(fixture, 5, 1, PORT(3000, "http_port_t"));
    assert_unverified(plan_keep(fixture, outcome.change_id));
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Trial"), "kept");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "KeepUser"), "root");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "KeepReason"), KEEP_REASON);
    (void)usleep(6 * 1000000);
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "applied");
    assert_true(is_tried(fixture));
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_int_equal(fixture_store_hash(fixture), before);
    /* Of one that is taken back again it is still known who kept it. */
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Trial"), "kept");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "KeepReason"), KEEP_REASON);
}

/* The service dies while a trial is in force. The next one waits for the rest of the time; or ends
 * it at once, if it is over by then. */
static void test_outlives_a_crash(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);

    for (unsigned late = 0; late < 2; late++) {
        JobOutcome outcome = plan_trial(fixture, 8, 1, PORT(3000, "http_port_t"));

        assert_unverified(outcome);
        (void)harness_end(fixture->remedy, SIGKILL);
        harness_wait_name(fixture->root, REMEDY, false);
        assert_true(is_tried(fixture));
        if (late)
            (void)usleep(9 * 1000000);
        fixture_start_remedy(fixture, NULL);
        if (!late)
            assert_string_equal(fixture_change(fixture, outcome.change_id, "Trial"), "running");
        wait_trial(fixture, outcome.change_id, "over");
        assert_int_equal(fixture_store_hash(fixture), before);
    }
}

/* Replaces a text in a change record by one of the same length. */
static void edit_record(Fixture *fixture, const char *change, const char *key, char by)
{
    _cleanup_free_ char *name = format_string("changes/change-%06d.json", atoi(change));
    const char *path = harness_path(&fixture->harness, name);
    size_t size = 0;
    _cleanup_free_ char *text = harness_read(path, &size);
    char *at = text ? strstr(text, key) : NULL;
    FILE *file;

    if (!at) {
        fail_msg("%s has no %s", path, key);
        return;
    }
    at[strlen(key)] = by;
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* As after a reboot: the record is of another boot. */
static void test_ends_with_the_boot(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome = plan_trial(fixture, 86400, 1, PORT(3000, "http_port_t"));

    fixture_stop_remedy(fixture); /* does not wait a day */
    assert_true(is_tried(fixture));
    edit_record(fixture, outcome.change_id, "\"boot\":\"", 'x');
    fixture_start_remedy(fixture, NULL);
    wait_trial(fixture, outcome.change_id, "over");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "reverted");
    assert_int_equal(fixture_store_hash(fixture), before);
}

/* Killed at moments spread over the beginning of a trial: it is never left in force unseen. */
static void test_killed_as_it_begins(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    unsigned undone = 0, moments = 0;

    for (unsigned milliseconds = 0; milliseconds < 8000; milliseconds += 10 + milliseconds / 4) {
        size_t records = fixture_count_records(fixture);
        _cleanup_free_ char *change = NULL;
        uint64_t deadline = harness_now_usec() + 40 * SEC;
        const char *now;

        free(plan_start_trial(fixture, 600, 1, PORT(3000, "http_port_t")));
        (void)usleep(milliseconds * 1000);
        (void)harness_end(fixture->remedy, SIGKILL);
        harness_wait_name(fixture->root, REMEDY, false);
        fixture_start_remedy(fixture, NULL);
        moments++;
        if (fixture_count_records(fixture) == records)
            continue;
        change = format_string("%zu", records + 1);
        do {
            (void)usleep(20000);
            now = fixture_change(fixture, change, "State");
        } while (harness_now_usec() < deadline &&
                 (streq(now, "prepared") || streq(now, "committing")));
        if (streq(now, "applied")) {
            JobOutcome outcome;

            assert_string_equal(fixture_change(fixture, change, "Trial"), "running");
            outcome = fixture_revert(fixture, change);
            assert_unverified(outcome);
            assert_has(outcome.message, "Reverted.");
            assert_int_equal(fixture_store_hash(fixture), before);
            break;
        }
        assert_string_equal(now, "failed");
        undone++;
        assert_int_equal(fixture_store_hash(fixture), before);
    }
    assert_true(undone > 0);
    assert_true(moments >= 4);
}

static void test_refused(void **state)
{
    Fixture *fixture = *state;

    assert_has(plan_trial(fixture, 60, 1, BOOLEAN(BOOL_A, 1)).message, "cannot be tried out");
    assert_has(plan_trial_refusal(fixture->root, 4, 1, PORT(3000, "http_port_t")),
               "lasts 5 to 86400 seconds");
    assert_has(plan_trial_refusal(fixture->root, 86401, 1, PORT(3000, "http_port_t")),
               "lasts 5 to 86400 seconds");
    assert_has(plan_keep_refusal(fixture->root, "999999"), "There is no change");
    fixture_set_answer(fixture, "", "no");
    assert_has(plan_trial_refusal(fixture->nobody, 60, 1, PORT(3000, "http_port_t")),
               "AccessDenied");
    assert_false(is_tried(fixture));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ends_by_itself, fixture_reset),
        cmocka_unit_test_setup(test_revert_and_keep, fixture_reset),
        cmocka_unit_test_setup(test_outlives_a_crash, fixture_reset),
        cmocka_unit_test_setup(test_ends_with_the_boot, fixture_reset),
        cmocka_unit_test_setup(test_killed_as_it_begins, fixture_reset),
        cmocka_unit_test_setup(test_refused, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
