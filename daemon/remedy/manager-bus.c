/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "daemon/core/macro.h"
#include "daemon/remedy/service.h"

static int method_check(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_CHECK, ret_error);
}

static int method_apply(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_APPLY, ret_error);
}

static int method_trial(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_TRIAL, ret_error);
}

static int method_keep(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_KEEP, ret_error);
}

static int method_revert(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_REVERT, ret_error);
}

static int method_list_changes(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return service_handle(userdata, message, REQUEST_LIST_CHANGES, ret_error);
}

static int property_version(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property _unused_,
                            sd_bus_message *reply, void *userdata _unused_,
                            sd_bus_error *ret_error _unused_)
{
    return sd_bus_message_append_basic(reply, 's', PROJECT_VERSION);
}

static int property_supported_actions(sd_bus *bus _unused_, const char *path _unused_,
                                      const char *interface _unused_, const char *property _unused_,
                                      sd_bus_message *reply, void *userdata _unused_,
                                      sd_bus_error *ret_error _unused_)
{
    int r;

    r = sd_bus_message_open_container(reply, 'a', "s");
    for (size_t kind = 0; r >= 0 && kind < ACTION_KIND_COUNT; kind++)
        if (plan_check_supported((ActionKind)kind))
            r = sd_bus_message_append_basic(reply, 's', action_kind_to_string((ActionKind)kind));
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static const sd_bus_vtable manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("a(sa{sv})", plan, "a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", results), method_check,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Apply", SD_BUS_ARGS("a(sa{sv})", plan, "a{sv}", options),
                            SD_BUS_RESULT("o", job), method_apply, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Trial", SD_BUS_ARGS("a(sa{sv})", plan, "u", seconds, "a{sv}", options),
                            SD_BUS_RESULT("o", job), method_trial, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Keep", SD_BUS_ARGS("s", change_id, "a{sv}", options),
                            SD_BUS_RESULT("o", job), method_keep, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Revert", SD_BUS_ARGS("s", change_id, "a{sv}", options),
                            SD_BUS_RESULT("o", job), method_revert, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListChanges", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", changes), method_list_changes,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS(
        "ChangeFinished",
        SD_BUS_ARGS("s", change_id, "s", diagnosis_id, "s", operation, "s", result), 0),
    SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("SupportedActions", "as", property_supported_actions, 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_VTABLE_END,
};

int manager_bus_export(Service *service, sd_bus_slot **ret_slot)
{
    return sd_bus_add_object_vtable(service->bus, ret_slot, REMEDY_PATH, REMEDY_MANAGER_INTERFACE,
                                    manager_vtable, service);
}

void manager_bus_change_finished(Service *service, const Job *job)
{
    (void)sd_bus_emit_signal(service->bus, REMEDY_PATH, REMEDY_MANAGER_INTERFACE, "ChangeFinished",
                             "ssss", job->change_id, job_diagnosis_id(job), job_operation(job),
                             job_result_to_string(job->result));
}
