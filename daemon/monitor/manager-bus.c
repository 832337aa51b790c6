/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "config.h"
#include "daemon/bus/errors.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/guard.h"
#include "daemon/monitor/intake-bus.h"
#include "daemon/monitor/nginx1-bus.h"

/* --- properties ----------------------------------------------------------- */

static int get_text(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                    const char *property, sd_bus_message *reply, void *userdata,
                    sd_bus_error *ret_error _unused_)
{
    const Monitor *monitor = userdata;
    const char *text = streq(property, "Version")       ? PROJECT_VERSION
                       : streq(property, "SelinuxMode") ? monitor_selinux_mode(monitor)
                                                        : monitor_policy_type(monitor);

    return sd_bus_message_append(reply, "s", text);
}

static int get_diagnoses(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    const Store *store = monitor_store(userdata);
    uint32_t open = 0;

    if (streq(property, "Diagnoses"))
        return sd_bus_message_append(reply, "u", (uint32_t)store_count(store));
    for (size_t i = 0; i < store_count(store); i++) {
        DiagnosisState state = store_get(store, i)->state;

        open += state == DIAGNOSIS_OPEN || state == DIAGNOSIS_RECURRED;
    }
    return sd_bus_message_append(reply, "u", open);
}

static int get_problems(sd_bus *bus _unused_, const char *path _unused_,
                        const char *interface _unused_, const char *property _unused_,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    const Problems *problems = monitor_problems(userdata);
    int r = sd_bus_message_open_container(reply, 'a', "(ss)");

    for (int code = 0; code < PROBLEM_CODE_COUNT && r >= 0; code++)
        if (problems->details[code])
            r = sd_bus_message_append(reply, "(ss)", problem_code_to_string(code),
                                      problem_code_to_sentence(code));
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_counter(sd_bus *bus _unused_, const char *path _unused_,
                       const char *interface _unused_, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *ret_error _unused_)
{
    Pipeline *pipeline = monitor_pipeline(userdata);
    const AuditStatistics *audit = pipeline_audit_statistics(pipeline);

    return sd_bus_message_append(reply, "t",
                                 streq(property, "Denials")
                                     ? audit->denials + pipeline_statistics(pipeline)->read_up
                                 : streq(property, "LossEpisodes") ? audit->loss_episodes
                                                                   : audit->lost_records);
}

/* --- ListDiagnoses -------------------------------------------------------- */

static int append_strings(sd_bus_message *reply, const char *key, char *const *list, size_t size)
{
    int r;

    if (!list[0])
        return 0;
    r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", key);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (size_t i = 0; i < size && list[i] && r >= 0; i++)
        r = sd_bus_message_append(reply, "s", list[i]);
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

static int append_diagnosis(sd_bus_message *reply, const Diagnosis *diagnosis)
{
    _cleanup_free_ char *path = format_string(DIAGNOSIS_PATH_PREFIX "/%s", diagnosis->id);
    int r;

    if (!path)
        return -ENOMEM;
    r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(
            reply, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "Id", "s", diagnosis->id,
            "ObjectPath", "o", path, "Verdict", "s", verdict_to_string(diagnosis->verdict), "Cause",
            "s", cause_to_string(diagnosis->cause), "State", "s",
            diagnosis_state_to_string(diagnosis->state), "Count", "t", diagnosis->count,
            "FirstSeen", "t", diagnosis->first_seen_usec, "LastSeen", "t",
            diagnosis->last_seen_usec, "Summary", "s", strempty(diagnosis->summary), "FixCount",
            "u", (uint32_t)diagnosis_offered_fixes(diagnosis));
    if (r >= 0 && diagnosis->port >= 0)
        r = sd_bus_message_append(reply, "{sv}", "Port", "q", (uint16_t)diagnosis->port);
    if (r >= 0 && diagnosis->path)
        r = sd_bus_message_append(reply, "{sv}", "Target", "s", diagnosis->path);
    if (r >= 0)
        r = append_strings(reply, "Servers", diagnosis->servers, ELEMENTS_OF(diagnosis->servers));
    if (r >= 0)
        r = append_strings(reply, "Requests", diagnosis->requests,
                           ELEMENTS_OF(diagnosis->requests));
    if (r >= 0)
        r = append_strings(reply, "Upstreams", diagnosis->upstreams,
                           ELEMENTS_OF(diagnosis->upstreams));
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int reply_list(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const Store *store = monitor_store(userdata);
    int r = sd_bus_message_new_method_return(message, &reply);

    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (size_t i = 0; i < store_count(store) && r >= 0; i++)
        r = append_diagnosis(reply, store_get(store, i));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_list(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return guard_method(monitor_polkit(userdata), message, ACTION_READ, reply_list, userdata,
                        ret_error);
}

/* --- GetStatistics -------------------------------------------------------- */

static int append_counters(sd_bus_message *reply, Monitor *monitor)
{
    Pipeline *pipeline = monitor_pipeline(monitor);
    const AuditStatistics *audit = pipeline_audit_statistics(pipeline);
    const PipelineStatistics *lines = pipeline_statistics(pipeline);
    const StoreStatistics *store = store_statistics(monitor_store(monitor));
    CorrelatorStatistics correlator;
    int r = 0;

    pipeline_correlator_statistics(pipeline, &correlator);
    {
        const struct {
            const char *key;
            uint64_t value;
        } counters[] = {
            {"Records", audit->records},
            {"Events", audit->events},
            {"Denials", audit->denials},
            {"OtherDenials", audit->other_denials},
            {"Malformed", audit->malformed},
            {"Truncated", audit->truncated},
            {"WrongSender", audit->wrong_sender},
            {"LossEpisodes", audit->loss_episodes},
            {"LostRecords", audit->lost_records},
            {"Evictions", audit->evictions},
            {"Timeouts", audit->timeouts},
            {"RecordsDropped", audit->dropped_records},
            {"Lines", lines->lines},
            {"ForeignLines", lines->foreign},
            {"OpenLinesEvicted", lines->open_evicted},
            {"Failures", lines->failures},
            {"Matched", correlator.matched},
            {"DenialsAlone", correlator.denials_alone},
            {"FailuresAlone", correlator.failures_alone},
            {"Late", correlator.late},
            {"Twins", correlator.twins},
            {"Pending", correlator.pending},
            {"PendingEvicted", correlator.evicted},
            {"ReportedEvicted", correlator.forgotten},
            {"DirectoriesUnchecked", correlator.unchecked},
            {"Irrelevant", store->irrelevant},
            {"Evicted", store->evicted},
            {"Dropped", store->dropped},
        };

        for (size_t i = 0; i < ELEMENTS_OF(counters) && r >= 0; i++)
            r = sd_bus_message_append(reply, "{sv}", counters[i].key, "t", counters[i].value);
    }
    return r;
}

static int append_problem_details(sd_bus_message *reply, const Problems *problems)
{
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "Problems");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "a(sss)");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(sss)");
    for (int code = 0; code < PROBLEM_CODE_COUNT && r >= 0; code++)
        if (problems->details[code])
            r = sd_bus_message_append(reply, "(sss)", problem_code_to_string(code),
                                      problem_code_to_sentence(code), problems->details[code]);
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

static int append_logs(sd_bus_message *reply, const Follower *follower)
{
    FollowerStatus status;
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "Logs");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "a(sst)");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(sst)");
    for (size_t i = 0; r >= 0 && follower && i < follower_count(follower); i++) {
        _cleanup_free_ char *path = NULL;

        r = follower_get_status(follower, i, &status);
        if (r < 0)
            break;
        path = escape_for_terminal(status.path);
        r = path ? sd_bus_message_append(reply, "(sst)", path,
                                         follower_state_to_string(status.state), status.lines)
                 : -ENOMEM;
    }
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

static int reply_statistics(sd_bus_message *message, void *userdata,
                            sd_bus_error *ret_error _unused_)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int r = sd_bus_message_new_method_return(message, &reply);

    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = append_counters(reply, userdata);
    if (r >= 0)
        r = intake_append_statistics(reply, userdata);
    if (r >= 0)
        r = append_problem_details(reply, monitor_problems(userdata));
    if (r >= 0)
        r = append_logs(reply, monitor_follower(userdata));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_get_statistics(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return guard_method(monitor_polkit(userdata), message, ACTION_READ, reply_statistics, userdata,
                        ret_error);
}

/* --- Dismiss -------------------------------------------------------------- */

static int reply_dismiss(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    _cleanup_strv_ char **ids = NULL;
    Store *store = monitor_store(userdata);
    int r = sd_bus_message_read_strv(message, &ids);

    if (r < 0)
        return r;
    if (strv_length(ids) > DIAGNOSES_MAX)
        return bus_error_set_named(ret_error, BUS_ERROR_LIMIT_EXCEEDED, "Too many ids.");
    STRV_FOREACH (id, ids)
        if (!store_find(store, *id))
            return bus_error_set_named(ret_error, BUS_ERROR_NOT_FOUND,
                                       "One of these diagnoses does not exist.");
    STRV_FOREACH (id, ids)
        (void)store_dismiss(store, *id);
    return sd_bus_reply_method_return(message, NULL);
}

static int method_dismiss(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    return guard_method(monitor_polkit(userdata), message, ACTION_DISMISS, reply_dismiss, userdata,
                        ret_error);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Version", "s", get_text, 0, CHANGES),
    SD_BUS_PROPERTY("SelinuxMode", "s", get_text, 0, CHANGES),
    SD_BUS_PROPERTY("Policy", "s", get_text, 0, CHANGES),
    SD_BUS_PROPERTY("Diagnoses", "u", get_diagnoses, 0, CHANGES),
    SD_BUS_PROPERTY("OpenDiagnoses", "u", get_diagnoses, 0, CHANGES),
    SD_BUS_PROPERTY("Problems", "a(ss)", get_problems, 0, CHANGES),
    SD_BUS_PROPERTY("Denials", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("LossEpisodes", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("LostRecords", "t", get_counter, 0, 0),
    SD_BUS_METHOD_WITH_ARGS("ListDiagnoses", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", diagnoses), method_list,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetStatistics", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("a{sv}", statistics), method_get_statistics,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", text, "a{sv}", options),
                            SD_BUS_RESULT("s", json), manager_method_explain,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Preflight", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("s", json),
                            manager_method_preflight, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Dismiss", SD_BUS_ARGS("as", ids, "a{sv}", options), SD_BUS_NO_RESULT,
                            method_dismiss, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int manager_bus_register(Monitor *monitor)
{
    sd_bus *bus = monitor_bus(monitor);
    int r = sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER_INTERFACE, manager_vtable,
                                     monitor);

    return r < 0 ? r : sd_bus_add_object_manager(bus, NULL, MANAGER_PATH);
}
