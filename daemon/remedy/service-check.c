/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Check: a dry run for a caller, from polkit's yes to the reply. */
#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/check-run.h"
#include "daemon/remedy/reply.h"
#include "daemon/remedy/service.h"

struct ServiceCheck {
    ServiceCheck *next;
    Service *service;
    sd_bus_message *message;
    uid_t uid;
    CheckRun *run;
};

static ServiceCheck *check_free(ServiceCheck *check)
{
    Service *service = check->service;

    for (ServiceCheck **link = &service->checks; *link; link = &(*link)->next)
        if (*link == check) {
            *link = check->next;
            break;
        }
    check_run_free(check->run);
    sd_bus_message_unref(check->message);
    free(check);
    return NULL;
}

static int check_reply(ServiceCheck *check)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int r;

    r = sd_bus_message_new_method_return(check->message, &reply);
    if (r < 0)
        return r;
    r = reply_append_checks(reply, check_run_plan(check->run), check_run_rows(check->run));
    if (r < 0)
        return r;
    return sd_bus_send(check->service->bus, reply, NULL);
}

static void on_check_finished(CheckRun *run _unused_, int error, const char *text, void *userdata)
{
    ServiceCheck *check = userdata;
    sd_bus_error problem = SD_BUS_ERROR_NULL;
    int r = error;

    if (r >= 0)
        r = check_reply(check);
    if (r < 0) {
        (void)bus_error_set(&problem, r, text);
        (void)sd_bus_reply_method_error(check->message, &problem);
        sd_bus_error_free(&problem);
    }
    check->run = NULL; /* frees itself */
    check_free(check);
}

int service_check_start(Service *service, sd_bus_message *message, const Plan *plan, uid_t uid,
                        sd_bus_error *ret_error)
{
    const ManagerOptions *options = manager_options(service->manager);
    ServiceCheck *check;
    size_t all = 0;
    size_t of_user = 0;
    int r;

    for (const ServiceCheck *other = service->checks; other; other = other->next) {
        all++;
        of_user += other->uid == uid;
    }
    if (all >= REMEDY_CHECKS_MAX || of_user >= REMEDY_CHECKS_PER_USER_MAX)
        return bus_error_set(ret_error, -EDQUOT, "Too many checks are at work already.");

    check = calloc(1, sizeof(*check));
    if (!check)
        return -ENOMEM;
    *check = (ServiceCheck){
        .next = service->checks,
        .service = service,
        .message = sd_bus_message_ref(message),
        .uid = uid,
    };
    service->checks = check;
    r = check_run_start(&check->run, options->event, plan, options->config, &options->store,
                        on_check_finished, check);
    if (r < 0) {
        check_free(check);
        return r;
    }
    return 1;
}

void service_check_end_all(Service *service)
{
    while (service->checks)
        check_free(service->checks);
}
