/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor where something is missing: each gap is one entry of the property Problems and
 * one line of the log, and the rest goes on working.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "daemon/core/text.h"
#include "tests/bus/monitor-fixture.h"

#define SELINUX_MARK "/sys/fs/selinux/enforce"

static int setup(void **state)
{
    int r = fixture_setup(state);

    fixture_start_polkit(*state, "yes");
    return r;
}

/* Each test has a log and a configuration of nginx of its own, both sound at first. */
static int reset(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *nginx =
        format_string("error_log %s/live.log;\nevents {}\n", fixture->harness.directory);
    _cleanup_free_ char *config =
        format_string("[nginx]\nConfiguration=%s/nginx.conf\n", fixture->harness.directory);

    fixture_write(fixture, "live.log", "");
    fixture_write(fixture, "nginx.conf", nginx);
    fixture_write(fixture, "selguard.conf", config);
    return 0;
}

static int stop(void **state)
{
    fixture_stop_monitor(*state);
    return 0;
}

static void start_live(Fixture *fixture)
{
    const char *arguments[] = {"--config", harness_path(&fixture->harness, "selguard.conf"), NULL};

    fixture_start_monitor(fixture, arguments);
}

static void append_failure(Fixture *fixture)
{
    FILE *stream = fopen(harness_path(&fixture->harness, "live.log"), "ae");
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];

    assert_non_null(stream);
    assert_non_null(localtime_r(&now, &local));
    assert_true(strftime(stamp, sizeof(stamp), "%Y/%m/%d %H:%M:%S", &local) > 0);
    (void)fprintf(stream,
                  "%s [error] 77#77: *5 open() \"/srv/www/private.html\" failed (13: Permission "
                  "denied), client: 192.0.2.7, server: shop.example.com, request: \"GET "
                  "/private.html HTTP/1.1\", host: \"shop.example.com\"\n",
                  stamp);
    assert_int_equal(fclose(stream), 0);
}

static void wait_diagnoses(Fixture *fixture, uint32_t n)
{
    uint64_t deadline = harness_now_usec() + 20 * SEC;

    while (fixture_get_number(fixture->user, "Diagnoses") != n) {
        assert_true(harness_now_usec() < deadline);
        (void)usleep(50000);
    }
}

static void assert_logged(Fixture *fixture, const char *text)
{
    size_t size = 0;
    _cleanup_free_ char *log = harness_read(harness_path(&fixture->harness, "monitor.log"), &size);

    assert_non_null(log);
    if (!strstr(log, text))
        fail_msg("\"%s\" is not in the log:\n%s", text, log);
}

/* --- the live system ---------------------------------------------------- */

static void test_no_audit_socket(void **state)
{
    Fixture *fixture = *state;

    start_live(fixture);
    fixture_wait_problem(fixture->user, "audit-socket", true);
    assert_false(fixture_has_problem(fixture->user, "error-log"));
    assert_false(fixture_has_problem(fixture->user, "nginx-configuration"));
    assert_false(fixture_has_problem(fixture->user, "configuration"));
    assert_logged(fixture, "The kernel's audit messages cannot be received");

    /* What nginx says is still heard. */
    append_failure(fixture);
    wait_diagnoses(fixture, 1);
}

static void test_selinux_state(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *mode = NULL;
    bool enabled = access(SELINUX_MARK, F_OK) == 0;

    start_live(fixture);
    assert_true(sd_bus_get_property_string(fixture->user, NGINX1, ROOT_PATH, MANAGER, "SelinuxMode",
                                           NULL, &mode) >= 0);
    assert_int_equal(streq(mode, "disabled"), !enabled);
    assert_int_equal(fixture_has_problem(fixture->user, "selinux-disabled"), !enabled);
    assert_int_equal(fixture_has_problem(fixture->user, "selinux-permissive"),
                     streq(mode, "permissive"));
}

static void test_no_nginx(void **state)
{
    Fixture *fixture = *state;

    assert_int_equal(unlink(harness_path(&fixture->harness, "nginx.conf")), 0);
    start_live(fixture);
    fixture_wait_problem(fixture->user, "nginx-configuration", true);
    assert_logged(fixture, "nginx's configuration cannot be read");

    /* It is installed later. */
    (void)reset(state);
    fixture_wait_problem(fixture->user, "nginx-configuration", false);
    assert_logged(fixture, "Solved: nginx-configuration");
    fixture_wait_problem(fixture->user, "error-log", false);
    append_failure(fixture);
    wait_diagnoses(fixture, 1);
}

static void test_nginx_configuration_is_broken(void **state)
{
    Fixture *fixture = *state;
    static const char *const contents[] = {"http { server {", "\x01\x02\x03", "include /;\n"};

    for (size_t i = 0; i < ELEMENTS_OF(contents); i++) {
        fixture_write(fixture, "nginx.conf", contents[i]);
        start_live(fixture);
        /* What can be known is known; what cannot is said or not needed. */
        (void)fixture_get_number(fixture->user, "Diagnoses");
        fixture_stop_monitor(fixture);
    }
}

static void test_log_problems(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *log = format_string("%s/live.log", fixture->harness.directory);

    /* Of another user, alone. */
    assert_int_equal(chmod(log, 0600), 0);
    start_live(fixture);
    fixture_wait_problem(fixture->user, "error-log", true);
    assert_logged(fixture, "live.log: Permission denied");
    assert_int_equal(chmod(log, 0644), 0);
    fixture_wait_problem(fixture->user, "error-log", false);
    append_failure(fixture);
    wait_diagnoses(fixture, 1);
    fixture_stop_monitor(fixture);

    /* Not there yet. */
    assert_int_equal(unlink(log), 0);
    start_live(fixture);
    fixture_wait_problem(fixture->user, "error-log", true);
    append_failure(fixture);
    assert_int_equal(chmod(log, 0644), 0);
    fixture_wait_problem(fixture->user, "error-log", false);
    wait_diagnoses(fixture, 1);
    fixture_stop_monitor(fixture);

    /* Something that blocks whoever opens it. */
    assert_int_equal(unlink(log), 0);
    assert_int_equal(mkfifo(log, 0644), 0);
    start_live(fixture);
    fixture_wait_problem(fixture->user, "error-log", true);
    fixture_stop_monitor(fixture);
    assert_int_equal(unlink(log), 0);
    assert_int_equal(mkdir(log, 0755), 0);
    start_live(fixture);
    fixture_wait_problem(fixture->user, "error-log", true);
    fixture_stop_monitor(fixture);
    assert_int_equal(rmdir(log), 0);
}

/* --- our own configuration ---------------------------------------------- */

static void test_configuration(void **state)
{
    static const char *const contents[] = {"[nginx]\nColour=blue\n", "nonsense", "[nginx\n",
                                           "[nginx]\nPrefix=relative\n"};
    Fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS_OF(contents); i++) {
        fixture_write(fixture, "selguard.conf", contents[i]);
        start_live(fixture);
        fixture_wait_problem(fixture->user, "configuration", true);
        assert_logged(fixture, "selguard.conf is not understood; the defaults are in use");
        fixture_stop_monitor(fixture);
    }
    /* One that does not exist is no problem. */
    assert_int_equal(unlink(harness_path(&fixture->harness, "selguard.conf")), 0);
    start_live(fixture);
    assert_false(fixture_has_problem(fixture->user, "configuration"));
}

/* SIGHUP has the file read again; what is known by then stays, and what is not understood leaves
 * the configuration as it was. */
static void test_reload(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *sound =
        format_string("[nginx]\nConfiguration=%s/nginx.conf\n", fixture->harness.directory);

    start_live(fixture);
    append_failure(fixture);
    wait_diagnoses(fixture, 1);
    fixture_write(fixture, "selguard.conf", "[nginx]\nColour=blue\n");
    assert_int_equal(kill(fixture->monitor, SIGHUP), 0);
    fixture_wait_problem(fixture->user, "configuration", true);
    assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), 1);
    assert_false(fixture_has_problem(fixture->user, "nginx-configuration"));

    fixture_write(fixture, "selguard.conf", "[nginx]\nConfiguration=/no/such/nginx.conf\n");
    assert_int_equal(kill(fixture->monitor, SIGHUP), 0);
    fixture_wait_problem(fixture->user, "configuration", false);
    fixture_wait_problem(fixture->user, "nginx-configuration", true);

    fixture_write(fixture, "selguard.conf", sound);
    assert_int_equal(kill(fixture->monitor, SIGHUP), 0);
    fixture_wait_problem(fixture->user, "nginx-configuration", false);
    fixture_wait_problem(fixture->user, "error-log", false);
    append_failure(fixture);
    assert_int_equal(fixture_get_number(fixture->user, "Diagnoses"), 1);
}

/* --- the policy --------------------------------------------------------- */

static void start_incident_with(Fixture *fixture, const char *policy)
{
    const char *source = getenv("SELGUARD_SOURCE_ROOT");
    _cleanup_free_ char *audit = format_string("%s/tests/data/incident/audit.log", source);
    const char *arguments[] = {
        "--config",    harness_path(&fixture->harness, "selguard.conf"),
        "--audit-log", fixture_copy(fixture, audit, "audit.log"),
        "--policy",    policy,
        NULL,
    };

    fixture_start_monitor(fixture, arguments);
}

/* The policy images that cannot be used, by what their names in the harness' directory are. */
static void make_bad_policies(Fixture *fixture)
{
    size_t size = 0;
    _cleanup_free_ char *content = harness_read(getenv("SELGUARD_POLICY"), &size);
    FILE *stream = fopen(harness_path(&fixture->harness, "cut-policy"), "we");

    assert_non_null(content);
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, size / 2, stream), size / 2);
    assert_int_equal(fclose(stream), 0);
    (void)fixture_copy(fixture, getenv("SELGUARD_POLICY"), "secret-policy");
    assert_int_equal(chmod(harness_path(&fixture->harness, "secret-policy"), 0), 0);
    assert_int_equal(mkfifo(harness_path(&fixture->harness, "fifo-policy"), 0644), 0);
}

static void test_policy(void **state)
{
    static const char *const names[] = {"no-policy", "cut-policy", "secret-policy", "fifo-policy",
                                        "."};
    Fixture *fixture = *state;

    make_bad_policies(fixture);
    for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
        _cleanup_free_ char *policy = format_string("%s/%s", fixture->harness.directory, names[i]);
        _cleanup_free_ char *path = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;

        start_incident_with(fixture, policy);
        fixture_wait_problem(fixture->user, "policy", true);
        assert_logged(fixture, "The SELinux policy cannot be read: there are no fixes to offer.");

        /* What happened is known all the same; what to do about it is not made up. */
        path = fixture_find_port(fixture->user, 3000);
        reply = fixture_call(fixture->user, path, DIAGNOSIS, "GetFixes", &error, "a{sv}", 0);
        assert_non_null(reply);
        assert_true(sd_bus_message_enter_container(reply, 'a', "(sa(sa{sv})a(ssss)a{sv})") > 0);
        assert_int_equal(sd_bus_message_at_end(reply, false), 1);
        sd_bus_message_unref(reply);
        fixture_stop_monitor(fixture);
    }
}

/* A policy that becomes readable is asked, without a restart. */
static void test_policy_comes_later(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *path = format_string("%s/late-policy", fixture->harness.directory);

    start_incident_with(fixture, path);
    fixture_wait_problem(fixture->user, "policy", true);
    (void)fixture_copy(fixture, getenv("SELGUARD_POLICY"), "late-policy");
    fixture_wait_problem(fixture->user, "policy", false);
}

/* --- recorded files ----------------------------------------------------- */

static void test_recording_is_missing(void **state)
{
    Fixture *fixture = *state;
    const char *arguments[] = {"--audit-log", harness_path(&fixture->harness, "no-such.log"), NULL};
    pid_t pid = fixture_spawn_monitor(fixture, "monitor.log", arguments);
    int status = harness_wait_end(pid);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    assert_logged(fixture, "A recorded file cannot be read");
    assert_logged(fixture, "no-such.log");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_audit_socket, reset, stop),
        cmocka_unit_test_setup_teardown(test_selinux_state, reset, stop),
        cmocka_unit_test_setup_teardown(test_no_nginx, reset, stop),
        cmocka_unit_test_setup_teardown(test_nginx_configuration_is_broken, reset, stop),
        cmocka_unit_test_setup_teardown(test_log_problems, reset, stop),
        cmocka_unit_test_setup_teardown(test_configuration, reset, stop),
        cmocka_unit_test_setup_teardown(test_reload, reset, stop),
        cmocka_unit_test_setup_teardown(test_policy, reset, stop),
        cmocka_unit_test_setup_teardown(test_policy_comes_later, reset, stop),
        cmocka_unit_test_setup_teardown(test_recording_is_missing, reset, stop),
    };

    if (!harness_possible(/* need_store= */ false))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
