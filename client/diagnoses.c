/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/diagnoses.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json_tokener.h>

#include "client/variant-json.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static int new_call(Session *session, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret_call)
{
    return sd_bus_message_new_method_call(session->bus, ret_call, NGINX1_NAME, path, interface,
                                          member);
}

int diagnoses_list(Session *session, json_object **ret_array)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    int r = new_call(session, NGINX1_PATH, NGINX1_MANAGER, "ListDiagnoses", &call);

    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "list the diagnoses", &reply);
    return r < 0 ? r : variant_json_read(reply, ret_array);
}

static bool is_open(json_object *diagnosis)
{
    const char *state = json_get_text(diagnosis, "state");

    return streq(state, "open") || streq(state, "recurred");
}

const char *diagnosis_path_id(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int diagnoses_find(Session *session, const char *id, char **ret_path)
{
    _cleanup_json_ json_object *list = NULL;
    const char *found = NULL;
    size_t n = 0;
    int r;

    /* A script's variable that is not set: it must not stand for whatever there is. */
    if (id && *id == '\0') {
        (void)fprintf(stderr, "The id of the diagnosis is empty (selguardctl list).\n");
        return -EINVAL;
    }
    r = diagnoses_list(session, &list);
    if (r < 0)
        return r;
    for (size_t i = 0; i < json_length(list); i++) {
        json_object *diagnosis = json_object_array_get_idx(list, i);

        if (id ? strncmp(json_get_text(diagnosis, "id"), id, strlen(id)) == 0
               : is_open(diagnosis)) {
            found = json_get_text(diagnosis, "object_path");
            n++;
        }
    }
    if (n == 1) {
        *ret_path = strdup(found);
        return *ret_path ? 0 : -ENOMEM;
    }
    if (!id)
        (void)fprintf(stderr, n == 0 ? "There is no open diagnosis.\n"
                                     : "There are several open diagnoses: name one by its id "
                                       "(selguardctl list).\n");
    else
        (void)fprintf(stderr,
                      n == 0 ? "There is no diagnosis %s (selguardctl list).\n"
                             : "Several diagnoses begin with %s: give more of the id.\n",
                      id);
    return n == 0 ? -ENOENT : -ENOTUNIQ;
}

int diagnoses_describe(Session *session, const char *path, json_object **ret_object)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    const char *text;
    int r = new_call(session, path, NGINX1_DIAGNOSIS, "Describe", &call);

    if (r >= 0)
        r = session_call(session, call, "read the diagnosis", &reply);
    if (r >= 0)
        r = sd_bus_message_read(reply, "s", &text);
    if (r < 0)
        return r;
    *ret_object = json_tokener_parse(text);
    return *ret_object ? diagnosis_json_force(*ret_object, session->force) : -EBADMSG;
}

static int read_fix(sd_bus_message *reply, Plan *plan, char **ret_summary)
{
    _cleanup_free_ char *problem = NULL;
    const char *summary;
    int r = sd_bus_message_read(reply, "s", &summary);

    if (r >= 0)
        r = plan_bus_read_actions(reply, plan, &problem);
    if (r >= 0)
        r = plan_bus_read_accesses(reply, plan, &problem);
    if (r < 0) {
        if (problem)
            (void)fprintf(stderr, "The monitor's plan is malformed: %s\n", problem);
        return r;
    }
    *ret_summary = strdup(summary);
    return *ret_summary ? 0 : -ENOMEM;
}

int diagnoses_get_fix(Session *session, const char *path, uint64_t n, Plan *ret_plan,
                      char **ret_summary)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    uint64_t i = 0;
    int r = new_call(session, path, NGINX1_DIAGNOSIS, "GetFixes", &call);

    if (r >= 0)
        r = session->force ? sd_bus_message_append(call, "a{sv}", 1, "force", "b", 1)
                           : sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "read the fixes", &reply);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "(sa(sa{sv})a(ssss)a{sv})");
    if (r < 0)
        return r;
    while (i + 1 < n && (r = sd_bus_message_skip(reply, "(sa(sa{sv})a(ssss)a{sv})")) > 0)
        i++;
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'r', "sa(sa{sv})a(ssss)a{sv}");
    if (r > 0)
        return read_fix(reply, ret_plan, ret_summary);
    if (i == 0)
        (void)fputs("There is no fix to offer for this diagnosis yet: selguardctl show tells "
                    "why.\n",
                    stderr);
    else
        (void)fprintf(stderr, "There are only %" PRIu64 " fixes.\n", i);
    return -ENOENT;
}
