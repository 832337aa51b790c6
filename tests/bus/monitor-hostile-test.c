/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor among clients that mean no good, a polkit that does not answer, and its like. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "daemon/bus/errors.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "tests/bus/monitor-fixture.h"

#define FLOOD      200
#define FLOOD_STEP 100

/* Of the client that never reads; and what it may cost: a reply of each kind under way, and the
 * time that the bus itself takes for it, a second or two. */
#define DEAF_RULES      2000
#define DEAF_CALLS      5000
#define DEAF_MEMORY_KIB 4096
#define DEAF_ANSWER_MAX (10 * SEC)

static int setup(void **state)
{
    int r = fixture_setup(state);
    Fixture *fixture = *state;

    fixture_start_polkit(fixture, "yes");
    fixture_start_incident(fixture);
    return r;
}

static int reset(void **state)
{
    fixture_start_polkit(*state, "yes");
    return 0;
}

/* After each test: the same process still answers. */
static int check_alive(void **state)
{
    Fixture *fixture = *state;

    if (fixture->polkit <= 0)
        fixture_start_polkit(fixture, "yes");
    fixture_set_answer(fixture, ACTION, "yes");
    free(fixture_find_port(fixture->user, 3000));
    return waitpid(fixture->monitor, NULL, WNOHANG) == 0 ? 0 : -1;
}

/* --- arguments ---------------------------------------------------------- */

static void test_unknown_objects(void **state)
{
    static const char *const paths[] = {
        "/org/selguard/Nginx1/diagnosis",
        "/org/selguard/Nginx1/diagnosis/0123456789abcdef",
        "/org/selguard/Nginx1/diagnosis/_",
        "/org/selguard",
        "/",
    };
    Fixture *fixture = *state;
    _cleanup_free_ char *known = fixture_find_port(fixture->user, 3000);
    _cleanup_free_ char *below = format_string("%s/x", known);
    _cleanup_free_ char *start = strndup(known, strlen(known) - 8);

    for (size_t i = 0; i < ELEMENTS_OF(paths) + 2; i++) {
        const char *path = i < ELEMENTS_OF(paths)    ? paths[i]
                           : i == ELEMENTS_OF(paths) ? below
                                                     : start;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply =
            fixture_call(fixture->user, path, DIAGNOSIS, "Describe", &error, "");

        assert_null(reply);
        if (!streq(strempty(error.name), SD_BUS_ERROR_UNKNOWN_OBJECT) &&
            !streq(strempty(error.name), SD_BUS_ERROR_UNKNOWN_METHOD))
            fail_msg("%s: %s", path, strempty(error.name));
        sd_bus_error_free(&error);
    }
}

static void test_malformed_arguments(void **state)
{
    Fixture *fixture = *state;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;

    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "ListDiagnoses", &error, "");
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_INVALID_ARGS);
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "ss", "a", "b");
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_INVALID_ARGS);
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Undress", &error, "");
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_UNKNOWN_METHOD);
    reply = fixture_call(fixture->root, ROOT_PATH, "org.freedesktop.DBus.Properties", "Set", &error,
                         "ssv", MANAGER, "Diagnoses", "u", 0u);
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_PROPERTY_READ_ONLY);
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "asa{sv}", 1,
                         "../../../etc/passwd\n", 0);
    fixture_assert_refused(reply, &error, BUS_ERROR_NOT_FOUND);
    /* Nobody was dismissed by an empty list. */
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "Dismiss", &error, "asa{sv}", 0, 0);
    assert_non_null(reply);
    sd_bus_message_unref(reply);
    assert_int_equal(fixture_get_number(fixture->user, "OpenDiagnoses"),
                     fixture_get_number(fixture->user, "Diagnoses"));
}

static sd_bus_message *new_dismissal(Fixture *fixture, size_t n, const char *id)
{
    sd_bus_message *call = NULL;

    assert_true(sd_bus_message_new_method_call(fixture->user, &call, NGINX1, ROOT_PATH, MANAGER,
                                               "Dismiss") >= 0);
    assert_true(sd_bus_message_open_container(call, 'a', "s") >= 0);
    for (size_t i = 0; i < n; i++)
        assert_true(sd_bus_message_append(call, "s", id) >= 0);
    assert_true(sd_bus_message_close_container(call) >= 0);
    return call;
}

static void test_huge_arguments(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = fixture_find_port(fixture->user, 3000);
    const size_t length = 8 * 1024 * 1024;
    _cleanup_free_ char *long_id = malloc(length + 1);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call, *reply = NULL;

    assert_non_null(long_id);
    memset(long_id, 'a', length);
    long_id[length] = '\0';

    /* One more than there can be. */
    call = new_dismissal(fixture, DIAGNOSES_MAX + 1, strrchr(path, '/') + 1);
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    assert_true(sd_bus_call(fixture->user, call, 0, &error, &reply) < 0);
    fixture_assert_refused(reply, &error, BUS_ERROR_LIMIT_EXCEEDED);
    sd_bus_message_unref(call);

    call = new_dismissal(fixture, 1, long_id);
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    assert_true(sd_bus_call(fixture->user, call, 0, &error, &reply) < 0);
    fixture_assert_refused(reply, &error, BUS_ERROR_NOT_FOUND);
    sd_bus_message_unref(call);

    /* Options that nobody knows are passed over, however many. */
    assert_true(sd_bus_message_new_method_call(fixture->user, &call, NGINX1, ROOT_PATH, MANAGER,
                                               "ListDiagnoses") >= 0);
    assert_true(sd_bus_message_open_container(call, 'a', "{sv}") >= 0);
    for (size_t i = 0; i < 100000; i++)
        assert_true(sd_bus_message_append(call, "{sv}", "Unheard", "v", "v", "s", "of") >= 0);
    assert_true(sd_bus_message_close_container(call) >= 0);
    assert_true(sd_bus_call(fixture->user, call, 0, &error, &reply) >= 0);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
}

/* --- a polkit that does not answer -------------------------------------- */

typedef struct Flood {
    size_t over_limit, other, answered;
} Flood;

static int on_flood_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    Flood *flood = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(reply);

    if (!error)
        flood->answered++;
    else if (sd_bus_error_has_name(error, BUS_ERROR_LIMIT_EXCEEDED))
        flood->over_limit++;
    else
        flood->other++;
    return 0;
}

static void send_calls(sd_bus *bus, size_t n, Flood *flood)
{
    for (size_t i = 0; i < n; i++)
        assert_true(sd_bus_call_method_async(bus, NULL, NGINX1, ROOT_PATH, MANAGER, "ListDiagnoses",
                                             on_flood_reply, flood, "a{sv}", 0) >= 0);
    assert_true(sd_bus_flush(bus) >= 0);
}

/* Until so many replies came, or 10 s passed. */
static void take_replies(sd_bus *bus, const Flood *flood, size_t n)
{
    uint64_t deadline = harness_now_usec() + 10 * SEC;

    while (flood->over_limit + flood->other + flood->answered < n &&
           harness_now_usec() < deadline) {
        int r = sd_bus_process(bus, NULL);

        assert_true(r >= 0);
        if (r == 0)
            (void)sd_bus_wait(bus, SEC / 10);
    }
}

static void wait_withdrawn(Fixture *fixture, size_t n)
{
    uint64_t deadline = harness_now_usec() + 10 * SEC;

    while (fixture_count_withdrawn(fixture) < n) {
        assert_true(harness_now_usec() < deadline);
        (void)usleep(20000);
    }
    assert_int_equal(fixture_count_withdrawn(fixture), n);
}

/* One that floods is cut short; others are served meanwhile; what it left behind is cleared. */
static void test_flood(void **state)
{
    Fixture *fixture = *state;
    sd_bus *client = harness_connect(&fixture->harness, CLIENT_UID);
    uint64_t before;
    Flood flood = {0};

    fixture_set_answer(fixture, ACTION, "hang");
    /* In steps, for the bus has a limit too: 128 unanswered calls of one connection. */
    for (size_t sent = FLOOD_STEP; sent <= FLOOD; sent += FLOOD_STEP) {
        send_calls(client, FLOOD_STEP, &flood);
        take_replies(client, &flood, sent - POLKIT_CHECKS_PER_USER_MAX);
    }
    assert_int_equal(flood.over_limit, FLOOD - POLKIT_CHECKS_PER_USER_MAX);
    assert_int_equal(flood.other + flood.answered, 0);
    assert_int_equal(fixture_count_questions(fixture), POLKIT_CHECKS_PER_USER_MAX);

    before = harness_now_usec();
    assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), 6);
    assert_true(harness_now_usec() - before < POLKIT_TIMEOUT_USEC / 2);
    fixture_set_answer(fixture, ACTION, "yes");
    free(fixture_find_port(fixture->root, 3000));
    assert_true(harness_now_usec() - before < POLKIT_TIMEOUT_USEC / 2);

    sd_bus_flush_close_unref(client);
    wait_withdrawn(fixture, POLKIT_CHECKS_PER_USER_MAX);
    free(fixture_find_port(fixture->user, 3000));
}

static void test_client_vanishes(void **state)
{
    Fixture *fixture = *state;

    fixture_set_answer(fixture, ACTION, "hang");
    for (size_t i = 1; i <= 3; i++) {
        sd_bus *client = harness_connect(&fixture->harness, CLIENT_UID);
        uint64_t deadline = harness_now_usec() + 10 * SEC;
        Flood flood = {0};

        send_calls(client, 1, &flood);
        while (fixture_count_questions(fixture) < i) {
            assert_true(harness_now_usec() < deadline);
            (void)usleep(20000);
        }
        sd_bus_close(client);
        sd_bus_unref(client);
        wait_withdrawn(fixture, i);
    }
}

static unsigned long resident_kib(pid_t pid)
{
    _cleanup_free_ char *path = format_string("/proc/%d/statm", pid);
    FILE *stream = fopen(path, "re");
    char text[256] = "", *second;

    assert_non_null(stream);
    assert_non_null(fgets(text, sizeof(text), stream));
    (void)fclose(stream);
    second = strchr(text, ' ');
    assert_non_null(second);
    return strtoul(second, NULL, 10) * (unsigned long)(sysconf(_SC_PAGESIZE) / 1024);
}

/* It asks and asks, subscribes to everything, and reads nothing: that costs its own connection,
 * not the monitor's time or memory. */
static void test_client_never_reads(void **state)
{
    Fixture *fixture = *state;
    sd_bus *client = harness_connect(&fixture->harness, CLIENT_UID);
    unsigned long before = resident_kib(fixture->monitor), after;
    uint64_t begin, slowest = 0;

    for (int i = 0; i < DEAF_RULES; i++) {
        _cleanup_free_ char *rule = format_string("type='signal',sender='" NGINX1 "',arg0='%d'", i);
        sd_bus_message *call = NULL;

        assert_true(sd_bus_message_new_method_call(client, &call, "org.freedesktop.DBus",
                                                   "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                   "AddMatch") >= 0);
        assert_true(sd_bus_message_append(call, "s", rule) >= 0);
        assert_true(sd_bus_send(client, call, NULL) >= 0);
        sd_bus_message_unref(call);
    }
    for (int i = 0; i < DEAF_CALLS; i++) {
        sd_bus_message *call = NULL;

        assert_true(sd_bus_message_new_method_call(client, &call, NGINX1, ROOT_PATH, MANAGER,
                                                   i % 2 ? "ListDiagnoses" : "GetStatistics") >= 0);
        assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
        assert_true(sd_bus_send(client, call, NULL) >= 0);
        sd_bus_message_unref(call);
        if (i % 500 != 499)
            continue;
        /* Meanwhile another one is answered. */
        begin = harness_now_usec();
        assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), 6);
        if (harness_now_usec() - begin > slowest)
            slowest = harness_now_usec() - begin;
    }
    assert_true(slowest < DEAF_ANSWER_MAX);
    after = resident_kib(fixture->monitor);
    print_message("memory before %lu KiB, after %lu KiB; slowest answer %llu ms\n", before, after,
                  (unsigned long long)(slowest / 1000));
#if !defined(__SANITIZE_ADDRESS__) /* which keeps what was freed: up to 256 MiB */
    assert_true(after < before + DEAF_MEMORY_KIB);
#endif
    sd_bus_close(client);
    sd_bus_unref(client);
}

/* polkit's end is an answer too. */
static void test_polkit_vanishes(void **state)
{
    Fixture *fixture = *state;
    sd_bus *client = harness_connect(&fixture->harness, CLIENT_UID);
    uint64_t deadline = harness_now_usec() + 10 * SEC;
    Flood flood = {0};

    fixture_set_answer(fixture, ACTION, "hang");
    send_calls(client, 1, &flood);
    while (fixture_count_questions(fixture) < 1) {
        assert_true(harness_now_usec() < deadline);
        (void)usleep(20000);
    }
    fixture_stop_polkit(fixture);
    take_replies(client, &flood, 1);
    assert_int_equal(flood.other, 1);
    sd_bus_flush_close_unref(client);
}

/* It waits as long as limits.h says, and not for ever. */
static void test_polkit_is_slow(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = harness_now_usec();
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;

    fixture_set_answer(fixture, ACTION, "hang");
    reply = fixture_call(fixture->user, ROOT_PATH, MANAGER, "ListDiagnoses", &error, "a{sv}", 0);
    assert_null(reply);
    assert_non_null(strstr(strempty(error.message), "did not answer in time"));
    fixture_assert_refused(reply, &error, SD_BUS_ERROR_ACCESS_DENIED);
    assert_true(harness_now_usec() - before > POLKIT_TIMEOUT_USEC / 2);
    assert_true(harness_now_usec() - before < POLKIT_TIMEOUT_USEC + 10 * SEC);
    wait_withdrawn(fixture, 1);
}

/* --- another one -------------------------------------------------------- */

static void test_second_instance(void **state)
{
    Fixture *fixture = *state;
    const char *arguments[] = {
        "--audit-log", harness_path(&fixture->harness, "audit.log"),
        "--config",    harness_path(&fixture->harness, "none.conf"),
        NULL,
    };
    pid_t second = fixture_spawn_monitor(fixture, "second.log", arguments);
    int status = harness_wait_end(second);
    size_t size = 0;
    _cleanup_free_ char *log = NULL;

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    log = harness_read(harness_path(&fixture->harness, "second.log"), &size);
    assert_non_null(log);
    assert_non_null(strstr(log, "The bus name org.selguard.Nginx1 is not to be had: another "
                                "monitor is running"));
    assert_null(strstr(log, "watches"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unknown_objects, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_malformed_arguments, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_huge_arguments, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_flood, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_client_vanishes, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_client_never_reads, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_polkit_vanishes, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_polkit_is_slow, reset, check_alive),
        cmocka_unit_test_setup_teardown(test_second_instance, reset, check_alive),
    };

    if (!harness_possible(/* need_store= */ false))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
