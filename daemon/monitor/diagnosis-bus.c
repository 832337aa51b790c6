/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/diagnosis-export.h"
#include "daemon/monitor/guard.h"
#include "daemon/monitor/nginx1-bus.h"

static const char *path_to_id(const char *path)
{
    size_t prefix = strlen(DIAGNOSIS_PATH_PREFIX "/");

    return strncmp(path, DIAGNOSIS_PATH_PREFIX "/", prefix) == 0 ? path + prefix : NULL;
}

static int find_object(sd_bus *bus _unused_, const char *path, const char *interface _unused_,
                       void *userdata, void **ret_found, sd_bus_error *ret_error _unused_)
{
    const char *id = path_to_id(path);
    Diagnosis *diagnosis = id ? store_find(monitor_store(userdata), id) : NULL;

    if (!diagnosis)
        return 0;
    *ret_found = diagnosis;
    return 1;
}

static int enumerate(sd_bus *bus _unused_, const char *prefix _unused_, void *userdata,
                     char ***ret_nodes, sd_bus_error *ret_error _unused_)
{
    Store *store = monitor_store(userdata);
    _cleanup_strv_ char **nodes = calloc(1, sizeof(*nodes));

    for (size_t i = 0; nodes && i < store_count(store); i++) {
        _cleanup_free_ char *path =
            format_string(DIAGNOSIS_PATH_PREFIX "/%s", store_get(store, i)->id);

        if (!path || strv_append(&nodes, path) < 0)
            return -ENOMEM;
    }
    if (!nodes)
        return -ENOMEM;
    *ret_nodes = TAKE_POINTER(nodes);
    return 0;
}

static int get_id(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                  const char *property _unused_, sd_bus_message *reply, void *userdata,
                  sd_bus_error *ret_error _unused_)
{
    const Diagnosis *diagnosis = userdata;

    return sd_bus_message_append(reply, "s", diagnosis->id);
}

static int get_word(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                    const char *property, sd_bus_message *reply, void *userdata,
                    sd_bus_error *ret_error _unused_)
{
    const Diagnosis *diagnosis = userdata;
    const char *word = streq(property, "Verdict") ? verdict_to_string(diagnosis->verdict)
                       : streq(property, "Cause") ? cause_to_string(diagnosis->cause)
                                                  : diagnosis_state_to_string(diagnosis->state);

    return sd_bus_message_append(reply, "s", word);
}

static int get_analyzed(sd_bus *bus _unused_, const char *path _unused_,
                        const char *interface _unused_, const char *property _unused_,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    const Diagnosis *diagnosis = userdata;

    return sd_bus_message_append(reply, "b", (int)diagnosis->analyzed);
}

/* The diagnosis that a guarded call's path names; NULL with *ret_error set if it has gone while
 * polkit was asked. */
static Diagnosis *find_called(sd_bus_message *message, Monitor *monitor, sd_bus_error *ret_error)
{
    const char *id = path_to_id(strempty(sd_bus_message_get_path(message)));
    Diagnosis *diagnosis = id ? store_find(monitor_store(monitor), id) : NULL;

    if (!diagnosis)
        (void)bus_error_set_named(ret_error, BUS_ERROR_NOT_FOUND,
                                  "There is no such diagnosis any more.");
    return diagnosis;
}

static int reply_describe(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    _cleanup_json_ json_object *object = NULL;
    const Diagnosis *diagnosis = find_called(message, userdata, ret_error);
    int r;

    if (!diagnosis)
        return -ENOENT;
    r = diagnosis_to_json(diagnosis, &object);
    if (r < 0)
        return r;
    return sd_bus_reply_method_return(
        message, "s", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

static int append_list(sd_bus_message *reply, char *const *list, size_t size)
{
    int r = sd_bus_message_open_container(reply, 'a', "s");

    for (size_t i = 0; i < size && list[i] && r >= 0; i++)
        r = sd_bus_message_append(reply, "s", list[i]);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int reply_evidence(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const Diagnosis *diagnosis = find_called(message, userdata, ret_error);
    int r;

    if (!diagnosis)
        return -ENOENT;
    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = append_list(reply, diagnosis->lines, ELEMENTS_OF(diagnosis->lines));
    if (r >= 0)
        r = append_list(reply, diagnosis->evidence, ELEMENTS_OF(diagnosis->evidence));
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int append_commands(sd_bus_message *reply, const Plan *plan)
{
    _cleanup_strv_ char **commands = NULL;
    int r;

    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *command = action_to_command(&plan->actions[i]);

        if (!command || strv_append(&commands, command) < 0)
            return -ENOMEM;
    }
    r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "Commands");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_append_strv(reply, commands);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_fix(sd_bus_message *reply, const Fix *fix)
{
    int r = sd_bus_message_open_container(reply, 'r', "sa(sa{sv})a(ssss)a{sv}");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", strempty(fix->summary));
    if (r >= 0)
        r = plan_bus_append_actions(reply, &fix->plan);
    if (r >= 0)
        r = plan_bus_append_accesses(reply, &fix->plan);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(reply, "{sv}{sv}{sv}", "Proven", "b", (int)fix->proven,
                                  "Reversible", "b", (int)fix->reversible, "Breaks", "b",
                                  (int)(fix->n_breaks > 0));
    if (r >= 0)
        r = append_commands(reply, &fix->plan);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* "force": also the fixes that are not put forward. Other options are passed over. */
static int read_force(sd_bus_message *message, bool *ret_force)
{
    const char *name;
    int value, r = sd_bus_message_rewind(message, /* complete= */ true);

    if (r >= 0)
        r = sd_bus_message_enter_container(message, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0 && streq(name, "force")) {
            r = sd_bus_message_read(message, "v", "b", &value);
            if (r >= 0)
                *ret_force = value;
        } else if (r >= 0) {
            r = sd_bus_message_skip(message, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
    }
    return r < 0 ? r : 0;
}

static int reply_fixes(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const Diagnosis *diagnosis = find_called(message, userdata, ret_error);
    bool force = false;
    size_t n;
    int r;

    if (!diagnosis)
        return -ENOENT;
    r = read_force(message, &force);
    if (r < 0)
        return sd_bus_error_set(ret_error, SD_BUS_ERROR_INVALID_ARGS, "force is a boolean.");
    n = force ? diagnosis->n_fixes : diagnosis_offered_fixes(diagnosis);
    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(sa(sa{sv})a(ssss)a{sv})");
    for (size_t i = 0; r >= 0 && i < n; i++)
        r = append_fix(reply, &diagnosis->fixes[i]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_export(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    const Diagnosis *diagnosis = find_called(message, userdata, ret_error);

    return diagnosis ? diagnosis_export_reply(message, diagnosis, ret_error) : -ENOENT;
}

static int reply_dismiss(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    const Diagnosis *diagnosis = find_called(message, userdata, ret_error);
    int r;

    if (!diagnosis)
        return -ENOENT;
    r = store_dismiss(monitor_store(userdata), diagnosis->id);
    return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

/* sd-bus gives a method handler of a fallback vtable the found object, not the userdata that
 * was registered; the monitor is reached through the bus slot at hand. */
static Monitor *called_monitor(sd_bus_message *message)
{
    return sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(message)));
}

static int guard(sd_bus_message *message, const char *action, GuardedHandler handler,
                 sd_bus_error *ret_error)
{
    Monitor *monitor = called_monitor(message);

    return guard_method(monitor_polkit(monitor), message, action, handler, monitor, ret_error);
}

static int method_describe(sd_bus_message *message, void *userdata _unused_,
                           sd_bus_error *ret_error)
{
    return guard(message, ACTION_READ, reply_describe, ret_error);
}

static int method_get_evidence(sd_bus_message *message, void *userdata _unused_,
                               sd_bus_error *ret_error)
{
    return guard(message, ACTION_READ, reply_evidence, ret_error);
}

static int method_get_fixes(sd_bus_message *message, void *userdata _unused_,
                            sd_bus_error *ret_error)
{
    return guard(message, ACTION_READ, reply_fixes, ret_error);
}

static int method_export(sd_bus_message *message, void *userdata _unused_, sd_bus_error *ret_error)
{
    return guard(message, ACTION_READ, reply_export, ret_error);
}

static int method_dismiss(sd_bus_message *message, void *userdata _unused_, sd_bus_error *ret_error)
{
    return guard(message, ACTION_DISMISS, reply_dismiss, ret_error);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable diagnosis_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Id", "s", get_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Verdict", "s", get_word, 0, CHANGES),
    SD_BUS_PROPERTY("Cause", "s", get_word, 0, CHANGES),
    SD_BUS_PROPERTY("State", "s", get_word, 0, CHANGES),
    SD_BUS_PROPERTY("Analyzed", "b", get_analyzed, 0, CHANGES),
    SD_BUS_PROPERTY("Count", "t", NULL, offsetof(Diagnosis, count), CHANGES),
    SD_BUS_PROPERTY("FirstSeen", "t", NULL, offsetof(Diagnosis, first_seen_usec), CHANGES),
    SD_BUS_PROPERTY("LastSeen", "t", NULL, offsetof(Diagnosis, last_seen_usec), CHANGES),
    SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), method_describe,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetEvidence", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("as", lines, "as", denials), method_get_evidence,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetFixes", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("a(sa(sa{sv})a(ssss)a{sv})", fixes), method_get_fixes,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("s", format, "a{sv}", options),
                            SD_BUS_RESULT("a{sv}", result), method_export,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Dismiss", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                            method_dismiss, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int diagnosis_bus_register(Monitor *monitor)
{
    sd_bus *bus = monitor_bus(monitor);
    int r = sd_bus_add_fallback_vtable(bus, NULL, DIAGNOSIS_PATH_PREFIX, DIAGNOSIS_INTERFACE,
                                       diagnosis_vtable, find_object, monitor);

    if (r >= 0)
        r = sd_bus_add_node_enumerator(bus, NULL, DIAGNOSIS_PATH_PREFIX, enumerate, monitor);
    return r;
}
