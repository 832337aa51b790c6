/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the remedy service refuses: callers whom polkit does not let, and requests that are not
 * permitted, too large or malformed. Every one must leave everything as it was. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "tests/bus/remedy-fixture.h"
#include "tests/unit/test.h"

#define REFUSED          "org.selguard.Error.Refused"
#define INVALID_ARGUMENT "org.selguard.Error.InvalidArgument"
#define INVALID_PLAN     "org.selguard.Error.InvalidPlan"
#define LIMIT_EXCEEDED   "org.selguard.Error.LimitExceeded"
#define ACCESS_DENIED    "org.freedesktop.DBus.Error.AccessDenied"

/* Sends a call that must fail in this way and change nothing. Takes the message. */
static void expect_error(Fixture *fixture, sd_bus *bus, sd_bus_message *call, const char *name,
                         const char *text)
{
    uint64_t store = fixture_store_hash(fixture);
    size_t records = fixture_count_records(fixture);
    sd_bus_error error = SD_BUS_ERROR_NULL;

    assert_true(sd_bus_call(bus, call, 0, &error, NULL) < 0);
    if (!streq(error.name, name) || !strstr(error.message, text))
        fail_msg("%s: %s, not %s: …%s…", error.name, error.message, name, text);
    sd_bus_error_free(&error);
    sd_bus_message_unref(call);
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_int_equal(fixture_count_records(fixture), records);
}

static sd_bus_message *new_call(sd_bus *bus, const char *method)
{
    sd_bus_message *call = NULL;

    assert_true(sd_bus_message_new_method_call(bus, &call, REMEDY, "/org/selguard/Remedy1", MANAGER,
                                               method) >= 0);
    return call;
}

static sd_bus_message *new_apply(sd_bus *bus, const char *boolean)
{
    sd_bus_message *call = new_call(bus, "Apply");

    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, "set-boolean", 2, "name", "s",
                                      boolean, "value", "b", 1, 0) >= 0);
    return call;
}

/* Tells what the mock was last asked: "ACTION FLAGS detail=value …". Static. */
static const char *last_question(Fixture *fixture, size_t *ret_count)
{
    static char text[2048];
    sd_bus_message *reply = NULL;
    const char *action, *subject, *id, *key, *value;
    uint32_t flags;

    *ret_count = 0;
    text[0] = '\0';
    assert_true(sd_bus_call_method(fixture->root, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                                   "org.selguard.MockPolkit", "GetQuestions", NULL, &reply,
                                   NULL) >= 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "(ssusa{ss})") >= 0);
    while (sd_bus_message_enter_container(reply, 'r', "ssusa{ss}") > 0) {
        assert_true(sd_bus_message_read(reply, "ssus", &action, &subject, &flags, &id) > 0);
        (void)snprintf(text, sizeof(text), "%s %u", action, flags);
        assert_true(sd_bus_message_enter_container(reply, 'a', "{ss}") >= 0);
        while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s=%s", key, value);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        ++*ret_count;
    }
    sd_bus_message_unref(reply);
    return text;
}

/* --- authorization ------------------------------------------------------ */

static void test_polkit_says_no(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call;

    fixture_set_answer(fixture, "", "no");
    expect_error(fixture, fixture->nobody, new_apply(fixture->nobody, BOOL_A), ACCESS_DENIED,
                 "org.selguard.remedy1.set-boolean");
    /* Root is asked about like anybody. */
    expect_error(fixture, fixture->root, new_apply(fixture->root, BOOL_A), ACCESS_DENIED,
                 "does not allow it");

    call = new_call(fixture->nobody, "ListChanges");
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    expect_error(fixture, fixture->nobody, call, ACCESS_DENIED, "list-changes");
    call = new_call(fixture->nobody, "Check");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 0) >= 0);
    expect_error(fixture, fixture->nobody, call, ACCESS_DENIED, "remedy1.check");
}

static void test_revert_needs_authorization(void **state)
{
    Fixture *fixture = *state;
    JobOutcome outcome = fixture_apply(fixture, BOOL_A, true);
    sd_bus_message *call = new_call(fixture->nobody, "Revert");
    size_t count;

    fixture_set_answer(fixture, "org.selguard.remedy1.revert", "no");
    assert_true(sd_bus_message_append(call, "sa{sv}", outcome.change_id, 0) >= 0);
    expect_error(fixture, fixture->nobody, call, ACCESS_DENIED, "remedy1.revert");
    assert_non_null(strstr(last_question(fixture, &count), "undo change"));
    fixture_set_answer(fixture, "org.selguard.remedy1.revert", "yes");
    assert_string_equal(fixture_revert(fixture, outcome.change_id).result, "unverified");
}

static void test_interaction_follows_the_message(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call = new_apply(fixture->nobody, BOOL_A);
    sd_bus_message *reply;
    const char *job;
    size_t count;
    JobOutcome outcome;

    fixture_set_answer(fixture, "org.selguard.remedy1.set-boolean", "password");
    assert_true(sd_bus_message_set_allow_interactive_authorization(call, false) >= 0);
    expect_error(fixture, fixture->nobody, call,
                 "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "authenticate");
    assert_string_equal(last_question(fixture, &count),
                        "org.selguard.remedy1.set-boolean 0 polkit.message=Authentication is "
                        "required to turn the SELinux boolean " BOOL_A " on, persistently. "
                        "selguard.commands=setsebool -P " BOOL_A " on");

    reply = fixture_call_apply(fixture->nobody, BOOL_A, true, /* interactive= */ true, NULL, NULL);
    assert_non_null(strstr(last_question(fixture, &count), "set-boolean 1 "));
    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    outcome = fixture_wait_job(fixture->nobody, job);
    sd_bus_message_unref(reply);
    assert_string_equal(outcome.result, "unverified");
    (void)fixture_revert(fixture, outcome.change_id);
}

static void test_polkit_trouble(void **state)
{
    static const struct {
        const char *answer;
        const char *text;
    } cases[] = {
        {"error", "is not registered"},
        {"garbage", "could not be read"},
        {"dismissed", "dismissed"},
    };
    Fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        sd_bus_message *call = new_apply(fixture->nobody, BOOL_A);

        assert_true(sd_bus_message_set_allow_interactive_authorization(call, true) >= 0);
        fixture_set_answer(fixture, "org.selguard.remedy1.set-boolean", cases[i].answer);
        expect_error(fixture, fixture->nobody, call, ACCESS_DENIED, cases[i].text);
    }

    (void)harness_end(fixture->polkit, SIGKILL);
    fixture->polkit = 0;
    harness_wait_name(fixture->root, POLKIT, false);
    expect_error(fixture, fixture->root, new_apply(fixture->root, BOOL_A), ACCESS_DENIED,
                 "polkit is not available");
}

static void test_caller_leaves(void **state)
{
    Fixture *fixture = *state;
    sd_bus *visitor = harness_connect(&fixture->harness, NOBODY);
    uint64_t store = fixture_store_hash(fixture);
    uint64_t deadline = harness_now_usec() + 10 * SEC;
    sd_bus_message *call = new_apply(visitor, BOOL_A);
    sd_bus_message *reply = NULL;
    char **withdrawn = NULL;
    size_t count = 0;

    fixture_set_answer(fixture, "org.selguard.remedy1.set-boolean", "hang");
    assert_true(sd_bus_call_async(visitor, NULL, call, NULL, NULL, 0) >= 0);
    sd_bus_message_unref(call);
    assert_true(sd_bus_flush(visitor) >= 0);
    while (!strstr(last_question(fixture, &count), "set-boolean") && harness_now_usec() < deadline)
        (void)usleep(10000);
    assert_non_null(strstr(last_question(fixture, &count), "set-boolean"));
    sd_bus_close_unref(visitor);

    while (strv_length(withdrawn) == 0 && harness_now_usec() < deadline) {
        (void)usleep(10000);
        withdrawn = strv_free(withdrawn);
        reply = sd_bus_message_unref(reply);
        assert_true(
            sd_bus_call_method(fixture->root, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                               "org.selguard.MockPolkit", "GetWithdrawn", NULL, &reply, NULL) >= 0);
        assert_true(sd_bus_message_read_strv(reply, &withdrawn) >= 0);
    }
    sd_bus_message_unref(reply);
    assert_int_equal(strv_length(withdrawn), 1);
    strv_free(withdrawn);
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=none policy=off runtime=unknown");
}

/* One user's questions are bounded, and another user is still served. */
static void test_questions_are_bounded(void **state)
{
    Fixture *fixture = *state;
    sd_bus *busy = harness_connect(&fixture->harness, NOBODY);

    fixture_set_answer(fixture, "org.selguard.remedy1.set-boolean", "hang");
    for (size_t i = 0; i < POLKIT_CHECKS_PER_USER_MAX; i++) {
        sd_bus_message *call = new_apply(busy, BOOL_A);

        assert_true(sd_bus_call_async(busy, NULL, call, NULL, NULL, 0) >= 0);
        sd_bus_message_unref(call);
    }
    expect_error(fixture, busy, new_apply(busy, BOOL_A), LIMIT_EXCEEDED, "wait for polkit");
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=none policy=off runtime=unknown");
    sd_bus_close_unref(busy);
}

/* --- plans -------------------------------------------------------------- */

static void test_out_of_table(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call;

    expect_error(fixture, fixture->root, new_apply(fixture->root, "nis_enabled"), REFUSED,
                 "nis_enabled is never turned on");
    expect_error(fixture, fixture->root, new_apply(fixture->root, "secure_mode_policyload"),
                 REFUSED, "never turned on");
    expect_error(fixture, fixture->root, new_apply(fixture->root, "a; reboot"), INVALID_PLAN,
                 "not the name of a boolean");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, "advise", 2, "text", "s", "x",
                                      "commands", "as", 1, "true", 0) >= 0);
    expect_error(fixture, fixture->root, call, REFUSED, "advice");

    /* One bad action spoils the plan. */
    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 2, "set-boolean", 2, "name", "s",
                                      BOOL_A, "value", "b", 1, "set-boolean", 2, "name", "s",
                                      "nis_enabled", "value", "b", 1, 0) >= 0);
    expect_error(fixture, fixture->root, call, REFUSED, "Action 1");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 2, "set-boolean", 2, "name", "s",
                                      BOOL_A, "value", "b", 1, "set-boolean", 2, "name", "s",
                                      BOOL_A, "value", "b", 0, 0) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_PLAN, "twice");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 0) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_PLAN, "no action");
}

static void test_malformed(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call;
    char *long_text;

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, "make-coffee", 0, 0) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_PLAN, "action 0: there is no such kind");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, "set-boolean", 1, "name", "s",
                                      BOOL_A, 0) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_PLAN, "\"value\": is missing");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 1, "Force", "b", 1) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_ARGUMENT, "no option \"Force\"");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 1, "Reason", "b", 1) >= 0);
    expect_error(fixture, fixture->root, call, INVALID_ARGUMENT, "must be of type s");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 1, "Reason", "s", "a\nb") >= 0);
    expect_error(fixture, fixture->root, call, INVALID_ARGUMENT, "control character");

    call = new_call(fixture->root, "Apply");
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 0, 1, "DiagnosisId", "s", "a b") >=
                0);
    expect_error(fixture, fixture->root, call, INVALID_ARGUMENT, "DiagnosisId");

    long_text = malloc(PLAN_STRING_MAX + 2);
    assert_non_null(long_text);
    memset(long_text, 'a', PLAN_STRING_MAX + 1);
    long_text[PLAN_STRING_MAX + 1] = '\0';
    expect_error(fixture, fixture->root, new_apply(fixture->root, long_text), LIMIT_EXCEEDED,
                 "too long");
    free(long_text);

    call = new_call(fixture->root, "Revert");
    assert_true(sd_bus_message_append(call, "sa{sv}", "../../etc/passwd", 0) >= 0);
    expect_error(fixture, fixture->root, call, "org.selguard.Error.NotFound", "no change");
}

static void test_oversized_plan(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call = new_call(fixture->root, "Apply");

    assert_true(sd_bus_message_open_container(call, 'a', "(sa{sv})") >= 0);
    for (unsigned i = 0; i <= PLAN_ACTIONS_MAX; i++) {
        _cleanup_free_ char *name = format_string("httpd_%u", i);

        assert_true(sd_bus_message_append(call, "(sa{sv})", "set-boolean", 2, "name", "s", name,
                                          "value", "b", 1) >= 0);
    }
    assert_true(sd_bus_message_close_container(call) >= 0);
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    expect_error(fixture, fixture->root, call, LIMIT_EXCEEDED, "too many actions");
}

/* What only the store can tell comes as the job's result. */
static void test_unknown_boolean(void **state)
{
    Fixture *fixture = *state;
    uint64_t store = fixture_store_hash(fixture);
    size_t records = fixture_count_records(fixture);
    JobOutcome outcome = fixture_apply(fixture, "httpd_no_such_thing", true);

    assert_string_equal(outcome.result, "refused");
    assert_string_equal(outcome.error, REFUSED);
    assert_string_equal(outcome.change_id, "");
    assert_non_null(strstr(outcome.message, "no boolean httpd_no_such_thing"));
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_int_equal(fixture_count_records(fixture), records);
}

static JobOutcome apply_expecting(Fixture *fixture, const char *expected)
{
    sd_bus_message *call = new_call(fixture->root, "Apply");
    sd_bus_message *reply = NULL;
    const char *job;
    JobOutcome outcome;

    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, "set-boolean", 2, "name", "s",
                                      BOOL_A, "value", "b", 1, 1, "Expected", "as", 1,
                                      expected) >= 0);
    assert_true(sd_bus_call(fixture->root, call, 0, NULL, &reply) >= 0);
    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    outcome = fixture_wait_job(fixture->root, job);
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    return outcome;
}

static void test_state_changed(void **state)
{
    Fixture *fixture = *state;
    uint64_t store = fixture_store_hash(fixture);
    JobOutcome outcome = apply_expecting(fixture, "local=off policy=off runtime=unknown");

    assert_string_equal(outcome.result, "state-changed");
    assert_string_equal(outcome.error, "org.selguard.Error.StateChanged");
    assert_int_equal(fixture_store_hash(fixture), store);

    outcome = apply_expecting(fixture, fixture_state(fixture, BOOL_A));
    assert_string_equal(outcome.result, "unverified");
    (void)fixture_revert(fixture, outcome.change_id);
}

/* --- the site's rules --------------------------------------------------- */

static void write_rules(Fixture *fixture, const char *text)
{
    FILE *file = fopen(harness_path(&fixture->harness, "selguard.conf"), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, NULL);
}

static void test_site_rules(void **state)
{
    Fixture *fixture = *state;

    write_rules(fixture, "[remedy]\nDeniedBooleans=x* httpd_can_network_*\n");
    expect_error(fixture, fixture->root, new_apply(fixture->root, BOOL_A), REFUSED,
                 "site's configuration");
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=none policy=off runtime=unknown");

    write_rules(fixture, "[remedy]\nDenyBooleans=httpd_can_network_*\n");
    expect_error(fixture, fixture->root, new_apply(fixture->root, BOOL_B),
                 "org.selguard.Error.Unavailable", "selguard.conf, line 2");
    fixture_stop_remedy(fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_polkit_says_no, fixture_reset),
        cmocka_unit_test_setup(test_revert_needs_authorization, fixture_reset),
        cmocka_unit_test_setup(test_interaction_follows_the_message, fixture_reset),
        cmocka_unit_test_setup(test_polkit_trouble, fixture_reset),
        cmocka_unit_test_setup(test_caller_leaves, fixture_reset),
        cmocka_unit_test_setup(test_questions_are_bounded, fixture_reset),
        cmocka_unit_test_setup(test_out_of_table, fixture_reset),
        cmocka_unit_test_setup(test_malformed, fixture_reset),
        cmocka_unit_test_setup(test_oversized_plan, fixture_reset),
        cmocka_unit_test_setup(test_unknown_boolean, fixture_reset),
        cmocka_unit_test_setup(test_state_changed, fixture_reset),
        cmocka_unit_test_setup(test_site_rules, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
