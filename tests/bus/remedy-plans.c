/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/remedy-plans.h"

#include <stdarg.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/unit/test.h"

/* `seconds`: below 0 for a method that has none. */
static sd_bus_message *new_call(sd_bus *bus, const char *method, int seconds, va_list arguments)
{
    sd_bus_message *call = NULL;

    assert_true(sd_bus_message_new_method_call(bus, &call, REMEDY, "/org/selguard/Remedy1", MANAGER,
                                               method) >= 0);
    assert_true(sd_bus_message_appendv(call, "a(sa{sv})", arguments) >= 0);
    if (seconds >= 0)
        assert_true(sd_bus_message_append(call, "u", (uint32_t)seconds) >= 0);
    assert_true(sd_bus_message_append(call, "a{sv}", 0) >= 0);
    return call;
}

static sd_bus_message *new_keep(sd_bus *bus, const char *change_id)
{
    sd_bus_message *call = NULL;

    assert_true(sd_bus_message_new_method_call(bus, &call, REMEDY, "/org/selguard/Remedy1", MANAGER,
                                               "Keep") >= 0);
    assert_true(sd_bus_message_append(call, "sa{sv}", change_id, 1, "Reason", "s", KEEP_REASON) >=
                0);
    return call;
}

static char *begin(sd_bus *bus, sd_bus_message *call)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *job;
    char *copy;

    if (sd_bus_call(bus, call, 0, &error, &reply) < 0)
        fail_msg("%s: %s", error.name, error.message);
    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    copy = strdup(job);
    assert_non_null(copy);
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    return copy;
}

static JobOutcome finish(sd_bus *bus, char *job)
{
    JobOutcome outcome = fixture_wait_job(bus, job);

    free(job);
    return outcome;
}

#define CALL(bus, method, seconds, last, ret_call)                                                 \
    do {                                                                                           \
        va_list arguments;                                                                         \
                                                                                                   \
        va_start(arguments, last);                                                                 \
        *(ret_call) = new_call(bus, method, seconds, arguments);                                   \
        va_end(arguments);                                                                         \
    } while (0)

char *plan_start(Fixture *fixture, ...)
{
    sd_bus_message *call;

    CALL(fixture->root, "Apply", -1, fixture, &call);
    return begin(fixture->root, call);
}

char *plan_start_trial(Fixture *fixture, unsigned seconds, ...)
{
    sd_bus_message *call;

    CALL(fixture->root, "Trial", (int)seconds, seconds, &call);
    return begin(fixture->root, call);
}

JobOutcome plan_apply(Fixture *fixture, ...)
{
    sd_bus_message *call;

    CALL(fixture->root, "Apply", -1, fixture, &call);
    return finish(fixture->root, begin(fixture->root, call));
}

JobOutcome plan_trial(Fixture *fixture, unsigned seconds, ...)
{
    sd_bus_message *call;

    CALL(fixture->root, "Trial", (int)seconds, seconds, &call);
    return finish(fixture->root, begin(fixture->root, call));
}

JobOutcome plan_keep(Fixture *fixture, const char *change_id)
{
    return finish(fixture->root, begin(fixture->root, new_keep(fixture->root, change_id)));
}

static const char *refuse_call(sd_bus *client, sd_bus_message *call)
{
    static char text[2048];
    sd_bus_error error = SD_BUS_ERROR_NULL;

    assert_true(sd_bus_call(client, call, 0, &error, NULL) < 0);
    (void)snprintf(text, sizeof(text), "%s: %s", error.name, error.message);
    sd_bus_error_free(&error);
    sd_bus_message_unref(call);
    return text;
}

const char *plan_refusal(sd_bus *client, ...)
{
    sd_bus_message *call;

    CALL(client, "Apply", -1, client, &call);
    return refuse_call(client, call);
}

const char *plan_trial_refusal(sd_bus *client, unsigned seconds, ...)
{
    sd_bus_message *call;

    CALL(client, "Trial", (int)seconds, seconds, &call);
    return refuse_call(client, call);
}

const char *plan_keep_refusal(sd_bus *client, const char *change_id)
{
    return refuse_call(client, new_keep(client, change_id));
}

const char *plan_check_text(Fixture *fixture, const char *wanted, ...)
{
    static char text[2048];
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call, *reply = NULL;
    const char *key, *contents, *value;

    text[0] = '\0';
    CALL(fixture->root, "Check", -1, wanted, &call);
    if (sd_bus_call(fixture->root, call, 0, &error, &reply) < 0)
        fail_msg("%s: %s", error.name, error.message);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") >= 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &key) > 0);
        assert_true(sd_bus_message_peek_type(reply, NULL, &contents) > 0);
        if (streq(key, wanted)) {
            assert_true(sd_bus_message_read(reply, "v", "s", &value) > 0);
            (void)snprintf(text, sizeof(text), "%s", value);
        } else
            assert_true(sd_bus_message_skip(reply, "v") >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    return text;
}

/* --- what is on disk ---------------------------------------------------- */

bool file_has(Fixture *fixture, const char *name, const char *text)
{
    size_t size = 0;
    _cleanup_free_ char *content = harness_read(harness_path(&fixture->harness, name), &size);

    return content && strstr(content, text);
}

bool there_is(Fixture *fixture, const char *name)
{
    return access(harness_path(&fixture->harness, name), F_OK) == 0;
}

void make_file(Fixture *fixture, const char *name)
{
    FILE *file = fopen(harness_path(&fixture->harness, name), "we");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

void copy_path(Fixture *fixture, const char *from, const char *to)
{
    const char *arguments[] = {"cp", "-aT", harness_path(&fixture->harness, from),
                               harness_path(&fixture->harness, to), NULL};

    assert_int_equal(harness_wait_end(harness_spawn(arguments)), 0);
}

void move_path(Fixture *fixture, const char *from, const char *to)
{
    assert_int_equal(
        rename(harness_path(&fixture->harness, from), harness_path(&fixture->harness, to)), 0);
}

const char *label_of(Fixture *fixture, const char *name)
{
    static char label[256];
    ssize_t n = lgetxattr(harness_path(&fixture->harness, name), "security.selinux", label,
                          sizeof(label) - 1);

    label[n < 0 ? 0 : n] = '\0';
    return label;
}

bool put_label(Fixture *fixture, const char *name, const char *label)
{
    return lsetxattr(harness_path(&fixture->harness, name), "security.selinux", label,
                     strlen(label) + 1, 0) == 0;
}
