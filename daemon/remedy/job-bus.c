/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/bus/connect.h"
#include "daemon/bus/errors.h"
#include "daemon/core/text.h"
#include "daemon/remedy/reply.h"
#include "daemon/remedy/service.h"

char *job_bus_path(const Job *job)
{
    return format_string(REMEDY_JOBS_PATH "/%" PRIu64, job->number);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    Job *job = userdata;
    _cleanup_(request_clear) Request request = {0};
    uid_t uid;
    int r;

    r = request_read(message, REQUEST_CANCEL, &request, ret_error);
    if (r < 0)
        return r;
    r = bus_caller_uid(message, &uid);
    if (r < 0)
        return r;
    if (uid != 0 && uid != job->uid)
        return bus_error_set(ret_error, -EACCES, "Another user started this job.");
    r = job_cancel(job);
    if (r < 0)
        return bus_error_set(ret_error, r, "It is being committed already, or is finished.");
    return sd_bus_reply_method_return(message, NULL);
}

static int property_text(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    const Job *job = userdata;
    const char *value = streq(property, "State")      ? job_state_to_string(job->state)
                        : streq(property, "Phase")    ? job->phase
                        : streq(property, "ChangeId") ? job->change_id
                                                      : job_result_to_string(job->result);

    return sd_bus_message_append_basic(reply, 's', value);
}

static int property_progress(sd_bus *bus _unused_, const char *path _unused_,
                             const char *interface _unused_, const char *property _unused_,
                             sd_bus_message *reply, void *userdata,
                             sd_bus_error *ret_error _unused_)
{
    const Job *job = userdata;
    uint32_t progress = job->progress;

    return sd_bus_message_append_basic(reply, 'u', &progress);
}

static const sd_bus_vtable job_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                            method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("s", result, "a{sv}", details), 0),
    SD_BUS_PROPERTY("State", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Phase", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Progress", "u", property_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("ChangeId", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Result", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

/* The job behind an object path. 1, 0 if there is none. */
static int find_job(sd_bus *bus _unused_, const char *path, const char *interface _unused_,
                    void *userdata, void **ret_found, sd_bus_error *ret_error _unused_)
{
    const Service *service = userdata;
    uint64_t number;
    Job *job;

    if (strncmp(path, REMEDY_JOBS_PATH "/", strlen(REMEDY_JOBS_PATH "/")) != 0 ||
        parse_number(path + strlen(REMEDY_JOBS_PATH "/"), 1, INT64_MAX, &number) < 0)
        return 0;
    job = manager_find_job(service->manager, number);
    if (!job)
        return 0;
    *ret_found = job;
    return 1;
}

static int enumerate_jobs(sd_bus *bus _unused_, const char *prefix _unused_, void *userdata,
                          char ***ret_nodes, sd_bus_error *ret_error _unused_)
{
    const Service *service = userdata;
    _cleanup_free_ uint64_t *numbers = NULL;
    _cleanup_strv_ char **nodes = NULL;
    size_t n = 0;
    int r;

    r = manager_list_jobs(service->manager, &numbers, &n);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        _cleanup_free_ char *path = job_bus_path(manager_find_job(service->manager, numbers[i]));

        r = path ? strv_append(&nodes, path) : -ENOMEM;
    }
    if (r < 0)
        return r;
    *ret_nodes = TAKE_POINTER(nodes);
    return 1;
}

int job_bus_export(Service *service, sd_bus_slot **ret_slot, sd_bus_slot **ret_enumerator)
{
    int r = sd_bus_add_fallback_vtable(service->bus, ret_slot, REMEDY_JOBS_PATH,
                                       REMEDY_JOB_INTERFACE, job_vtable, find_job, service);

    return r < 0 ? r
                 : sd_bus_add_node_enumerator(service->bus, ret_enumerator, REMEDY_JOBS_PATH,
                                              enumerate_jobs, service);
}

void job_bus_changed(Service *service, Job *job)
{
    _cleanup_free_ char *path = job_bus_path(job);

    if (path)
        (void)sd_bus_emit_properties_changed(service->bus, path, REMEDY_JOB_INTERFACE, "State",
                                             "Phase", "Progress", "ChangeId", "Result", NULL);
}

void job_bus_finished(Service *service, Job *job)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
    _cleanup_free_ char *path = job_bus_path(job);

    /* It may name a path or quote a caller, so only the one who asked gets it. */
    if (!path || !job->sender)
        return;
    if (sd_bus_message_new_signal(service->bus, &signal, path, REMEDY_JOB_INTERFACE, "Finished") <
            0 ||
        sd_bus_message_append_basic(signal, 's', job_result_to_string(job->result)) < 0 ||
        reply_append_job_details(signal, job) < 0)
        return;
    (void)sd_bus_send_to(service->bus, signal, job->sender, NULL);
}
