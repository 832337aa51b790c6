/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A systemd that has nginx.service and the unit of nginx's own test, and does with them as it was
 * told.
 *
 *   mock-systemd ADDRESS
 *
 * Besides what the remedy service calls of org.freedesktop.systemd1 it has, on its own interface
 * org.selguard.MockSystemd:
 *   Set(s name, s value)   "active" and "file": the unit's ActiveState and UnitFileState;
 *                          "load": its LoadState; "program": of ExecStart=;
 *                          "test" and "job": how nginx's test and what follows it ends, a result
 *                          as in JobRemoved, or "hang": it does not end
 *   GetCalls() → as        what was asked for, in order: "METHOD UNIT"
 */
#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/core/text.h"

#define UNIT      "nginx.service"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/nginx_2eservice"
#define TEST      "nginx-selguard-nginx-test.service"
#define TEST_PATH "/org/freedesktop/systemd1/unit/other" /* whatever is not nginx.service */

typedef struct Mock {
    sd_bus *bus;
    char *active, *file, *load, *program, *test, *job;
    char **calls;
    unsigned jobs;
} Mock;

static int method_set(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    const struct {
        const char *name;
        char **value;
    } values[] = {
        {"active", &mock->active},   {"file", &mock->file}, {"load", &mock->load},
        {"program", &mock->program}, {"test", &mock->test}, {"job", &mock->job},
    };
    const char *name, *value;
    int r = sd_bus_message_read(message, "ss", &name, &value);

    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTS_OF(values); i++)
        if (streq(values[i].name, name)) {
            r = string_replace(values[i].value, value);
            return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
        }
    return -EINVAL;
}

static int method_get_calls(sd_bus_message *message, void *userdata,
                            sd_bus_error *ret_error _unused_)
{
    const Mock *mock = userdata;
    sd_bus_message *reply = NULL;
    int r = sd_bus_message_new_method_return(message, &reply);

    if (r >= 0)
        r = sd_bus_message_append_strv(reply, mock->calls);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int note(Mock *mock, const char *method, const char *rest)
{
    _cleanup_free_ char *text = format_string("%s %s", method, rest);

    return text ? strv_append(&mock->calls, text) : -ENOMEM;
}

/* Answers with a job, and tells of its end. */
static int begin_job(Mock *mock, sd_bus_message *message, const char *unit, const char *result)
{
    _cleanup_free_ char *path = format_string("/org/freedesktop/systemd1/job/%u", ++mock->jobs);
    int r = path ? sd_bus_reply_method_return(message, "o", path) : -ENOMEM;

    if (r < 0 || streq(result, "hang"))
        return r;
    return sd_bus_emit_signal(mock->bus, "/org/freedesktop/systemd1",
                              "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss", mock->jobs,
                              path, unit, result);
}

static int method_subscribe(sd_bus_message *message, void *userdata _unused_,
                            sd_bus_error *ret_error _unused_)
{
    return sd_bus_reply_method_return(message, NULL);
}

static int method_load_unit(sd_bus_message *message, void *userdata _unused_,
                            sd_bus_error *ret_error _unused_)
{
    const char *name;
    int r = sd_bus_message_read(message, "s", &name);

    return r < 0 ? r
                 : sd_bus_reply_method_return(
                       message, "o",
                       streq(name, UNIT) ? UNIT_PATH : "/org/freedesktop/systemd1/unit/other");
}

static int method_job(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    const char *unit, *mode;
    int r = sd_bus_message_read(message, "ss", &unit, &mode);

    if (r < 0)
        return r;
    r = note(mock, sd_bus_message_get_member(message), unit);
    return r < 0 ? r : begin_job(mock, message, unit, streq(unit, TEST) ? mock->test : mock->job);
}

static int get_state(sd_bus *bus _unused_, const char *path, const char *interface _unused_,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *ret_error _unused_)
{
    const Mock *mock = userdata;
    bool known = streq(path, UNIT_PATH);

    return sd_bus_message_append(reply, "s",
                                 streq(property, "LoadState") ? known ? mock->load : "not-found"
                                 : streq(property, "ActiveState")
                                     ? known ? mock->active : "inactive"
                                     : mock->file);
}

static int get_exec(sd_bus *bus _unused_, const char *path, const char *interface _unused_,
                    const char *property _unused_, sd_bus_message *reply, void *userdata,
                    sd_bus_error *ret_error _unused_)
{
    const Mock *mock = userdata;
    bool test = streq(path, TEST_PATH);
    const char *program = test ? "/usr/sbin/nginx" : mock->program;

    return sd_bus_message_append(reply, "a(sasbttttuii)", 1, program, 3, program, "-g",
                                 test ? "" : "daemon on;", 0, UINT64_C(0), UINT64_C(0), UINT64_C(0),
                                 UINT64_C(0), 0, 0, 0);
}

static const sd_bus_vtable mock_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Set", "ss", "", method_set, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetCalls", "", "as", method_get_calls, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Subscribe", "", "", method_subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("LoadUnit", "s", "o", method_load_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ReloadUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RestartUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable unit_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("LoadState", "s", get_state, 0, 0),
    SD_BUS_PROPERTY("ActiveState", "s", get_state, 0, 0),
    SD_BUS_PROPERTY("UnitFileState", "s", get_state, 0, 0),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable service_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ExecStart", "a(sasbttttuii)", get_exec, 0, 0),
    SD_BUS_VTABLE_END,
};

static int find(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                void *userdata, void **ret_found, sd_bus_error *ret_error _unused_)
{
    *ret_found = userdata;
    return 1;
}

int main(int argc, char **argv)
{
    Mock mock = {};
    sd_event *event = NULL;

    if (argc != 2 || string_replace(&mock.active, "active") < 0 ||
        string_replace(&mock.file, "enabled") < 0 || string_replace(&mock.load, "loaded") < 0 ||
        string_replace(&mock.program, "/usr/sbin/nginx") < 0 ||
        string_replace(&mock.test, "done") < 0 || string_replace(&mock.job, "done") < 0 ||
        sd_event_default(&event) < 0 || sd_bus_new(&mock.bus) < 0 ||
        sd_bus_set_address(mock.bus, argv[1]) < 0 || sd_bus_set_bus_client(mock.bus, 1) < 0 ||
        sd_bus_start(mock.bus) < 0 || sd_bus_attach_event(mock.bus, event, 0) < 0 ||
        sd_bus_add_object_vtable(mock.bus, NULL, "/org/freedesktop/systemd1",
                                 "org.selguard.MockSystemd", mock_vtable, &mock) < 0 ||
        sd_bus_add_object_vtable(mock.bus, NULL, "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager", manager_vtable, &mock) < 0 ||
        sd_bus_add_fallback_vtable(mock.bus, NULL, "/org/freedesktop/systemd1/unit",
                                   "org.freedesktop.systemd1.Unit", unit_vtable, find, &mock) < 0 ||
        sd_bus_add_fallback_vtable(mock.bus, NULL, "/org/freedesktop/systemd1/unit",
                                   "org.freedesktop.systemd1.Service", service_vtable, find,
                                   &mock) < 0 ||
        sd_bus_request_name(mock.bus, "org.freedesktop.systemd1", 0) < 0) {
        (void)fprintf(stderr, "mock-systemd: cannot start\n");
        return 1;
    }
    return sd_event_loop(event) < 0;
}
