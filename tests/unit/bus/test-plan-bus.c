/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/bus/plan-bus.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

/* Messages need a bus that they could go to. */
static sd_bus *bus;
static int peer = -1;

static int setup(void **state _unused_)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_true(sd_bus_new(&bus) >= 0);
    assert_true(sd_bus_set_fd(bus, pair[0], pair[0]) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    peer = pair[1];
    return 0;
}

static int teardown(void **state _unused_)
{
    sd_bus_close(bus);
    sd_bus_unref(bus);
    return close(peer);
}

static sd_bus_message *message_new(void)
{
    sd_bus_message *message = NULL;

    assert_true(sd_bus_message_new_signal(bus, &message, "/x", "x.y", "Z") >= 0);
    return message;
}

static void message_seal(sd_bus_message *message)
{
    assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
    assert_true(sd_bus_message_rewind(message, true) >= 0);
}

/* --- what is sent arrives ----------------------------------------------- */

static void add(Plan *plan, Action action)
{
    Action copy;

    assert_int_equal(action_copy(&copy, &action), 0);
    assert_int_equal(plan_add_action(plan, &copy), 0);
}

static void test_round_trip(void **state _unused_)
{
    char *commands[] = {(char *)"chmod o+x /srv", (char *)"", NULL};
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_(plan_clear) Plan read = {0};
    _cleanup_free_ char *problem = NULL;
    sd_bus_message *message = message_new();
    Access access = {(char *)"u:r:httpd_t:s0", (char *)"u:object_r:ntop_port_t:s0",
                     (char *)"tcp_socket", (char *)"name_connect"};

    add(&plan, (Action){.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_x", .value = true});
    add(&plan, (Action){.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_y", .value = false});
    add(&plan, (Action){.kind = ACTION_SET_PORT,
                        .protocol = (char *)"tcp",
                        .low = 1,
                        .high = 65535,
                        .type = (char *)"http_port_t"});
    add(&plan, (Action){.kind = ACTION_SET_FILE_CONTEXT,
                        .regex = (char *)"/srv/é(/.*)?",
                        .file_type = (char *)"all",
                        .type = (char *)"httpd_sys_content_t"});
    add(&plan, (Action){.kind = ACTION_RELABEL, .path = (char *)"/srv", .recursive = true});
    add(&plan, (Action){.kind = ACTION_INSTALL_MODULE,
                        .name = (char *)"m",
                        .cil = (char *)"(type t)\n\t(roletype object_r t)\n"});
    add(&plan, (Action){.kind = ACTION_RELOAD_NGINX});
    add(&plan, (Action){.kind = ACTION_ADVISE, .text = (char *)"Do this.", .commands = commands});
    assert_int_equal(plan_add_access(&plan, &access), 0);

    assert_true(plan_bus_append_actions(message, &plan) >= 0);
    assert_true(plan_bus_append_accesses(message, &plan) >= 0);
    assert_string_equal(sd_bus_message_get_signature(message, true),
                        PLAN_BUS_SIGNATURE ACCESSES_BUS_SIGNATURE);
    message_seal(message);
    assert_int_equal(plan_bus_read_actions(message, &read, &problem), 0);
    assert_int_equal(plan_bus_read_accesses(message, &read, &problem), 0);
    assert_null(problem);
    assert_true(plan_equal(&plan, &read));
    sd_bus_message_unref(message);
}

static void test_empty(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *problem = NULL;
    sd_bus_message *message = message_new();

    assert_true(plan_bus_append_actions(message, &plan) >= 0);
    message_seal(message);
    assert_int_equal(plan_bus_read_actions(message, &plan, &problem), 0);
    assert_int_equal(plan.n_actions, 0);
    sd_bus_message_unref(message);
}

/* --- what does not fit -------------------------------------------------- */

/* Reads a finished message; the plan must stay as it was, with one action in it. */
static void expect_refusal(sd_bus_message *message, int error, const char *text)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *problem = NULL;
    int r;

    add(&plan, (Action){.kind = ACTION_RELOAD_NGINX});
    message_seal(message);
    r = plan_bus_read_actions(message, &plan, &problem);
    if (r != error || !problem || !strstr(problem, text))
        fail_msg("%d \"%s\", not %d …%s…", r, strempty(problem), error, text);
    assert_int_equal(plan.n_actions, 1);
    assert_int_equal(plan.actions[0].kind, ACTION_RELOAD_NGINX);
    sd_bus_message_unref(message);
}

#define MALFORMED(error, text, ...)                                                                \
    do {                                                                                           \
        sd_bus_message *_message = message_new();                                                  \
                                                                                                   \
        assert_true(sd_bus_message_append(_message, PLAN_BUS_SIGNATURE, __VA_ARGS__) >= 0);        \
        expect_refusal(_message, error, text);                                                     \
    } while (false)

static void test_malformed(void **state _unused_)
{
    MALFORMED(-EINVAL, "action 0: there is no such kind", 1, "", 0);
    MALFORMED(-EINVAL, "action 1: there is no such kind", 2, "reload-nginx", 0, "Set-Boolean", 0);
    MALFORMED(-EINVAL, "action 0, argument \"name\": is missing", 1, "set-boolean", 1, "value", "b",
              1);
    MALFORMED(-EINVAL, "action 0, argument \"value\": is missing", 1, "set-boolean", 1, "name", "s",
              "x");
    MALFORMED(-EINVAL, "argument \"name\": is given twice", 1, "set-boolean", 3, "name", "s", "x",
              "name", "s", "y", "value", "b", 1);
    MALFORMED(-EINVAL, "argument \"Name\": this kind of action has no such", 1, "set-boolean", 2,
              "Name", "s", "x", "value", "b", 1);
    MALFORMED(-EINVAL, "has no such argument", 1, "reload-nginx", 1, "path", "s", "/");
    MALFORMED(-EINVAL, "argument \"value\": has the wrong type", 1, "set-boolean", 2, "name", "s",
              "x", "value", "s", "on");
    MALFORMED(-EINVAL, "argument \"low\": has the wrong type", 1, "set-port", 4, "protocol", "s",
              "tcp", "low", "u", 80, "high", "q", 80, "type", "s", "t");
    MALFORMED(-EINVAL, "argument \"name\": has the wrong type", 1, "set-boolean", 2, "name", "v",
              "s", "x", "value", "b", 1);
    MALFORMED(-EINVAL, "argument \"commands\": has the wrong type", 1, "advise", 2, "text", "s",
              "x", "commands", "s", "y");
}

static void test_texts(void **state _unused_)
{
    MALFORMED(-EINVAL, "argument \"name\": must not be empty", 1, "set-boolean", 2, "name", "s", "",
              "value", "b", 1);
    MALFORMED(-EINVAL, "argument \"name\": has a control", 1, "set-boolean", 2, "name", "s", "a\nb",
              "value", "b", 1);
    MALFORMED(-EINVAL, "argument \"path\": has a control", 1, "relabel", 2, "path", "s",
              "/a\033[0m", "recursive", "b", 0);
    MALFORMED(-EINVAL, "argument \"path\": has a control", 1, "relabel", 2, "path", "s", "/a\x7f",
              "recursive", "b", 0);
    MALFORMED(-EINVAL, "argument \"cil\": has a control", 1, "install-module", 2, "name", "s", "m",
              "cil", "s", "(type\r t)");
    MALFORMED(-EINVAL, "argument \"cil\": must not be empty", 1, "install-module", 2, "name", "s",
              "m", "cil", "s", "");
    MALFORMED(-EINVAL, "argument \"commands\": has a control", 1, "advise", 2, "text", "s", "",
              "commands", "as", 2, "fine", "\b");
}

/* A string of that many letters; static. */
static const char *letters(size_t n)
{
    static char buffer[PLAN_CIL_MAX + 2];

    memset(buffer, 'a', n);
    buffer[n] = '\0';
    return buffer;
}

static void test_limits(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *problem = NULL;
    sd_bus_message *message;

    MALFORMED(-E2BIG, "argument \"name\": is too long", 1, "set-boolean", 2, "name", "s",
              letters(PLAN_STRING_MAX + 1), "value", "b", 1);
    MALFORMED(-E2BIG, "argument \"cil\": is too long", 1, "install-module", 2, "name", "s", "m",
              "cil", "s", letters(PLAN_CIL_MAX + 1));

    /* At the limit it passes. */
    message = message_new();
    assert_true(sd_bus_message_append(message, PLAN_BUS_SIGNATURE, 1, "set-boolean", 2, "name", "s",
                                      letters(PLAN_STRING_MAX), "value", "b", 1) >= 0);
    message_seal(message);
    assert_int_equal(plan_bus_read_actions(message, &plan, &problem), 0);
    sd_bus_message_unref(message);

    message = message_new();
    assert_true(sd_bus_message_open_container(message, 'a', "(sa{sv})") >= 0);
    for (unsigned i = 0; i <= PLAN_ACTIONS_MAX; i++)
        assert_true(sd_bus_message_append(message, "(sa{sv})", "reload-nginx", 0) >= 0);
    assert_true(sd_bus_message_close_container(message) >= 0);
    expect_refusal(message, -E2BIG, "too many actions");

    message = message_new();
    assert_true(sd_bus_message_open_container(message, 'a', "(sa{sv})") >= 0);
    assert_true(sd_bus_message_open_container(message, 'r', "sa{sv}") >= 0);
    assert_true(sd_bus_message_append(message, "s", "advise") >= 0);
    assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
    assert_true(sd_bus_message_open_container(message, 'e', "sv") >= 0);
    assert_true(sd_bus_message_append(message, "s", "commands") >= 0);
    assert_true(sd_bus_message_open_container(message, 'v', "as") >= 0);
    assert_true(sd_bus_message_open_container(message, 'a', "s") >= 0);
    for (unsigned i = 0; i <= PLAN_ACTIONS_MAX; i++)
        assert_true(sd_bus_message_append(message, "s", "x") >= 0);
    for (unsigned i = 0; i < 6; i++)
        assert_true(sd_bus_message_close_container(message) >= 0);
    expect_refusal(message, -E2BIG, "argument \"commands\": has too many elements");
}

/* A plan that is filled by two messages is bounded all the same. */
static void test_limit_over_several_reads(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *problem = NULL;
    sd_bus_message *message = message_new();

    for (unsigned i = 0; i < PLAN_ACTIONS_MAX; i++)
        add(&plan, (Action){.kind = ACTION_RELOAD_NGINX});
    assert_true(sd_bus_message_append(message, PLAN_BUS_SIGNATURE, 1, "reload-nginx", 0) >= 0);
    message_seal(message);
    assert_int_equal(plan_bus_read_actions(message, &plan, &problem), -E2BIG);
    assert_non_null(problem);
    assert_int_equal(plan.n_actions, PLAN_ACTIONS_MAX);
    sd_bus_message_unref(message);
}

static void expect_access_refusal(sd_bus_message *message, int error, const char *text)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *problem = NULL;

    message_seal(message);
    assert_int_equal(plan_bus_read_accesses(message, &plan, &problem), error);
    assert_non_null(problem);
    assert_non_null(strstr(problem, text));
    assert_int_equal(plan.n_accesses, 0);
    sd_bus_message_unref(message);
}

static void test_accesses(void **state _unused_)
{
    static const struct {
        const char *parts[4];
        const char *text;
    } cases[] = {
        {{"", "u:r:t", "file", "read"}, "access 0, argument \"source context\": must not be empty"},
        {{"httpd_t", "u:r:t", "file", "read"}, "\"source context\": is not an SELinux context"},
        {{"u:r:t", "u:r:", "file", "read"}, "\"target context\": is not an SELinux context"},
        {{"u:r:t", "u:r:t", "", "read"}, "\"class\": must not be empty"},
        {{"u:r:t", "u:r:t", "file", "re\tad"}, "\"permissions\": has a control"},
    };
    sd_bus_message *message;

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        message = message_new();
        assert_true(sd_bus_message_append(message, ACCESSES_BUS_SIGNATURE, 1, cases[i].parts[0],
                                          cases[i].parts[1], cases[i].parts[2],
                                          cases[i].parts[3]) >= 0);
        expect_access_refusal(message, -EINVAL, cases[i].text);
    }

    message = message_new();
    assert_true(sd_bus_message_open_container(message, 'a', "(ssss)") >= 0);
    for (unsigned i = 0; i <= PLAN_ACCESSES_MAX; i++)
        assert_true(sd_bus_message_append(message, "(ssss)", "u:r:t", "u:r:t", "file", "read") >=
                    0);
    assert_true(sd_bus_message_close_container(message) >= 0);
    expect_access_refusal(message, -E2BIG, "too many accesses");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_malformed),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_limit_over_several_reads),
        cmocka_unit_test(test_accesses),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
