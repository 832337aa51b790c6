/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor tells about a recorded incident, and whom. */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "daemon/bus/errors.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "tests/bus/introspection.h"
#include "tests/bus/monitor-fixture.h"

#define INCIDENT_DIAGNOSES 6

static int setup(void **state)
{
    int r = fixture_setup(state);
    Fixture *fixture = *state;

    fixture_start_polkit(fixture, "yes");
    fixture_start_incident(fixture);
    return r;
}

/* Before each test: polkit answers yes to everything. */
static int reset(void **state)
{
    fixture_start_polkit(*state, "yes");
    return 0;
}

/* --- what it tells ------------------------------------------------------ */

static void test_list(void **state)
{
    Fixture *fixture = *state;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(fixture->user, ROOT_PATH, MANAGER, "ListDiagnoses", &error, "a{sv}", 0);
    _cleanup_free_ char *text = NULL;
    char *at;
    size_t n = 0;

    assert_non_null(reply);
    text = fixture_strings(reply);
    sd_bus_message_unref(reply);
    for (at = text; (at = strstr(at, "\nObjectPath\n")); at++)
        n++;
    assert_int_equal(n, INCIDENT_DIAGNOSES);
    assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), INCIDENT_DIAGNOSES);
    /* Of the upstream on port 3000, which six requests met. */
    assert_non_null(strstr(text, "blocked-by-selinux"));
    assert_non_null(strstr(text, "GET /orders/6 HTTP/1.1"));
    assert_non_null(strstr(text, "http://127.0.0.1:3000/orders/6"));
    assert_non_null(strstr(text, "shop.example.com"));
    /* And what the policy has nothing to do with. */
    assert_non_null(strstr(text, "/root/site/i.html"));
}

static void test_statistics(void **state)
{
    static const char *const expected[] = {"Records", "Events",   "Denials", "Lines",
                                           "Matched", "Dropped",  "Late",    "Malformed",
                                           "Memory",  "ReadUp",   "LagUsec", "SocketQueued",
                                           "Pending", "Repeated", "Evicted", "SignalsQueued"};
    Fixture *fixture = *state;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(fixture->user, ROOT_PATH, MANAGER, "GetStatistics", &error, "a{sv}", 0);
    uint64_t denials = 0, lines = 0, value;
    size_t found = 0;
    const char *key;

    assert_non_null(reply);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &key) > 0);
        if (streq(key, "Problems") || streq(key, "Logs") || streq(key, "Gaps")) {
            assert_true(sd_bus_message_skip(reply, "v") > 0);
        } else {
            assert_true(sd_bus_message_read(reply, "v", "t", &value) > 0);
            denials = streq(key, "Denials") ? value : denials;
            lines = streq(key, "Lines") ? value : lines;
            for (size_t i = 0; i < ELEMENTS_OF(expected); i++)
                found += streq(key, expected[i]);
        }
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    assert_int_equal(found, ELEMENTS_OF(expected));
    assert_int_equal(denials, 10);
    assert_int_equal(lines, 11);
}

static json_object *describe(sd_bus *bus, const char *path)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = fixture_call(bus, path, DIAGNOSIS, "Describe", &error, "");
    enum json_tokener_error problem = json_tokener_success;
    json_object *object;
    const char *text;

    assert_non_null(reply);
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    object = json_tokener_parse_verbose(text, &problem);
    assert_int_equal(problem, json_tokener_success);
    assert_true(json_object_is_type(object, json_type_object));
    sd_bus_message_unref(reply);
    return object;
}

static void test_describe(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    _cleanup_json_ json_object *object = describe(fixture->user, path);
    _cleanup_free_ char *end = format_string("/%s", json_get_text(object, "id"));

    assert_non_null(strstr(path, end));
    assert_string_equal(json_get_text(object, "verdict"), "blocked-by-selinux");
    assert_string_equal(json_get_text(object, "state"), "open");
    assert_int_equal(json_object_get_int64(json_get(object, "count")), 6);
    assert_int_equal(json_object_get_int(json_get(json_get(object, "target"), "port")), 3000);
    assert_true(json_length(json_get(object, "fixes")) > 0);
}

static void test_evidence(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(fixture->user, path, DIAGNOSIS, "GetEvidence", &error, "a{sv}", 0);
    _cleanup_strv_ char **lines = NULL, **denials = NULL;

    assert_non_null(reply);
    assert_true(sd_bus_message_read_strv(reply, &lines) >= 0);
    assert_true(sd_bus_message_read_strv(reply, &denials) >= 0);
    sd_bus_message_unref(reply);
    assert_true(strv_length(lines) > 0 && strv_length(denials) > 0);
    STRV_FOREACH (line, lines)
        assert_non_null(strstr(*line, "connect() to 127.0.0.1:3000 failed (13:"));
    STRV_FOREACH (denial, denials)
        assert_non_null(strstr(*denial, "name_connect"));
}

/* The plans are what the remedy service reads, and the same that Describe tells. */
static void test_fixes(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    _cleanup_json_ json_object *object = describe(fixture->user, path);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(fixture->user, path, DIAGNOSIS, "GetFixes", &error, "a{sv}", 0);
    json_object *fixes = json_get(object, "fixes");
    bool boolean_found = false;
    size_t n = 0;

    assert_non_null(reply);
    assert_true(sd_bus_message_enter_container(reply, 'a', "(sa(sa{sv})a(ssss)a{sv})") > 0);
    while (sd_bus_message_enter_container(reply, 'r', "sa(sa{sv})a(ssss)a{sv}") > 0) {
        json_object *described = json_object_array_get_idx(fixes, n++);
        json_object *actions = json_get(described, "actions");
        const char *summary;
        char *problem = NULL;
        Plan plan = {0};

        assert_non_null(described);
        assert_true(sd_bus_message_read(reply, "s", &summary) > 0);
        assert_string_equal(summary, json_get_text(described, "summary"));
        assert_true(plan_bus_read_actions(reply, &plan, &problem) >= 0);
        assert_true(plan_bus_read_accesses(reply, &plan, &problem) >= 0);
        assert_null(problem);
        assert_int_equal(plan.n_actions, json_length(actions));
        assert_true(plan.n_actions > 0 && plan.n_accesses > 0);
        for (size_t i = 0; i < plan.n_actions; i++) {
            const Action *action = &plan.actions[i];

            assert_string_equal(action_kind_to_string(action->kind),
                                json_get_text(json_object_array_get_idx(actions, i), "kind"));
            boolean_found = boolean_found || (action->kind == ACTION_SET_BOOLEAN && action->value &&
                                              streq(action->name, "httpd_can_network_connect"));
        }
        plan_clear(&plan);
        assert_true(sd_bus_message_skip(reply, "a{sv}") > 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    assert_int_equal(n, json_length(fixes));
    assert_true(boolean_found);
}

/* --- what anyone may read ----------------------------------------------- */

static void assert_tells_nothing(const char *text)
{
    static const char *const secrets[] = {"/",         "GET ", "orders", "shop.example.com",
                                          "127.0.0.1", "3000", "nginx:"};

    for (size_t i = 0; i < ELEMENTS_OF(secrets); i++)
        if (strstr(text, secrets[i]))
            fail_msg("a property names \"%s\": %s", secrets[i], text);
}

static void test_properties_tell_nothing(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    const struct {
        const char *path, *interface;
    } objects[] = {{ROOT_PATH, MANAGER}, {path, DIAGNOSIS}};
    size_t questions = fixture_count_questions(fixture);

    fixture_set_answer(fixture, "", "no");
    for (size_t i = 0; i < ELEMENTS_OF(objects); i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply =
            fixture_call(fixture->user, objects[i].path, "org.freedesktop.DBus.Properties",
                         "GetAll", &error, "s", objects[i].interface);
        _cleanup_free_ char *text = NULL;

        assert_non_null(reply);
        text = fixture_strings(reply);
        assert_tells_nothing(text);
        assert_non_null(strstr(text, i == 0 ? "SelinuxMode\n" : "blocked-by-selinux\n"));
        sd_bus_message_unref(reply);
    }
    assert_int_equal(fixture_count_questions(fixture), questions);
}

/* Neither do the objects, whose paths hold an id alone. */
static void test_object_manager(void **state)
{
    Fixture *fixture = *state;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    size_t n = 0;

    fixture_set_answer(fixture, "", "no");
    reply = fixture_call(fixture->user, ROOT_PATH, "org.freedesktop.DBus.ObjectManager",
                         "GetManagedObjects", &error, "");
    assert_non_null(reply);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
        static const char prefix[] = ROOT_PATH "/diagnosis/";
        _cleanup_free_ char *text = NULL;
        const char *path;

        assert_true(sd_bus_message_read(reply, "o", &path) > 0);
        text = fixture_strings(reply);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        if (strncmp(path, prefix, strlen(prefix)) != 0)
            continue;
        n++;
        assert_int_equal(strspn(path + strlen(prefix), "0123456789abcdef"), 16);
        assert_int_equal(strlen(path), strlen(prefix) + 16);
        assert_tells_nothing(text);
        assert_non_null(strstr(text, DIAGNOSIS));
    }
    sd_bus_message_unref(reply);
    assert_int_equal(n, INCIDENT_DIAGNOSES);
}

static void test_interface_is_as_documented(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);

    introspection_compare(fixture->user, NGINX1, "org.selguard.Nginx1.xml", ROOT_PATH, MANAGER);
    introspection_compare(fixture->user, NGINX1, "org.selguard.Nginx1.xml", path, DIAGNOSIS);
}

/* --- dismissal ---------------------------------------------------------- */

static void test_dismiss(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 6379);
    const char *id = strrchr(path, '/') + 1;
    uint32_t open = fixture_get_number(fixture->user, "OpenDiagnoses");
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    _cleanup_free_ char *diagnosis_state = NULL;

    /* All or none. */
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "asa{sv}", 2, id,
                         "0123456789abcdef", 0);
    fixture_assert_refused(reply, &error, BUS_ERROR_NOT_FOUND);
    assert_int_equal(fixture_get_number(fixture->user, "OpenDiagnoses"), open);

    /* Reading is not dismissing. */
    fixture_set_answer(fixture, "org.selguard.nginx1.dismiss", "no");
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "asa{sv}", 1, id, 0);
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_ACCESS_DENIED);
    reply = fixture_call(fixture->user, path, DIAGNOSIS, "Dismiss", &error, "a{sv}", 0);
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_ACCESS_DENIED);
    assert_int_equal(fixture_get_number(fixture->user, "OpenDiagnoses"), open);

    fixture_set_answer(fixture, "org.selguard.nginx1.dismiss", "yes");
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "asa{sv}", 1, id, 0);
    assert_non_null(reply);
    sd_bus_message_unref(reply);
    assert_int_equal(fixture_get_number(fixture->user, "OpenDiagnoses"), open - 1);
    assert_true(sd_bus_get_property_string(fixture->user, NGINX1, path, DIAGNOSIS, "State", NULL,
                                           &diagnosis_state) >= 0);
    assert_string_equal(diagnosis_state, "dismissed");
}

/* Everybody learns of a change, with what properties tell and no more. */
static void test_signals(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 8081);
    sd_bus *watcher = harness_connect(&fixture->harness, CLIENT_UID);
    uint64_t deadline = harness_now_usec() + 10 * SEC;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    bool of_diagnosis = false, of_manager = false;
    sd_bus_message *reply;

    assert_true(sd_bus_match_signal(watcher, NULL, NGINX1, NULL, NULL, NULL, NULL, NULL) >= 0);
    reply = fixture_call(fixture->user, path, DIAGNOSIS, "Dismiss", &error, "a{sv}", 0);
    assert_non_null(reply);
    sd_bus_message_unref(reply);
    while (!(of_diagnosis && of_manager)) {
        sd_bus_message *message = NULL;
        int r = sd_bus_process(watcher, &message);

        assert_true(r >= 0 && harness_now_usec() < deadline);
        if (message && sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties",
                                                "PropertiesChanged")) {
            bool ours = streq(sd_bus_message_get_path(message), path);
            _cleanup_free_ char *text = fixture_strings(message);

            assert_tells_nothing(text);
            of_diagnosis = of_diagnosis || (ours && strstr(text, "State\ndismissed\n"));
            of_manager = of_manager || (streq(sd_bus_message_get_path(message), ROOT_PATH) &&
                                        strstr(text, "OpenDiagnoses\n"));
        }
        sd_bus_message_unref(message);
        if (r == 0)
            (void)sd_bus_wait(watcher, SEC);
    }
    sd_bus_flush_close_unref(watcher);
}

/* --- authorization ------------------------------------------------------ */

static void test_authorization(void **state)
{
    static const struct {
        const char *answer, *error;
        bool interactive;
    } cases[] = {
        {"yes", NULL, false},
        {"no", SD_BUS_ERROR_ACCESS_DENIED, false},
        {"no", SD_BUS_ERROR_ACCESS_DENIED, true},
        {"password", SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, false},
        {"password", NULL, true},
        {"dismissed", SD_BUS_ERROR_ACCESS_DENIED, true},
        {"error", SD_BUS_ERROR_ACCESS_DENIED, false},
        {"garbage", SD_BUS_ERROR_ACCESS_DENIED, false},
    };
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    const struct {
        const char *path, *interface, *method, *types;
    } methods[] = {
        {ROOT_PATH, MANAGER, "ListDiagnoses", "a{sv}"},
        {ROOT_PATH, MANAGER, "GetStatistics", "a{sv}"},
        {path, DIAGNOSIS, "Describe", ""},
        {path, DIAGNOSIS, "GetEvidence", "a{sv}"},
        {path, DIAGNOSIS, "GetFixes", "a{sv}"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases) * ELEMENTS_OF(methods); i++) {
        size_t m = i % ELEMENTS_OF(methods), c = i / ELEMENTS_OF(methods);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;

        fixture_set_answer(fixture, ACTION, cases[c].answer);
        (void)sd_bus_set_allow_interactive_authorization(fixture->user, cases[c].interactive);
        reply = fixture_call(fixture->user, methods[m].path, methods[m].interface,
                             methods[m].method, &error, methods[m].types, 0);
        (void)sd_bus_set_allow_interactive_authorization(fixture->user, false);
        if (cases[c].error)
            fixture_assert_refused(reply, &error, cases[c].error);
        else
            assert_non_null(reply);
        sd_bus_message_unref(reply);
        /* Each of them was really asked about. */
        assert_true(fixture_count_questions(fixture) > i);
    }
}

static void test_without_polkit(void **state)
{
    Fixture *fixture = *state;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;

    fixture_stop_polkit(fixture);
    /* Not even root. */
    reply = fixture_call(fixture->root, ROOT_PATH, MANAGER, "ListDiagnoses", &error, "a{sv}", 0);
    assert_null(reply);
    assert_non_null(strstr(error.message, "polkit is not available"));
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_ACCESS_DENIED);
    assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), INCIDENT_DIAGNOSES);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list, reset),
        cmocka_unit_test_setup(test_statistics, reset),
        cmocka_unit_test_setup(test_describe, reset),
        cmocka_unit_test_setup(test_evidence, reset),
        cmocka_unit_test_setup(test_fixes, reset),
        cmocka_unit_test_setup(test_properties_tell_nothing, reset),
        cmocka_unit_test_setup(test_object_manager, reset),
        cmocka_unit_test_setup(test_interface_is_as_documented, reset),
        cmocka_unit_test_setup(test_dismiss, reset),
        cmocka_unit_test_setup(test_signals, reset),
        cmocka_unit_test_setup(test_authorization, reset),
        cmocka_unit_test_setup(test_without_polkit, reset),
    };

    if (!harness_possible(/* need_store= */ false))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
