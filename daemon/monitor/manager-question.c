/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manager.Explain and Manager.Preflight: questions that are answered by a worker of their own. */
#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/explain.h"
#include "daemon/monitor/guard.h"
#include "daemon/monitor/monitor-internal.h"
#include "daemon/monitor/nginx1-bus.h"
#include "daemon/monitor/preflight.h"
#include "daemon/monitor/question.h"

/* --- Explain ------------------------------------------------------------------ */

static int finish_explain(json_object *report, json_object *diagnoses, json_object **ret_answer)
{
    json_object *answer = json_object_new_object();

    if (!answer || json_add(answer, "input", json_object_get(report)) < 0 ||
        json_add(answer, "diagnoses", json_object_get(diagnoses)) < 0) {
        json_object_put(answer);
        return -ENOMEM;
    }
    for (size_t i = 0; i < json_length(diagnoses); i++) {
        json_object *diagnosis = json_object_array_get_idx(diagnoses, i);

        if (json_object_get_boolean(json_get(diagnosis, "allowed_now")))
            (void)json_add(diagnosis, "state", json_object_new_string("resolved"));
    }
    *ret_answer = answer;
    return 0;
}

static int reply_explain(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    Monitor *monitor = userdata;
    ExplainText text = {.domains = monitor->config.domains};
    int r = sd_bus_message_read(message, "s", &text.text);

    if (r < 0)
        return r;
    text.length = strlen(text.text);
    if (text.length > EXPLAIN_TEXT_MAX)
        return bus_error_set_named(ret_error, BUS_ERROR_LIMIT_EXCEEDED,
                                   "The text is too long: give whole logs to nginx-selguard "
                                   "analyze.");
    return question_ask(monitor, message, explain_make, &text,
                        monitor->logs ? log_finder_intents(monitor->logs) : NULL,
                        /* only_denied= */ false, finish_explain, ret_error);
}

int manager_method_explain(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return guard_method(monitor_polkit(userdata), message, ACTION_READ, reply_explain, userdata,
                        ret_error);
}

/* --- Preflight ---------------------------------------------------------------- */

/* Moves what asks for the diagnosis to `target`. */
static int take_asks(json_object *asks, const char *id, json_object *target)
{
    int r = 0;

    for (size_t i = 0; i < json_length(asks) && r >= 0; i++) {
        json_object *ask = json_object_array_get_idx(asks, i);

        if (streq(json_get_text(ask, "id"), id))
            r = json_append(target, json_object_get(ask));
    }
    return r;
}

static int sort_diagnosis(json_object *diagnosis, json_object *asks, json_object *denied,
                          json_object *unknown)
{
    const char *id = json_get_text(diagnosis, "id");
    json_object *asked_by;

    if (json_object_get_boolean(json_get(diagnosis, "allowed_now")))
        return 0;
    if (streq(json_get_text(diagnosis, "verdict"), "undetermined"))
        return take_asks(asks, id, unknown);
    asked_by = json_object_new_array();
    if (!asked_by || take_asks(asks, id, asked_by) < 0) {
        json_object_put(asked_by);
        return -ENOMEM;
    }
    if (json_add(diagnosis, "asked_by", asked_by) < 0)
        return -ENOMEM;
    return json_append(denied, json_object_get(diagnosis));
}

static int copy_member(json_object *target, const char *name, json_object *source)
{
    json_object *value = json_get(source, name);

    return value ? json_add(target, name, json_object_get(value)) : -EBADMSG;
}

static int finish_preflight(json_object *report, json_object *diagnoses, json_object **ret_answer)
{
    _cleanup_json_ json_object *answer = json_object_new_object();
    json_object *denied = json_object_new_array(), *unknown = json_get(report, "unknown");
    int r = answer ? 0 : -ENOMEM;

    if (r >= 0 && !json_object_is_type(unknown, json_type_array))
        r = -EBADMSG;
    for (size_t i = 0; i < json_length(diagnoses) && r >= 0; i++)
        r = sort_diagnosis(json_object_array_get_idx(diagnoses, i), json_get(report, "asks"),
                           denied, unknown);
    if (r < 0) {
        json_object_put(denied);
        return r;
    }
    r = json_add(answer, "denied", denied);
    if (r >= 0)
        r = copy_member(answer, "checked", report);
    if (r >= 0)
        r = copy_member(answer, "missing", report);
    if (r >= 0)
        r = copy_member(answer, "unknown", report);
    if (r >= 0)
        r = copy_member(answer, "truncated", report);
    if (r >= 0)
        *ret_answer = TAKE_POINTER(answer);
    return r;
}

/* Over recorded files nothing else reads the configuration. */
static int read_configuration(const Monitor *monitor, NginxIntents **ret_intents)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    const NginxConfOptions options = {
        .conf_path = monitor->config.nginx_configuration,
        .prefix = monitor->config.nginx_prefix,
    };
    int r = nginx_conf_read(&options, &conf);

    return r < 0 ? r : nginx_intents_new(conf, NULL, ret_intents);
}

static int reply_preflight(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *read = NULL;
    Monitor *monitor = userdata;
    const NginxIntents *intents;
    int r = 0;

    if (monitor->logs) {
        /* As it is now, not as it was at the last look. */
        monitor_check_nginx(monitor);
        intents = log_finder_intents(monitor->logs);
    } else {
        r = read_configuration(monitor, &read);
        intents = read;
    }
    if (r < 0 || !intents)
        return bus_error_set_named(ret_error, BUS_ERROR_UNAVAILABLE,
                                   "nginx's configuration cannot be read.");
    return question_ask(monitor, message, preflight_make, NULL, intents, /* only_denied= */ true,
                        finish_preflight, ret_error);
}

int manager_method_preflight(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return guard_method(monitor_polkit(userdata), message, ACTION_READ, reply_preflight, userdata,
                        ret_error);
}
