/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The remedy service end to end on a private bus: what it does when all is well. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "daemon/core/text.h"
#include "tests/bus/introspection.h"
#include "tests/bus/remedy-fixture.h"
#include "tests/unit/test.h"

#define LOCAL_BOOLEANS "root/var/lib/selinux/default/active/booleans.local"

static bool store_has(Fixture *fixture, const char *text)
{
    size_t size = 0;
    _cleanup_free_ char *content =
        harness_read(harness_path(&fixture->harness, LOCAL_BOOLEANS), &size);

    return content && strstr(content, text);
}

static void test_apply_and_revert(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome = fixture_apply(fixture, BOOL_A, true);

    /* A scratch store is not what a kernel runs: that must be said, never a success. */
    assert_string_equal(outcome.result, "unverified");
    assert_non_null(strstr(outcome.message, "Not verifiable"));
    assert_string_equal(outcome.error, "");
    assert_string_equal(outcome.phases, "reading reading committing verifying finished");
    assert_true(store_has(fixture, BOOL_A "=1"));
    assert_int_not_equal(fixture_store_hash(fixture), before);
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=on policy=on runtime=unknown");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "applied");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "User"), "root");

    outcome = fixture_revert(fixture, outcome.change_id);
    assert_string_equal(outcome.result, "unverified");
    assert_int_equal(fixture_store_hash(fixture), before);
    assert_false(store_has(fixture, BOOL_A));
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "reverted");
}

static void test_revert_restores_a_local_record(void **state)
{
    Fixture *fixture = *state;
    JobOutcome first = fixture_apply(fixture, BOOL_A, false);
    uint64_t with_record = fixture_store_hash(fixture);
    JobOutcome second;

    /* "off" was the policy's own value, and still a record is something else than none. */
    assert_string_equal(first.result, "unverified");
    assert_true(store_has(fixture, BOOL_A "=0"));
    second = fixture_apply(fixture, BOOL_A, true);
    assert_true(store_has(fixture, BOOL_A "=1"));

    (void)fixture_revert(fixture, second.change_id);
    assert_int_equal(fixture_store_hash(fixture), with_record);
    assert_true(store_has(fixture, BOOL_A "=0"));
    (void)fixture_revert(fixture, first.change_id);
    assert_false(store_has(fixture, BOOL_A));
}

static void test_revert_out_of_order(void **state)
{
    Fixture *fixture = *state;
    JobOutcome first = fixture_apply(fixture, BOOL_A, true);
    JobOutcome other = fixture_apply(fixture, BOOL_B, true);
    JobOutcome second = fixture_apply(fixture, BOOL_A, false);
    uint64_t before = fixture_store_hash(fixture);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_free_ char *named = format_string("Change %s came later", second.change_id);

    assert_null(fixture_call_revert(fixture->root, first.change_id, &error));
    assert_string_equal(error.name, "org.selguard.Error.Refused");
    assert_non_null(strstr(error.message, named));
    assert_non_null(strstr(error.message, BOOL_A));
    sd_bus_error_free(&error);
    assert_int_equal(fixture_store_hash(fixture), before);
    assert_non_null(strstr(fixture_change(fixture, first.change_id, "Obstacle"), named));

    /* One that touched something else is not in the way, and the right order works. */
    assert_string_equal(fixture_revert(fixture, other.change_id).result, "unverified");
    assert_string_equal(fixture_revert(fixture, second.change_id).result, "unverified");
    assert_string_equal(fixture_revert(fixture, first.change_id).result, "unverified");

    assert_null(fixture_call_revert(fixture->root, first.change_id, &error));
    assert_string_equal(error.name, "org.selguard.Error.Refused");
    sd_bus_error_free(&error);
}

static void test_already_so(void **state)
{
    Fixture *fixture = *state;
    JobOutcome first = fixture_apply(fixture, BOOL_A, true);
    size_t records = fixture_count_records(fixture);
    JobOutcome again = fixture_apply(fixture, BOOL_A, true);

    assert_string_equal(again.change_id, "");
    assert_non_null(strstr(again.message, "so already"));
    assert_int_equal(fixture_count_records(fixture), records);
    (void)fixture_revert(fixture, first.change_id);
}

static void test_reason_and_diagnosis(void **state)
{
    static const char *const options[] = {"DiagnosisId", "0a1b2c", "Reason", "the shop is down",
                                          NULL};
    Fixture *fixture = *state;
    sd_bus_message *reply = fixture_call_apply(fixture->root, BOOL_A, true, false, options, NULL);
    const char *job;
    JobOutcome outcome;

    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    outcome = fixture_wait_job(fixture->root, job);
    sd_bus_message_unref(reply);
    assert_string_equal(fixture_change(fixture, outcome.change_id, "DiagnosisId"), "0a1b2c");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Reason"), "the shop is down");
    (void)fixture_revert(fixture, outcome.change_id);
}

/* Everybody learns that a change ended, and nothing else; only the caller learns the details. */
static void test_signals(void **state)
{
    Fixture *fixture = *state;
    sd_bus *watcher = harness_connect(&fixture->harness, NOBODY);
    const char *change_id, *diagnosis_id, *operation, *result;
    uint64_t deadline = harness_now_usec() + 30 * SEC;
    bool finished = false;
    JobOutcome outcome;

    assert_true(sd_bus_match_signal(watcher, NULL, REMEDY, NULL, NULL, NULL, NULL, NULL) >= 0);
    outcome = fixture_apply(fixture, BOOL_A, true);
    /* It is the last that is sent, so everything else would have come before. */
    while (!finished && harness_now_usec() < deadline) {
        sd_bus_message *message = NULL;
        int r = sd_bus_process(watcher, &message);

        assert_true(r >= 0);
        if (r == 0)
            assert_true(sd_bus_wait(watcher, SEC) >= 0);
        if (message && sd_bus_message_is_signal(message, JOB, "Finished"))
            fail_msg("details of a job went to somebody else");
        if (message && sd_bus_message_is_signal(message, MANAGER, "ChangeFinished")) {
            assert_string_equal(sd_bus_message_get_path(message), "/org/selguard/Remedy1");
            assert_true(sd_bus_message_read(message, "ssss", &change_id, &diagnosis_id, &operation,
                                            &result) > 0);
            assert_string_equal(change_id, outcome.change_id);
            assert_string_equal(diagnosis_id, "");
            assert_string_equal(operation, "apply");
            assert_string_equal(result, "unverified");
            finished = true;
        }
        sd_bus_message_unref(message);
    }
    assert_true(finished);
    sd_bus_flush_close_unref(watcher);
    (void)fixture_revert(fixture, outcome.change_id);
}

static void test_queue(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *first = fixture_call_apply(fixture->root, BOOL_A, true, false, NULL, NULL);
    sd_bus_message *second = fixture_call_apply(fixture->nobody, BOOL_B, true, false, NULL, NULL);
    const char *first_job, *second_job;
    JobOutcome first_outcome, second_outcome;

    assert_true(sd_bus_message_read(first, "o", &first_job) > 0);
    assert_true(sd_bus_message_read(second, "o", &second_job) > 0);
    assert_string_not_equal(first_job, second_job);
    first_outcome = fixture_wait_job(fixture->root, first_job);
    second_outcome = fixture_wait_job(fixture->nobody, second_job);
    assert_string_equal(first_outcome.result, "unverified");
    assert_string_equal(second_outcome.result, "unverified");
    assert_string_equal(fixture_job_property(fixture->root, second_job, "State"), "finished");
    assert_string_equal(fixture_job_property(fixture->root, second_job, "Result"), "unverified");
    assert_string_equal(fixture_change(fixture, second_outcome.change_id, "User"), "nobody");
    sd_bus_message_unref(first);
    sd_bus_message_unref(second);
    (void)fixture_revert(fixture, first_outcome.change_id);
    (void)fixture_revert(fixture, second_outcome.change_id);
}

static void test_records_survive_a_restart(void **state)
{
    Fixture *fixture = *state;
    JobOutcome outcome = fixture_apply(fixture, BOOL_A, true);
    JobOutcome next;
    struct stat status;

    assert_int_equal(stat(harness_path(&fixture->harness, "changes"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, NULL);
    assert_string_equal(fixture_change(fixture, outcome.change_id, "State"), "applied");
    next = fixture_apply(fixture, BOOL_B, true);
    assert_true(strtoul(next.change_id, NULL, 10) > strtoul(outcome.change_id, NULL, 10));
    (void)fixture_revert(fixture, next.change_id);
    assert_string_equal(fixture_revert(fixture, outcome.change_id).result, "unverified");
}

static void test_idle_exit(void **state)
{
    Fixture *fixture = *state;
    int status;

    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, "--idle-timeout=1");
    status = harness_wait_end(fixture->remedy);
    fixture->remedy = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- the interface ------------------------------------------------------ */

static void test_interface_is_as_documented(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *reply = fixture_call_apply(fixture->root, BOOL_A, true, false, NULL, NULL);
    const char *job;
    JobOutcome outcome;

    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    introspection_compare(fixture->root, REMEDY, "org.selguard.Remedy1.xml",
                          "/org/selguard/Remedy1", MANAGER);
    introspection_compare(fixture->root, REMEDY, "org.selguard.Remedy1.xml", job, JOB);
    outcome = fixture_wait_job(fixture->root, job);
    sd_bus_message_unref(reply);
    (void)fixture_revert(fixture, outcome.change_id);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_apply_and_revert, fixture_reset),
        cmocka_unit_test_setup(test_revert_restores_a_local_record, fixture_reset),
        cmocka_unit_test_setup(test_revert_out_of_order, fixture_reset),
        cmocka_unit_test_setup(test_already_so, fixture_reset),
        cmocka_unit_test_setup(test_reason_and_diagnosis, fixture_reset),
        cmocka_unit_test_setup(test_signals, fixture_reset),
        cmocka_unit_test_setup(test_queue, fixture_reset),
        cmocka_unit_test_setup(test_records_survive_a_restart, fixture_reset),
        cmocka_unit_test_setup(test_interface_is_as_documented, fixture_reset),
        cmocka_unit_test_setup(test_idle_exit, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
