/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-fixture.h"
#include "tests/unit/test.h"

#define CHANGE_DIRECTORY "changes"
#define JOB_WAIT_USEC    (60 * SEC)

/* --- set-up ------------------------------------------------------------- */

void fixture_start_remedy(Fixture *fixture, const char *extra_option)
{
    const Harness *harness = &fixture->harness;
    _cleanup_free_ char *bus = format_string("--bus-address=%s", harness->address);
    _cleanup_free_ char *root = format_string("--store-root=%s/root", harness->directory);
    _cleanup_free_ char *changes =
        format_string("--changes-dir=%s/" CHANGE_DIRECTORY, harness->directory);
    _cleanup_free_ char *config = format_string("--config=%s/selguard.conf", harness->directory);
    const char *arguments[] = {
        getenv("SELGUARD_REMEDY"),
        bus,
        root,
        "--store-type=default",
        changes,
        config,
        extra_option ? extra_option : "--idle-timeout=0",
        NULL,
    };

    assert_non_null(arguments[0]);
    /* What a service before this one said of a job is not to be taken for what this one says: both
     * number theirs from 1. */
    while (sd_bus_process(fixture->root, NULL) > 0)
        ;
    fixture->remedy = harness_spawn(arguments);
    harness_wait_name(fixture->root, REMEDY, true);
}

void fixture_stop_remedy(Fixture *fixture)
{
    int status = harness_end(fixture->remedy, SIGTERM);

    fixture->remedy = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    harness_wait_name(fixture->root, REMEDY, false);
}

void fixture_set_answer(Fixture *fixture, const char *action, const char *answer)
{
    int r = sd_bus_call_method(fixture->root, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                               "org.selguard.MockPolkit", "SetAnswer", NULL, NULL, "ss", action,
                               answer);

    assert_true(r >= 0);
}

static void start_polkit(Fixture *fixture)
{
    const char *arguments[] = {getenv("SELGUARD_MOCK_POLKIT"), fixture->harness.address, NULL};

    assert_non_null(arguments[0]);
    fixture->polkit = harness_spawn(arguments);
    harness_wait_name(fixture->root, POLKIT, true);
}

int fixture_setup(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    harness_start(&fixture->harness);
    harness_make_store(&fixture->harness);
    fixture->root = harness_connect(&fixture->harness, 0);
    fixture->nobody = harness_connect(&fixture->harness, NOBODY);
    assert_true(sd_bus_match_signal(fixture->root, NULL, REMEDY, NULL, NULL, NULL, NULL, NULL) >=
                0);
    start_polkit(fixture);
    fixture_set_answer(fixture, "", "yes");
    fixture_start_remedy(fixture, NULL);

    /* libsemanage writes the same policy in another order than the package's first build: one
     * change and back, and from then on equal is equal. */
    assert_string_equal(fixture_apply(fixture, BOOL_A, true).result, "unverified");
    assert_string_equal(fixture_revert(fixture, "1").result, "unverified");
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    Fixture *fixture = *state;

    if (fixture->remedy > 0)
        (void)harness_end(fixture->remedy, SIGKILL);
    (void)harness_end(fixture->polkit, SIGTERM);
    sd_bus_flush_close_unref(fixture->root);
    sd_bus_flush_close_unref(fixture->nobody);
    harness_stop(&fixture->harness);
    free(fixture);
    return 0;
}

int fixture_reset(void **state)
{
    Fixture *fixture = *state;

    (void)unlink(harness_path(&fixture->harness, "selguard.conf"));
    if (fixture->polkit == 0)
        start_polkit(fixture);
    else {
        (void)harness_end(fixture->polkit, SIGTERM);
        harness_wait_name(fixture->root, POLKIT, false);
        start_polkit(fixture);
    }
    fixture_set_answer(fixture, "", "yes");
    if (fixture->remedy == 0)
        fixture_start_remedy(fixture, NULL);
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=none policy=off runtime=unknown");
    assert_string_equal(fixture_state(fixture, BOOL_B), "local=none policy=off runtime=unknown");
    return 0;
}

/* --- calls -------------------------------------------------------------- */

static sd_bus_message *new_call(sd_bus *bus, const char *method)
{
    sd_bus_message *call = NULL;

    assert_true(sd_bus_message_new_method_call(bus, &call, REMEDY, "/org/selguard/Remedy1", MANAGER,
                                               method) >= 0);
    return call;
}

static void append_boolean_plan(sd_bus_message *call, const char *boolean, bool value)
{
    assert_true(sd_bus_message_append(call, "a(sa{sv})", 1, "set-boolean", 2, "name", "s", boolean,
                                      "value", "b", (int)value) >= 0);
}

static sd_bus_message *send_call(sd_bus *bus, sd_bus_message *call, sd_bus_error *error)
{
    sd_bus_error unwanted = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int r = sd_bus_call(bus, call, 0, error ? error : &unwanted, &reply);

    sd_bus_message_unref(call);
    if (r < 0 && !error)
        fail_msg("%s: %s", unwanted.name, unwanted.message);
    return r < 0 ? NULL : reply;
}

sd_bus_message *fixture_call_apply(sd_bus *bus, const char *boolean, bool value, bool interactive,
                                   const char *const *options, sd_bus_error *error)
{
    sd_bus_message *call = new_call(bus, "Apply");

    append_boolean_plan(call, boolean, value);
    assert_true(sd_bus_message_open_container(call, 'a', "{sv}") >= 0);
    for (; options && options[0]; options += 2)
        assert_true(sd_bus_message_append(call, "{sv}", options[0], "s", options[1]) >= 0);
    assert_true(sd_bus_message_close_container(call) >= 0);
    assert_true(sd_bus_message_set_allow_interactive_authorization(call, interactive) >= 0);
    return send_call(bus, call, error);
}

sd_bus_message *fixture_call_revert(sd_bus *bus, const char *change_id, sd_bus_error *error)
{
    sd_bus_message *call = new_call(bus, "Revert");

    assert_true(sd_bus_message_append(call, "sa{sv}", change_id, 0) >= 0);
    return send_call(bus, call, error);
}

const char *fixture_state(Fixture *fixture, const char *boolean)
{
    static char text[256];
    sd_bus_message *call = new_call(fixture->root, "Check");
    sd_bus_message *reply;
    const char *key, *contents, *value;

    text[0] = '\0';
    append_boolean_plan(call, boolean, true);
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    reply = send_call(fixture->root, call, NULL);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") >= 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &key) > 0);
        assert_true(sd_bus_message_peek_type(reply, NULL, &contents) > 0);
        if (streq(key, "State")) {
            assert_true(sd_bus_message_read(reply, "v", "s", &value) > 0);
            (void)snprintf(text, sizeof(text), "%s", value);
        } else
            assert_true(sd_bus_message_skip(reply, "v") >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    return text;
}

const char *fixture_change(Fixture *fixture, const char *change_id, const char *key)
{
    static char text[512];
    sd_bus_message *call = new_call(fixture->root, "ListChanges");
    sd_bus_message *reply;
    const char *name, *contents, *value;
    bool found = false;

    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    reply = send_call(fixture->root, call, NULL);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") >= 0);
    while (!found && sd_bus_message_enter_container(reply, 'a', "{sv}") > 0) {
        text[0] = '\0';
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
            assert_true(sd_bus_message_read(reply, "s", &name) > 0);
            assert_true(sd_bus_message_peek_type(reply, NULL, &contents) > 0);
            if (streq(contents, "s")) {
                assert_true(sd_bus_message_read(reply, "v", "s", &value) > 0);
                found = found || (streq(name, "Id") && streq(value, change_id));
                if (streq(name, key))
                    (void)snprintf(text, sizeof(text), "%s", value);
            } else
                assert_true(sd_bus_message_skip(reply, "v") >= 0);
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    return found ? text : "";
}

/* --- jobs --------------------------------------------------------------- */

const char *fixture_job_property(sd_bus *bus, const char *job, const char *property)
{
    static char text[128];
    char *value = NULL;

    text[0] = '\0';
    if (sd_bus_get_property_string(bus, REMEDY, job, JOB, property, NULL, &value) >= 0)
        (void)snprintf(text, sizeof(text), "%s", value);
    free(value);
    return text;
}

static void read_details(sd_bus_message *signal, JobOutcome *outcome)
{
    const char *key, *contents, *value;

    assert_true(sd_bus_message_enter_container(signal, 'a', "{sv}") >= 0);
    while (sd_bus_message_enter_container(signal, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(signal, "s", &key) > 0);
        assert_true(sd_bus_message_peek_type(signal, NULL, &contents) > 0);
        if (streq(contents, "s")) {
            assert_true(sd_bus_message_read(signal, "v", "s", &value) > 0);
            if (streq(key, "Message"))
                (void)snprintf(outcome->message, sizeof(outcome->message), "%s", value);
            else if (streq(key, "Error"))
                (void)snprintf(outcome->error, sizeof(outcome->error), "%s", value);
            else if (streq(key, "ChangeId"))
                (void)snprintf(outcome->change_id, sizeof(outcome->change_id), "%s", value);
        } else
            assert_true(sd_bus_message_skip(signal, "v") >= 0);
        assert_true(sd_bus_message_exit_container(signal) >= 0);
    }
}

/* Adds the phase of a PropertiesChanged signal to the list of those seen. */
static void note_phase(sd_bus_message *signal, JobOutcome *outcome)
{
    const char *interface, *key, *contents, *value;
    size_t used = strlen(outcome->phases);

    assert_true(sd_bus_message_read(signal, "s", &interface) > 0);
    assert_true(sd_bus_message_enter_container(signal, 'a', "{sv}") >= 0);
    while (sd_bus_message_enter_container(signal, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(signal, "s", &key) > 0);
        assert_true(sd_bus_message_peek_type(signal, NULL, &contents) > 0);
        if (streq(key, "Phase")) {
            assert_true(sd_bus_message_read(signal, "v", "s", &value) > 0);
            (void)snprintf(outcome->phases + used, sizeof(outcome->phases) - used, "%s%s",
                           used > 0 ? " " : "", value);
        } else
            assert_true(sd_bus_message_skip(signal, "v") >= 0);
        assert_true(sd_bus_message_exit_container(signal) >= 0);
    }
}

JobOutcome fixture_wait_job(sd_bus *bus, const char *job)
{
    uint64_t deadline = harness_now_usec() + JOB_WAIT_USEC;
    JobOutcome outcome = {{0}};
    const char *result;

    while (harness_now_usec() < deadline) {
        sd_bus_message *message = NULL;
        int r = sd_bus_process(bus, &message);

        assert_true(r >= 0);
        if (message && streq_ptr(sd_bus_message_get_path(message), job)) {
            if (sd_bus_message_is_signal(message, NULL, "PropertiesChanged"))
                note_phase(message, &outcome);
            else if (sd_bus_message_is_signal(message, JOB, "Finished")) {
                assert_true(sd_bus_message_read(message, "s", &result) > 0);
                (void)snprintf(outcome.result, sizeof(outcome.result), "%s", result);
                read_details(message, &outcome);
                sd_bus_message_unref(message);
                return outcome;
            }
        }
        sd_bus_message_unref(message);
        if (r == 0)
            assert_true(sd_bus_wait(bus, SEC) >= 0);
    }
    fail_msg("%s did not end", job);
    return outcome;
}

static JobOutcome wait_for_reply(Fixture *fixture, sd_bus_message *reply)
{
    JobOutcome outcome;
    const char *job;

    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    outcome = fixture_wait_job(fixture->root, job);
    sd_bus_message_unref(reply);
    return outcome;
}

JobOutcome fixture_apply(Fixture *fixture, const char *boolean, bool value)
{
    return wait_for_reply(fixture,
                          fixture_call_apply(fixture->root, boolean, value, false, NULL, NULL));
}

JobOutcome fixture_revert(Fixture *fixture, const char *change_id)
{
    return wait_for_reply(fixture, fixture_call_revert(fixture->root, change_id, NULL));
}

/* --- what is on disk ---------------------------------------------------- */

uint64_t fixture_store_hash(Fixture *fixture)
{
    static const char *const files[] = {
        "root/var/lib/selinux/default/active/booleans.local",
        "root/var/lib/selinux/default/active/policy.kern",
        "root/var/lib/selinux/default/active/policy.linked",
        "root/var/lib/selinux/default/active/file_contexts",
        "root/etc/selinux/default/policy/policy.33",
    };
    uint64_t hash = HASH_SEED;

    for (size_t i = 0; i < ELEMENTS_OF(files); i++) {
        uint64_t file = harness_hash(harness_path(&fixture->harness, files[i]));

        hash = hash_bytes(hash, &file, sizeof(file));
    }
    return hash;
}

size_t fixture_count_records(Fixture *fixture)
{
    DIR *directory = opendir(harness_path(&fixture->harness, CHANGE_DIRECTORY));
    size_t count = 0;

    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] == 'c';
    (void)closedir(directory);
    return count;
}
