/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nginx's own test and reload at the end of a plan, with a systemd that does as it is told. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MOCK    "org.selguard.MockSystemd"

static pid_t systemd;

static void start_systemd(Fixture *fixture)
{
    const char *arguments[] = {getenv("SELGUARD_MOCK_SYSTEMD"), fixture->harness.address, NULL};

    assert_non_null(arguments[0]);
    systemd = harness_spawn(arguments);
    harness_wait_name(fixture->root, SYSTEMD, true);
}

static void stop_systemd(Fixture *fixture)
{
    (void)harness_end(systemd, SIGTERM);
    harness_wait_name(fixture->root, SYSTEMD, false);
}

static int reset(void **state)
{
    Fixture *fixture = *state;

    if (systemd > 0)
        stop_systemd(fixture);
    start_systemd(fixture);
    return fixture_reset(state);
}

static void set(Fixture *fixture, const char *name, const char *value)
{
    assert_true(sd_bus_call_method(fixture->root, SYSTEMD, "/org/freedesktop/systemd1", MOCK, "Set",
                                   NULL, NULL, "ss", name, value) >= 0);
}

/* Joined by "; ". Static. */
static const char *calls(Fixture *fixture)
{
    static char text[1024];
    sd_bus_message *reply = NULL;
    _cleanup_strv_ char **list = NULL;
    _cleanup_free_ char *joined = NULL;

    assert_true(sd_bus_call_method(fixture->root, SYSTEMD, "/org/freedesktop/systemd1", MOCK,
                                   "GetCalls", NULL, &reply, NULL) >= 0);
    assert_true(sd_bus_message_read_strv(reply, &list) >= 0);
    sd_bus_message_unref(reply);
    joined = list ? strv_join(list, "; ") : strdup("");
    (void)snprintf(text, sizeof(text), "%s", joined);
    return text;
}

#define TEST_CALL "StartUnit nginx-selguard-nginx-test.service"

static void test_reload(void **state)
{
    Fixture *fixture = *state;
    JobOutcome outcome = plan_apply(fixture, 2, PORT(3000, "http_port_t"), RELOAD);

    assert_unverified(outcome);
    assert_has(outcome.phases, "committing testing-nginx reloading-nginx verifying finished");
    assert_has(outcome.message, "nginx.service was reloaded");
    assert_string_equal(calls(fixture), TEST_CALL "; ReloadUnit nginx.service");
    assert_true(file_has(fixture, ACTIVE "ports.local", "http_port_t"));

    /* A revert leaves nginx alone. */
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_string_equal(calls(fixture), TEST_CALL "; ReloadUnit nginx.service");

    /* Alone, it is a plan as well. */
    outcome = plan_apply(fixture, 1, RELOAD);
    assert_unverified(outcome);
    assert_unverified(fixture_revert(fixture, outcome.change_id));
}

static void test_start(void **state)
{
    Fixture *fixture = *state;

    set(fixture, "active", "failed");
    assert_has(plan_apply(fixture, 1, RELOAD).message, "nginx.service was started");
    assert_string_equal(calls(fixture), TEST_CALL "; StartUnit nginx.service");
    set(fixture, "active", "inactive");
    set(fixture, "file", "disabled");
    assert_has(plan_apply(fixture, 1, RELOAD).message, "does not run and is not enabled");
    assert_string_equal(calls(fixture), TEST_CALL "; StartUnit nginx.service");
}

/* Where nginx was left alone the change stays, and is no success; in a trial, and where it is not
 * known what nginx has, all is taken back. */
static void test_not_reloaded(void **state)
{
    static const struct {
        const char *name, *value, *message;
        bool stays;
    } rows[] = {
        {"test", "failed", "nginx's own test fails, and nginx was not reloaded", true},
        {"test", "timeout", "nginx's own test fails", true},
        {"load", "not-found", "systemd has no unit for nginx (looked for: nginx.service)", true},
        {"program", "/usr/local/bin/start-web",
         "starts nginx otherwise than nginx-selguard-nginx-test", true},
        {"job", "failed", "could not reload nginx.service", false},
    };
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);

    for (size_t i = 0; i < 2 * ELEMENTS_OF(rows); i++) {
        size_t row = i / 2;
        bool trial = i % 2, stays = rows[row].stays && !trial;
        JobOutcome outcome;

        stop_systemd(fixture);
        start_systemd(fixture);
        set(fixture, rows[row].name, rows[row].value);
        outcome = trial ? plan_trial(fixture, 600, 2, PORT(3000, "http_port_t"), RELOAD)
                        : plan_apply(fixture, 2, PORT(3000, "http_port_t"), RELOAD);
        assert_string_equal(outcome.result, stays ? "ineffective" : "failed");
        assert_has(outcome.message, rows[row].message);
        assert_has(outcome.message,
                   stays ? "The change stays until it is reverted." : "The change was taken back.");
        assert_string_equal(fixture_change(fixture, outcome.change_id, "State"),
                            stays ? "applied" : "failed");
        assert_int_equal(file_has(fixture, ACTIVE "ports.local", "3000"), stays);
        /* The test never ends with a reload where it failed. */
        if (streq(rows[row].name, "test"))
            assert_string_equal(calls(fixture), TEST_CALL);
        if (stays)
            assert_unverified(fixture_revert(fixture, outcome.change_id));
        assert_int_equal(fixture_store_hash(fixture), before);
    }

    stop_systemd(fixture);
    systemd = 0;
    {
        JobOutcome outcome = plan_apply(fixture, 2, PORT(3000, "http_port_t"), RELOAD);

        assert_string_equal(outcome.result, "failed");
        assert_has(outcome.message, "The change was taken back.");
        assert_int_equal(fixture_store_hash(fixture), before);
    }
}

/* systemd is gone, or hangs, in the middle; the service is killed there; the next start makes an
 * end of it. */
static void test_killed_while_testing(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture), deadline;
    _cleanup_free_ char *job = NULL;
    const char *change;

    set(fixture, "test", "hang");
    job = plan_start(fixture, 2, PORT(3000, "http_port_t"), RELOAD);
    deadline = harness_now_usec() + 20 * SEC;
    while (!streq(fixture_job_property(fixture->root, job, "Phase"), "testing-nginx") &&
           harness_now_usec() < deadline)
        (void)usleep(1000);
    change = fixture_job_property(fixture->root, job, "ChangeId");
    (void)harness_end(fixture->remedy, SIGKILL);
    harness_wait_name(fixture->root, REMEDY, false);
    assert_true(file_has(fixture, ACTIVE "ports.local", "http_port_t"));

    /* The reload fails at the next start: undone. */
    set(fixture, "test", "done");
    set(fixture, "job", "failed");
    fixture_start_remedy(fixture, NULL);
    deadline = harness_now_usec() + 30 * SEC;
    while (!streq(fixture_change(fixture, change, "State"), "failed") &&
           harness_now_usec() < deadline)
        (void)usleep(10000);
    assert_string_equal(fixture_change(fixture, change, "State"), "failed");
    assert_has(fixture_change(fixture, change, "Message"), "The change was taken back.");
    assert_int_equal(fixture_store_hash(fixture), before);
}

static void test_recovered(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *job = NULL;
    char change[24];
    uint64_t deadline;

    set(fixture, "test", "hang");
    job = plan_start(fixture, 2, PORT(3000, "http_port_t"), RELOAD);
    deadline = harness_now_usec() + 20 * SEC;
    while (!streq(fixture_job_property(fixture->root, job, "Phase"), "testing-nginx") &&
           harness_now_usec() < deadline)
        (void)usleep(1000);
    (void)snprintf(change, sizeof(change), "%s",
                   fixture_job_property(fixture->root, job, "ChangeId"));
    (void)harness_end(fixture->remedy, SIGKILL);
    harness_wait_name(fixture->root, REMEDY, false);

    set(fixture, "test", "done");
    fixture_start_remedy(fixture, NULL);
    deadline = harness_now_usec() + 30 * SEC;
    while (!streq(fixture_change(fixture, change, "State"), "applied") &&
           harness_now_usec() < deadline)
        (void)usleep(10000);
    assert_string_equal(fixture_change(fixture, change, "State"), "applied");
    assert_has(calls(fixture), "ReloadUnit nginx.service");
    assert_unverified(fixture_revert(fixture, change));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reload, reset),
        cmocka_unit_test_setup(test_start, reset),
        cmocka_unit_test_setup(test_not_reloaded, reset),
        cmocka_unit_test_setup(test_killed_while_testing, reset),
        cmocka_unit_test_setup(test_recovered, reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
