/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the policy: when, about what, and what its changes mean for what is known. */
#include <errno.h>
#include <malloc.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/monitor-internal.h"
#include "daemon/selinux/confinement.h"
#include "daemon/selinux/module-fit.h"

void monitor_schedule_analysis(Monitor *monitor, uint64_t delay_usec)
{
    if (monitor->worker || !store_has_unanalyzed(monitor->store))
        return;
    (void)sd_event_source_set_time_relative(monitor->worker_timer, delay_usec);
    (void)sd_event_source_set_enabled(monitor->worker_timer, SD_EVENT_ONESHOT);
}

static void on_answer(json_object *object, void *userdata)
{
    Monitor *monitor = userdata;
    json_object *id;

    if (!json_object_object_get_ex(object, "id", &id) || !json_object_is_type(id, json_type_string))
        return;
    /* Gone meanwhile, or unreadable: the worker's end tells what is missing. */
    (void)store_take_analysis(monitor->store, json_object_get_string(id), object);
}

static void on_worker_finished(const char *problem, void *userdata)
{
    Monitor *monitor = userdata;

    monitor->worker = worker_free(monitor->worker);
    monitor_set_problem(monitor, PROBLEM_POLICY, problem);
    if (problem)
        store_invalidate(monitor->store);
    monitor_schedule_analysis(monitor, problem ? WORKER_RETRY_USEC : WORKER_DELAY_USEC);
    (void)malloc_trim(0);
}

int monitor_on_analysis_due(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
    Monitor *monitor = userdata;
    const WorkerHandler handler = {
        .answer = on_answer,
        .finished = on_worker_finished,
        .userdata = monitor,
    };
    WorkerOptions options = {
        .policy_path = monitor->policy_path,
        .domain = monitor->config.domains[0],
        .denied_booleans = monitor->config.denied_booleans,
        .recorded = !monitor->follower,
    };
    Diagnosis *batch[WORKER_BATCH];
    size_t unanswered, most, n = 0;
    int r;

    if (monitor->worker)
        return 0;
    /* A site that was just added is no reason to call its denial unexpected. */
    monitor_check_nginx(monitor);
    options.intents = monitor->logs ? log_finder_intents(monitor->logs) : NULL;
    /* Who waits for an answer does not wait for others to be asked about again. */
    unanswered = store_count_unanswered(monitor->store);
    most = unanswered == 0 ? WORKER_BATCH_AGAIN : unanswered;
    if (most > WORKER_BATCH)
        most = WORKER_BATCH;
    while (n < most && (batch[n] = store_next_unanalyzed(monitor->store)))
        n++;
    if (n == 0)
        return 0;
    r = worker_start(monitor->event, batch, n, &options, &handler, &monitor->worker);
    if (r < 0) {
        _cleanup_free_ char *text =
            format_string("the analysis cannot be started: %s", strerror(-r));

        monitor_set_problem(monitor, PROBLEM_POLICY, text);
        store_invalidate(monitor->store);
        monitor_schedule_analysis(monitor, WORKER_RETRY_USEC);
    }
    return 0;
}

/* The policy may have gained or lost the module, or made its domain permissive. Where SELinux is
 * off, or another host's policy is asked, there is nothing to say. */
static void check_confinement(Monitor *monitor)
{
    _cleanup_free_ char *why = NULL;
    ModuleFit fit = MODULE_FITS;
    int r = monitor->policy_path ? 1 : confinement_read(&why);

    if (!monitor->policy_path)
        (void)module_fit_read(&fit); /* where nothing can be said of it, it stays as it is */
    monitor_set_problem(monitor, PROBLEM_MODULE, module_fit_to_string(fit));
    monitor_set_problem(monitor, PROBLEM_UNCONFINED,
                        r > 0 || r == -EOPNOTSUPP ? NULL
                        : why                     ? why
                                                  : "the kernel does not say");
}

/* A policy without a web server's domain, or a name in Domains= that it does not have. */
static void check_domains(Monitor *monitor)
{
    bool known = monitor->policy_path; /* another host's */

    for (char **domain = monitor->config.domains; *domain && !known; domain++)
        known = kernel_has_type(*domain) != 0; /* an error is no answer */
    monitor_set_problem(monitor, PROBLEM_DOMAINS,
                        known ? NULL : "it has no type of the names in Domains=");
}

void monitor_refresh_kernel(Monitor *monitor)
{
    KernelState state = {};

    check_confinement(monitor);
    check_domains(monitor);
    if (kernel_read_state(&state) < 0)
        return;
    kernel_state_clear(&monitor->kernel);
    monitor->kernel = state;
    monitor_set_problem(monitor, PROBLEM_SELINUX_DISABLED,
                        state.enabled || monitor->policy_path ? NULL
                                                              : "the kernel runs without SELinux");
    monitor_set_problem(monitor, PROBLEM_SELINUX_PERMISSIVE,
                        state.enabled && !state.enforcing ? "enforcing mode is off" : NULL);
    if (monitor->notifier)
        notifier_queue_manager(monitor->notifier);
}

void monitor_on_policy_changed(void *userdata)
{
    Monitor *monitor = userdata;

    monitor_refresh_kernel(monitor);
    store_invalidate(monitor->store);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
}

/* The other results left everything as it was. What the change did is seen by asking the policy,
 * whatever the result says. */
static bool change_was_made(const char *result)
{
    return streq(result, "done") || streq(result, "unverified") || streq(result, "ineffective");
}

int monitor_on_change_finished(sd_bus_message *message, void *userdata,
                               sd_bus_error *ret_error _unused_)
{
    Monitor *monitor = userdata;
    const char *change, *diagnosis, *operation, *result;
    int r = sd_bus_message_read(message, "ssss", &change, &diagnosis, &operation, &result);

    if (r < 0 || !*diagnosis || !change_was_made(result))
        return 0;
    if (streq(operation, "apply"))
        (void)store_take_change(monitor->store, diagnosis, STORE_CHANGE_APPLIED);
    else if (streq(operation, "revert"))
        (void)store_take_change(monitor->store, diagnosis, STORE_CHANGE_REVERTED);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
    return 0;
}
