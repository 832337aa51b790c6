/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "daemon/core/text.h"
#include "tests/bus/monitor-fixture.h"

#define WAIT_USEC       (15 * SEC)
#define ARGUMENTS_MAX   16
#define ADDRESS_SETTING "DBUS_SYSTEM_BUS_ADDRESS"

/* The shipped policy lets the user nginx-selguard own the name, whom a test machine lacks. */
static const char owner_policy[] =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig><policy context=\"default\"><allow own=\"" NGINX1 "\"/></policy></busconfig>\n";

/* --- set-up ------------------------------------------------------------- */

void fixture_write(Fixture *fixture, const char *name, const char *content)
{
    FILE *stream = fopen(harness_path(&fixture->harness, name), "we");

    assert_non_null(stream);
    assert_true(fputs(content, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

const char *fixture_copy(Fixture *fixture, const char *path, const char *name)
{
    const char *target = harness_path(&fixture->harness, name);
    size_t size = 0;
    _cleanup_free_ char *content = harness_read(path, &size);
    FILE *stream = fopen(target, "we");

    assert_non_null(content);
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(chmod(target, 0644), 0);
    return target;
}

int fixture_setup(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    (void)umask(022);
    harness_start(&fixture->harness);
    fixture->root = harness_connect(&fixture->harness, 0);
    fixture->user = harness_connect(&fixture->harness, CLIENT_UID);
    fixture_write(fixture, "policies/zz-test.conf", owner_policy);
    assert_true(sd_bus_call_method(fixture->root, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                   "org.freedesktop.DBus", "ReloadConfig", NULL, NULL, "") >= 0);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    Fixture *fixture = *state;

    if (fixture->monitor > 0)
        (void)harness_end(fixture->monitor, SIGKILL);
    if (fixture->polkit > 0)
        (void)harness_end(fixture->polkit, SIGTERM);
    sd_bus_flush_close_unref(fixture->root);
    sd_bus_flush_close_unref(fixture->user);
    harness_stop(&fixture->harness);
    free(fixture);
    return 0;
}

/* --- polkit ------------------------------------------------------------- */

static sd_bus_message *call_mock(Fixture *fixture, const char *method)
{
    sd_bus_message *reply = NULL;

    assert_true(sd_bus_call_method(fixture->root, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                                   "org.selguard.MockPolkit", method, NULL, &reply, "") >= 0);
    return reply;
}

void fixture_set_answer(Fixture *fixture, const char *action, const char *answer)
{
    assert_true(sd_bus_call_method(fixture->root, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                                   "org.selguard.MockPolkit", "SetAnswer", NULL, NULL, "ss", action,
                                   answer) >= 0);
}

void fixture_start_polkit(Fixture *fixture, const char *answer)
{
    const char *arguments[] = {getenv("SELGUARD_MOCK_POLKIT"), fixture->harness.address, NULL};

    assert_non_null(arguments[0]);
    fixture_stop_polkit(fixture);
    fixture->polkit = harness_spawn(arguments);
    harness_wait_name(fixture->root, POLKIT, true);
    fixture_set_answer(fixture, "", answer);
}

void fixture_stop_polkit(Fixture *fixture)
{
    if (fixture->polkit <= 0)
        return;
    (void)harness_end(fixture->polkit, SIGTERM);
    fixture->polkit = 0;
    harness_wait_name(fixture->root, POLKIT, false);
}

size_t fixture_count_questions(Fixture *fixture)
{
    sd_bus_message *reply = call_mock(fixture, "GetQuestions");
    size_t n = 0;

    assert_true(sd_bus_message_enter_container(reply, 'a', "(ssusa{ss})") > 0);
    while (sd_bus_message_skip(reply, "(ssusa{ss})") > 0)
        n++;
    sd_bus_message_unref(reply);
    return n;
}

size_t fixture_count_withdrawn(Fixture *fixture)
{
    sd_bus_message *reply = call_mock(fixture, "GetWithdrawn");
    _cleanup_strv_ char **ids = NULL;

    assert_true(sd_bus_message_read_strv(reply, &ids) >= 0);
    sd_bus_message_unref(reply);
    return strv_length(ids);
}

/* --- the monitor -------------------------------------------------------- */

/* In the child: another user, who may not even see the program. */
_Noreturn static void become_monitor(const char *address, int program, int log,
                                     const char *const *arguments)
{
    const char *all[ARGUMENTS_MAX] = {"nginx-selguard"};
    size_t n = 1;

    while (*arguments && n + 1 < ARGUMENTS_MAX)
        all[n++] = *arguments++;
    if (setenv(ADDRESS_SETTING, address, 1) < 0 || unsetenv("JOURNAL_STREAM") < 0 ||
        dup2(log, STDERR_FILENO) < 0 || setgroups(0, NULL) < 0 || setgid(MONITOR_UID) < 0 ||
        setuid(MONITOR_UID) < 0)
        _exit(126);
    /* A change of user would undo it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)fexecve(program, (char *const *)all, environ);
    _exit(127);
}

pid_t fixture_spawn_monitor(Fixture *fixture, const char *log, const char *const *arguments)
{
    const char *path = getenv("SELGUARD_MONITOR");
    _cleanup_close_ int program = -1, log_fd = -1;
    pid_t pid;

    assert_non_null(path);
    program = open(path, O_RDONLY | O_CLOEXEC);
    log_fd =
        open(harness_path(&fixture->harness, log), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(program >= 0 && log_fd >= 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_monitor(fixture->harness.address, program, log_fd, arguments);
    return pid;
}

void fixture_start_monitor(Fixture *fixture, const char *const *arguments)
{
    fixture_stop_monitor(fixture);
    fixture->monitor = fixture_spawn_monitor(fixture, "monitor.log", arguments);
    harness_wait_name(fixture->root, NGINX1, true);
}

void fixture_stop_monitor(Fixture *fixture)
{
    int status;

    if (fixture->monitor <= 0)
        return;
    status = harness_end(fixture->monitor, SIGTERM);
    fixture->monitor = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    harness_wait_name(fixture->root, NGINX1, false);
}

static bool all_analyzed(Fixture *fixture)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(fixture->root, ROOT_PATH, "org.freedesktop.DBus.ObjectManager",
                     "GetManagedObjects", &error, "");
    bool all = true;
    int r;

    assert_non_null(reply);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}") > 0);
    while ((r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
        const char *path;
        int analyzed = 0;

        assert_true(sd_bus_message_read(reply, "o", &path) > 0);
        assert_true(sd_bus_message_skip(reply, "a{sa{sv}}") > 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        if (strstr(path, "/diagnosis/"))
            assert_true(sd_bus_get_property_trivial(fixture->root, NGINX1, path, DIAGNOSIS,
                                                    "Analyzed", NULL, 'b', &analyzed) >= 0);
        else
            analyzed = 1;
        all = all && analyzed;
    }
    assert_int_equal(r, 0);
    sd_bus_message_unref(reply);
    return all;
}

void fixture_start_incident(Fixture *fixture)
{
    const char *source = getenv("SELGUARD_SOURCE_ROOT"), *policy = getenv("SELGUARD_POLICY");
    uint64_t deadline = harness_now_usec() + WAIT_USEC;
    _cleanup_free_ char *audit = format_string("%s/tests/data/incident/audit.log", source);
    _cleanup_free_ char *error = format_string("%s/tests/data/incident/error.log", source);
    const char *arguments[] = {
        "--audit-log",  fixture_copy(fixture, audit, "audit.log"),
        "--error-log",  fixture_copy(fixture, error, "error.log"),
        "--utc-offset", "Z",
        "--policy",     fixture_copy(fixture, policy, "policy"),
        NULL,
    };

    fixture_start_monitor(fixture, arguments);
    while (!all_analyzed(fixture)) {
        assert_true(harness_now_usec() < deadline);
        (void)usleep(50000);
    }
}

/* --- calls -------------------------------------------------------------- */

sd_bus_message *fixture_call(sd_bus *bus, const char *path, const char *interface,
                             const char *method, sd_bus_error *error, const char *types, ...)
{
    sd_bus_message *call = NULL, *reply = NULL;
    va_list arguments;
    int r;

    assert_true(sd_bus_message_new_method_call(bus, &call, NGINX1, path, interface, method) >= 0);
    va_start(arguments, types);
    assert_true(sd_bus_message_appendv(call, types, arguments) >= 0);
    va_end(arguments);
    r = sd_bus_call(bus, call, 0, error, &reply);
    sd_bus_message_unref(call);
    return r < 0 ? NULL : reply;
}

void fixture_assert_refused(sd_bus_message *reply, sd_bus_error *error, const char *name)
{
    assert_null(reply);
    assert_non_null(error->name);
    assert_string_equal(error->name, name);
    assert_non_null(error->message);
    assert_true(strlen(error->message) > 10);
    sd_bus_error_free(error);
}

char *fixture_find_port(sd_bus *bus, uint16_t port)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply =
        fixture_call(bus, ROOT_PATH, MANAGER, "ListDiagnoses", &error, "a{sv}", 0);
    char *found = NULL;

    assert_non_null(reply);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'a', "{sv}") > 0) {
        const char *path = NULL, *key;
        uint16_t of_this = 0;

        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
            assert_true(sd_bus_message_read(reply, "s", &key) > 0);
            if (streq(key, "ObjectPath"))
                assert_true(sd_bus_message_read(reply, "v", "o", &path) > 0);
            else if (streq(key, "Port"))
                assert_true(sd_bus_message_read(reply, "v", "q", &of_this) > 0);
            else
                assert_true(sd_bus_message_skip(reply, "v") > 0);
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        if (of_this == port) {
            assert_null(found);
            assert_non_null(path);
            found = strdup(path);
        }
    }
    sd_bus_message_unref(reply);
    assert_non_null(found);
    return found;
}

uint32_t fixture_get_number(sd_bus *bus, const char *property)
{
    uint32_t value = UINT32_MAX;

    assert_true(sd_bus_get_property_trivial(bus, NGINX1, ROOT_PATH, MANAGER, property, NULL, 'u',
                                            &value) >= 0);
    return value;
}

bool fixture_has_problem(sd_bus *bus, const char *code)
{
    sd_bus_message *reply = NULL;
    const char *other, *sentence;
    bool found = false;

    assert_true(sd_bus_get_property(bus, NGINX1, ROOT_PATH, MANAGER, "Problems", NULL, &reply,
                                    "a(ss)") >= 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "(ss)") > 0);
    while (sd_bus_message_read(reply, "(ss)", &other, &sentence) > 0) {
        assert_true(strlen(sentence) > 20);
        found = found || streq(other, code);
    }
    sd_bus_message_unref(reply);
    return found;
}

void fixture_wait_problem(sd_bus *bus, const char *code, bool there)
{
    uint64_t deadline = harness_now_usec() + WAIT_USEC;

    while (fixture_has_problem(bus, code) != there) {
        if (harness_now_usec() > deadline)
            fail_msg("the problem %s did not %s", code, there ? "come" : "go");
        (void)usleep(50000);
    }
}

static void collect(sd_bus_message *message, FILE *stream)
{
    const char *contents, *text;
    uint64_t number;
    char type;
    int r;

    while ((r = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
        switch (type) {
        case 'a':
        case 'r':
        case 'e':
        case 'v':
            assert_true(sd_bus_message_enter_container(message, type, contents) >= 0);
            collect(message, stream);
            assert_true(sd_bus_message_exit_container(message) >= 0);
            break;
        case 's':
        case 'o':
        case 'g':
            assert_true(sd_bus_message_read_basic(message, type, &text) > 0);
            (void)fprintf(stream, "%s\n", text);
            break;
        default:
            assert_true(sd_bus_message_read_basic(message, type, &number) > 0);
        }
    }
    assert_int_equal(r, 0);
}

char *fixture_strings(sd_bus_message *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    collect(message, stream);
    (void)fclose(stream);
    return text;
}
