/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/connect.h"
#include "daemon/bus/errors.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/pre-approval.h"
#include "daemon/remedy/prompt.h"
#include "daemon/remedy/reply.h"
#include "daemon/remedy/service.h"

#define ACTION_CHECK        "org.selguard.remedy1.check"
#define ACTION_REVERT       "org.selguard.remedy1.revert"
#define ACTION_LIST_CHANGES "org.selguard.remedy1.list-changes"

/* A call that waits for polkit. */
typedef struct Pending {
    Service *service;
    RequestKind kind;
    Request request;
    uid_t uid;
    char *approval; /* what lets it happen; NULL: polkit */
} Pending;

static Pending *pending_free(Pending *pending)
{
    if (pending) {
        request_clear(&pending->request);
        free(pending->approval);
    }
    free(pending);
    return NULL;
}

DEFINE_POINTER_CLEANUP(Pending, pending_free, pending_cleanup);

/* --- what was authorized ------------------------------------------------- */

static int reply_with_job(Service *service, sd_bus_message *message, Job *job)
{
    _cleanup_free_ char *path = NULL;
    int r;

    if (!job)
        return -ENOMEM;
    r = manager_submit(service->manager, job);
    if (r < 0)
        return r;
    path = job_bus_path(job);
    return path ? sd_bus_reply_method_return(message, "o", path) : -ENOMEM;
}

/* What the plan check calls malformed is the plan's fault, not another argument's. */
static int refuse_plan(sd_bus_error *ret_error, int error, const char *why)
{
    if (error == -EINVAL)
        return bus_error_set_named(ret_error, BUS_ERROR_INVALID_PLAN, why);
    return bus_error_set(ret_error, error, why);
}

static int carry_out_apply(Pending *pending, sd_bus_message *message, sd_bus_error *ret_error)
{
    Manager *manager = pending->service->manager;
    const Request *request = &pending->request;
    _cleanup_free_ char *user = user_name(pending->uid);
    _cleanup_free_ char *why = NULL;
    int r;

    /* Much may have happened while a person thought it over. */
    r = manager_admit(manager, &request->plan, pending->uid, &why);
    if (r >= 0 && pending->kind == REQUEST_TRIAL)
        r = manager_admit_trial(manager, &why);
    if (r < 0)
        return refuse_plan(ret_error, r, why);
    return reply_with_job(
        pending->service, message,
        job_new_apply(manager_job_context(manager), &request->plan,
                      request->have_expected ? request->expected : NULL, request->diagnosis_id,
                      request->reason, pending->approval ? pending->approval : "polkit",
                      request->seconds, pending->uid, user, sd_bus_message_get_sender(message)));
}

static int carry_out_keep(Pending *pending, sd_bus_message *message, sd_bus_error *ret_error)
{
    Manager *manager = pending->service->manager;
    _cleanup_free_ char *user = user_name(pending->uid);
    _cleanup_free_ char *why = NULL;
    ChangeRecord *record = NULL;
    int r;

    r = manager_admit_keep(manager, pending->request.change_id, pending->uid, &record, &why);
    if (r < 0)
        return bus_error_set(ret_error, r, why);
    return reply_with_job(pending->service, message,
                          job_new_keep(manager_job_context(manager), record,
                                       pending->request.reason, pending->uid, user,
                                       sd_bus_message_get_sender(message)));
}

static int carry_out_revert(Pending *pending, sd_bus_message *message, sd_bus_error *ret_error)
{
    Manager *manager = pending->service->manager;
    _cleanup_free_ char *user = user_name(pending->uid);
    _cleanup_free_ char *why = NULL;
    ChangeRecord *record = NULL;
    int r;

    r = manager_admit_revert(manager, pending->request.change_id, pending->uid, &record, &why);
    if (r < 0)
        return bus_error_set(ret_error, r, why);
    return reply_with_job(pending->service, message,
                          job_new_revert(manager_job_context(manager), record,
                                         pending->request.reason, pending->uid, user,
                                         sd_bus_message_get_sender(message)));
}

static int carry_out_list_changes(Pending *pending, sd_bus_message *message)
{
    const ManagerOptions *options = manager_options(pending->service->manager);
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int r;

    r = sd_bus_message_new_method_return(message, &reply);
    if (r < 0)
        return r;
    r = reply_append_changes(reply, options->changes, pending->request.limit);
    if (r < 0)
        return r;
    return sd_bus_send(pending->service->bus, reply, NULL);
}

static int carry_out(Pending *pending, sd_bus_message *message, sd_bus_error *ret_error)
{
    switch (pending->kind) {
    case REQUEST_CHECK:
        return service_check_start(pending->service, message, &pending->request.plan, pending->uid,
                                   ret_error);
    case REQUEST_APPLY:
    case REQUEST_TRIAL:
        return carry_out_apply(pending, message, ret_error);
    case REQUEST_KEEP:
        return carry_out_keep(pending, message, ret_error);
    case REQUEST_REVERT:
        return carry_out_revert(pending, message, ret_error);
    case REQUEST_LIST_CHANGES:
        return carry_out_list_changes(pending, message);
    default:
        return -EINVAL;
    }
}

/* --- authorization ------------------------------------------------------ */

static void on_answer(sd_bus_message *message, PolkitAnswer answer, const char *action_id,
                      const char *problem, void *userdata)
{
    _cleanup_(pending_cleanup) Pending *pending = userdata;
    const ServiceReporter *reporter = &pending->service->reporter;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int r;

    if (answer == POLKIT_CANCELLED)
        return; /* nobody is there to be told */
    if (answer == POLKIT_AUTHORIZED)
        r = carry_out(pending, message, &error);
    else {
        r = polkit_answer_to_error(answer, action_id, problem, &error);
        if (pending->kind != REQUEST_CHECK && pending->kind != REQUEST_LIST_CHANGES)
            reporter->refused(pending->uid, sd_bus_message_get_member(message), action_id,
                              strempty(problem), reporter->userdata);
    }
    if (r < 0)
        (void)sd_bus_reply_method_errno(message, r, &error);
    sd_bus_error_free(&error);
}

static char *prompt_for(const Pending *pending, const Plan *plan, const ChangeRecord *record)
{
    switch (pending->kind) {
    case REQUEST_TRIAL:
        return prompt_trial(plan, pending->request.seconds);
    case REQUEST_KEEP:
        return prompt_keep(plan, record->id);
    case REQUEST_REVERT:
        return prompt_revert(plan, record->id);
    default:
        return prompt_apply(plan);
    }
}

/* Which polkit actions, and what the person is shown. Checks what can be checked before
 * anybody is bothered. */
static int prepare(Pending *pending, const char ***ret_actions, char **ret_prompt,
                   char **ret_commands, sd_bus_error *ret_error)
{
    Manager *manager = pending->service->manager;
    const Plan *shown = NULL;
    const char *action = NULL;
    ChangeRecord *record = NULL;
    _cleanup_free_ char *why = NULL;
    const char **actions;
    int r = 0;

    switch (pending->kind) {
    case REQUEST_APPLY:
    case REQUEST_TRIAL:
        shown = &pending->request.plan;
        r = manager_admit(manager, shown, pending->uid, &why);
        if (r >= 0 && pending->kind == REQUEST_TRIAL)
            r = manager_admit_trial(manager, &why);
        break;
    case REQUEST_KEEP:
        r = manager_admit_keep(manager, pending->request.change_id, pending->uid, &record, &why);
        if (r >= 0)
            shown = &record->plan;
        break;
    case REQUEST_REVERT:
        action = ACTION_REVERT;
        r = manager_admit_revert(manager, pending->request.change_id, pending->uid, &record, &why);
        if (r >= 0)
            shown = &record->plan;
        break;
    case REQUEST_CHECK:
        action = ACTION_CHECK;
        break;
    default:
        action = ACTION_LIST_CHANGES;
        break;
    }
    if (r < 0)
        return refuse_plan(ret_error, r, why);

    if (shown) {
        *ret_prompt = prompt_for(pending, shown, record);
        *ret_commands = prompt_commands(shown);
        if (!*ret_prompt || !*ret_commands)
            return -ENOMEM;
    }
    if (!action) {
        *ret_actions = prompt_polkit_actions(shown);
        return *ret_actions ? 0 : -ENOMEM;
    }
    actions = calloc(2, sizeof(*actions));
    if (!actions)
        return -ENOMEM;
    actions[0] = action;
    *ret_actions = actions;
    return 0;
}

int service_handle(Service *service, sd_bus_message *message, RequestKind kind,
                   sd_bus_error *ret_error)
{
    _cleanup_(pending_cleanup) Pending *pending = calloc(1, sizeof(*pending));
    _cleanup_free_ const char **actions = NULL;
    _cleanup_free_ char *prompt = NULL;
    _cleanup_free_ char *commands = NULL;
    const char *details[5] = {NULL};
    int r;

    if (!pending)
        return -ENOMEM;
    if (!service->polkit)
        return bus_error_set(ret_error, -EBUSY, "The service is stopping.");
    pending->service = service;
    pending->kind = kind;
    r = request_read(message, kind, &pending->request, ret_error);
    if (r < 0)
        return r;
    r = bus_caller_uid(message, &pending->uid);
    if (r < 0)
        return r;
    r = prepare(pending, &actions, &prompt, &commands, ret_error);
    if (r < 0)
        return r;
    if (kind == REQUEST_APPLY) {
        pending->approval = pre_approval_find(manager_options(service->manager)->config,
                                              &pending->request.plan, pending->uid);
        if (pending->approval)
            return carry_out(pending, message, ret_error);
    }
    if (prompt) {
        details[0] = "polkit.message";
        details[1] = prompt;
        details[2] = "selguard.commands"; /* for the site's polkit rules */
        details[3] = commands;
    }
    r = polkit_check(service->polkit, message, actions, prompt ? details : NULL, on_answer,
                     pending);
    if (r == -EDQUOT)
        return bus_error_set(ret_error, r, "Too many requests of this user wait for polkit.");
    if (r < 0)
        return r;
    pending = NULL; /* on_answer() has it now */
    return 1;
}

/* --- the object --------------------------------------------------------- */

static void on_job_changed(Job *job, void *userdata)
{
    job_bus_changed(userdata, job);
}

static void on_job_finished(Job *job, void *userdata)
{
    Service *service = userdata;

    service->reporter.job_finished(job, service->reporter.userdata);
    job_bus_finished(service, job);
    /* A recovery that gave up its place at a stop has nothing to tell. */
    if (job->record && !(job->kind == JOB_RECOVER && job->result == JOB_CANCELLED))
        manager_bus_change_finished(service, job);
}

const JobObserver service_observer = {.changed = on_job_changed, .finished = on_job_finished};

int service_init(Service *service, sd_bus *bus, const ServiceReporter *reporter)
{
    *service = (Service){.bus = sd_bus_ref(bus), .reporter = *reporter};
    return polkit_new(&service->polkit, bus);
}

void service_clear(Service *service)
{
    service->polkit = polkit_free(service->polkit);
    service_check_end_all(service);
    for (size_t i = 0; i < ELEMENTS_OF(service->slots); i++)
        service->slots[i] = sd_bus_slot_unref(service->slots[i]);
    service->bus = sd_bus_unref(service->bus);
}

int service_export(Service *service)
{
    int r = manager_bus_export(service, &service->slots[0]);

    return r < 0 ? r : job_bus_export(service, &service->slots[1], &service->slots[2]);
}

bool service_is_needed(const Service *service)
{
    return service_is_busy(service) || manager_has_trials(service->manager);
}

bool service_is_busy(const Service *service)
{
    return service->checks || polkit_pending(service->polkit) > 0 ||
           manager_is_busy(service->manager);
}
