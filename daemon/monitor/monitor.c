/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/monitor.h"

#include <errno.h>
#include <malloc.h>
#include <syslog.h>
#include <time.h>

#include "daemon/audit/socket.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/journal.h"
#include "daemon/monitor/logs.h"
#include "daemon/monitor/nginx1-bus.h"
#include "daemon/monitor/notify.h"
#include "daemon/monitor/replay.h"
#include "daemon/monitor/worker.h"
#include "daemon/selinux/kernel.h"

struct Monitor {
    sd_event *event;
    sd_bus *bus;
    Polkit *polkit;
    Notifier *notifier;
    Store *store;
    Pipeline *pipeline;
    Config config;
    Problems problems;
    char *policy_path; /* NULL: the policy in force */

    AuditSocket *audit;
    Follower *follower;
    LogFinder *logs;
    KernelWatch *watch;
    KernelState kernel;
    uint64_t loss_episodes;

    Worker *worker;
    sd_event_source *audit_source, *follower_source, *stage_timer, *worker_timer, *tick;
    sd_bus_slot *change_slot;
};

static uint64_t monotonic_now(const Monitor *monitor)
{
    uint64_t now = 0;

    (void)sd_event_now(monitor->event, CLOCK_MONOTONIC, &now);
    return now;
}

static void set_problem(Monitor *monitor, ProblemCode code, const char *detail)
{
    if (!problems_set(&monitor->problems, code, detail))
        return;
    if (detail)
        journal_log(LOG_WARNING, MESSAGE_PROBLEM, NULL, "%s (%s)", problem_code_to_sentence(code),
                    detail);
    else
        journal_log(LOG_NOTICE, MESSAGE_PROBLEM_SOLVED, NULL, "Solved: %s",
                    problem_code_to_string(code));
    if (monitor->notifier)
        notifier_queue_manager(monitor->notifier);
}

/* --- asking the policy ---------------------------------------------------- */

static void schedule_worker(Monitor *monitor, uint64_t delay_usec)
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
    set_problem(monitor, PROBLEM_POLICY, problem);
    if (problem)
        store_invalidate(monitor->store);
    schedule_worker(monitor, problem ? WORKER_RETRY_USEC : WORKER_DELAY_USEC);
    (void)malloc_trim(0);
}

static int on_worker_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;
    const WorkerOptions options = {
        .policy_path = monitor->policy_path,
        .domain = monitor->config.domains[0],
        .denied_booleans = monitor->config.denied_booleans,
    };
    const WorkerHandler handler = {
        .answer = on_answer,
        .finished = on_worker_finished,
        .userdata = monitor,
    };
    Diagnosis *batch[WORKER_BATCH];
    size_t n = 0;
    int r;

    if (monitor->worker)
        return 0;
    while (n < WORKER_BATCH && (batch[n] = store_next_unanalyzed(monitor->store)))
        n++;
    if (n == 0)
        return 0;
    r = worker_start(monitor->event, batch, n, &options, &handler, &monitor->worker);
    if (r < 0) {
        _cleanup_free_ char *text =
            format_string("the analysis cannot be started: %s", strerror(-r));

        set_problem(monitor, PROBLEM_POLICY, text);
        store_invalidate(monitor->store);
        schedule_worker(monitor, WORKER_RETRY_USEC);
    }
    return 0;
}

/* --- the store's observer ------------------------------------------------- */

static void on_added(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    journal_log(LOG_NOTICE, MESSAGE_DIAGNOSIS_NEW, diagnosis->id, "%s", diagnosis->summary);
    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_ADDED);
    schedule_worker(monitor, WORKER_DELAY_USEC);
}

static void on_changed(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_CHANGED);
    schedule_worker(monitor, WORKER_DELAY_USEC);
}

static void on_removed(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_REMOVED);
}

static void on_moved(Diagnosis *diagnosis, DiagnosisState before, void *userdata _unused_)
{
    journal_log(LOG_NOTICE, MESSAGE_DIAGNOSIS_STATE, diagnosis->id, "%s: was %s, is %s",
                strempty(diagnosis->summary), diagnosis_state_to_string(before),
                diagnosis_state_to_string(diagnosis->state));
}

/* --- SELinux' state ------------------------------------------------------- */

static void refresh_kernel_state(Monitor *monitor)
{
    KernelState state = {};

    if (kernel_read_state(&state) < 0)
        return;
    kernel_state_clear(&monitor->kernel);
    monitor->kernel = state;
    set_problem(monitor, PROBLEM_SELINUX_DISABLED,
                state.enabled || monitor->policy_path ? NULL : "the kernel runs without SELinux");
    set_problem(monitor, PROBLEM_SELINUX_PERMISSIVE,
                state.enabled && !state.enforcing ? "enforcing mode is off" : NULL);
    if (monitor->notifier)
        notifier_queue_manager(monitor->notifier);
}

static void on_policy_changed(void *userdata)
{
    Monitor *monitor = userdata;

    refresh_kernel_state(monitor);
    store_invalidate(monitor->store);
    schedule_worker(monitor, WORKER_DELAY_USEC);
}

/* --- intake --------------------------------------------------------------- */

static void arm_stage_timer(Monitor *monitor, uint64_t deadline)
{
    (void)sd_event_source_set_time(monitor->stage_timer, deadline);
    (void)sd_event_source_set_enabled(monitor->stage_timer,
                                      deadline == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void advance(Monitor *monitor)
{
    uint64_t pipeline = pipeline_advance(monitor->pipeline, monotonic_now(monitor));
    uint64_t follower = monitor->follower ? follower_get_deadline(monitor->follower) : UINT64_MAX;

    arm_stage_timer(monitor, pipeline < follower ? pipeline : follower);
}

static int read_logs(Monitor *monitor)
{
    int r;

    (void)pipeline_advance(monitor->pipeline, monotonic_now(monitor));
    r = follower_process(monitor->follower, NGINX_LOG_BATCH);
    if (r > 0) /* more is pending: come back, after the others had their turn */
        arm_stage_timer(monitor, 0);
    else
        advance(monitor);
    return r < 0 ? r : 0;
}

static int on_audit(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                    void *userdata)
{
    Monitor *monitor = userdata;
    int r;

    (void)pipeline_advance(monitor->pipeline, monotonic_now(monitor));
    r = audit_socket_receive(monitor->audit, pipeline_assembler(monitor->pipeline),
                             AUDIT_SOCKET_BATCH, monotonic_now(monitor));
    if (r < 0) {
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        set_problem(monitor, PROBLEM_AUDIT_SOCKET, strerror(-r));
    }
    advance(monitor);
    return 0;
}

static int on_logs(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                   void *userdata)
{
    Monitor *monitor = userdata;
    int r = read_logs(monitor);

    if (r < 0) {
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        set_problem(monitor, PROBLEM_ERROR_LOG, strerror(-r));
    }
    return 0;
}

static int on_stage_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;

    if (monitor->follower)
        (void)read_logs(monitor);
    else
        advance(monitor);
    return 0;
}

/* --- the periodic look around --------------------------------------------- */

static void check_logs(Monitor *monitor)
{
    _cleanup_free_ char *detail = NULL;
    FollowerStatus status;

    if (!monitor->follower)
        return;
    if (follower_count(monitor->follower) == 0)
        detail = strdup("none was found");
    for (size_t i = 0; !detail && i < follower_count(monitor->follower); i++) {
        if (follower_get_status(monitor->follower, i, &status) < 0)
            continue;
        if (status.state == FOLLOWER_UNREADABLE)
            detail = format_string("%s: %s", status.path, strerror(status.error));
        else if (status.state == FOLLOWER_REFUSED)
            detail = format_string("%s %s", status.path, strempty(status.reason));
        else if (status.state == FOLLOWER_WAITING)
            detail = format_string("%s does not exist", status.path);
    }
    set_problem(monitor, PROBLEM_ERROR_LOG, detail);
}

static void check_configuration(Monitor *monitor)
{
    _cleanup_free_ char *problem = NULL;
    int r;

    if (!monitor->logs)
        return;
    r = log_finder_update(monitor->logs, &problem);
    if (r != 0)
        set_problem(monitor, PROBLEM_NGINX_CONFIGURATION,
                    r < 0 ? (problem ? problem : strerror(-r)) : NULL);
}

static void check_losses(Monitor *monitor)
{
    const AuditStatistics *audit = pipeline_audit_statistics(monitor->pipeline);
    _cleanup_free_ char *detail = NULL;

    if (audit->loss_episodes == monitor->loss_episodes)
        return;
    monitor->loss_episodes = audit->loss_episodes;
    detail = format_string("the receive buffer overflowed, times so far: %llu",
                           (unsigned long long)audit->loss_episodes);
    set_problem(monitor, PROBLEM_AUDIT_LOSS, detail);
}

static int on_tick(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;

    if (monitor->watch && kernel_watch_poll(monitor->watch) > 0)
        on_policy_changed(monitor);
    check_configuration(monitor);
    check_logs(monitor);
    check_losses(monitor);
    (void)sd_event_source_set_time_relative(source, MONITOR_TICK_USEC);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- what the remedy service announces ------------------------------------ */

/* The other results left everything as it was. What the change did is seen by asking the policy,
 * whatever the result says. */
static bool change_was_made(const char *result)
{
    return streq(result, "done") || streq(result, "unverified") || streq(result, "ineffective");
}

static int on_change_finished(sd_bus_message *message, void *userdata,
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
    schedule_worker(monitor, WORKER_DELAY_USEC);
    return 0;
}

/* --- construction --------------------------------------------------------- */

static int add_timer(Monitor *monitor, sd_event_source **ret_source,
                     sd_event_time_handler_t handler)
{
    int r = sd_event_add_time(monitor->event, ret_source, CLOCK_MONOTONIC, UINT64_MAX, 0, handler,
                              monitor);

    return r < 0 ? r : sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
}

static int start_bus(Monitor *monitor)
{
    int r = polkit_new(&monitor->polkit, monitor->bus);

    if (r >= 0)
        r = notifier_new(&monitor->notifier, monitor->bus, monitor->event);
    if (r >= 0)
        r = manager_bus_register(monitor);
    if (r >= 0)
        r = diagnosis_bus_register(monitor);
    if (r >= 0)
        r = sd_bus_match_signal_async(monitor->bus, &monitor->change_slot, "org.selguard.Remedy1",
                                      "/org/selguard/Remedy1", "org.selguard.Remedy1.Manager",
                                      "ChangeFinished", on_change_finished, NULL, monitor);
    return r;
}

static void start_audit(Monitor *monitor, int fd)
{
    int r = fd >= 0 ? audit_socket_take(fd, &monitor->audit) : audit_socket_open(&monitor->audit);

    if (r < 0 && fd >= 0)
        (void)close(fd);
    if (r >= 0)
        r = sd_event_add_io(monitor->event, &monitor->audit_source, audit_socket_fd(monitor->audit),
                            EPOLLIN, on_audit, monitor);
    /* The kernel drops what we do not fetch in time. */
    if (r >= 0)
        r = sd_event_source_set_priority(monitor->audit_source, SD_EVENT_PRIORITY_IMPORTANT);
    if (r >= 0)
        return;
    /* The unit's restrictions answer with an unsupported address family. */
    if (fd < 0 && (r == -EPERM || r == -EACCES || r == -EAFNOSUPPORT))
        set_problem(monitor, PROBLEM_AUDIT_SOCKET,
                    "opening it needs the capability CAP_AUDIT_READ; "
                    "nginx-selguard-audit.socket passes it in without any");
    else
        set_problem(monitor, PROBLEM_AUDIT_SOCKET, strerror(-r));
}

static int start_logs(Monitor *monitor)
{
    int r = follower_new(&monitor->follower, pipeline_take_line, monitor->pipeline);

    if (r >= 0)
        r = sd_event_add_io(monitor->event, &monitor->follower_source,
                            follower_get_fd(monitor->follower), EPOLLIN, on_logs, monitor);
    if (r >= 0)
        r = log_finder_new(&monitor->logs, &monitor->config, monitor->follower,
                           FOLLOWER_START_AT_END);
    return r;
}

static int replay(Monitor *monitor, const MonitorOptions *options)
{
    _cleanup_free_ char *problem = NULL;
    ReplayResult result;
    int r = replay_files(monitor->pipeline, options->audit_logs, options->error_logs, &result,
                         &problem);

    if (r < 0)
        journal_log(LOG_ERR, NULL, NULL, "A recorded file cannot be read: %s",
                    problem ? problem : strerror(-r));
    return r;
}

static int copy_config(Config *target, const Config *source)
{
    if (string_replace(&target->nginx_configuration, source->nginx_configuration) < 0 ||
        string_replace(&target->nginx_prefix, source->nginx_prefix) < 0 ||
        !(target->domains = strv_copy(source->domains)) ||
        !(target->denied_booleans = strv_copy(source->denied_booleans)) ||
        (source->error_logs && !(target->error_logs = strv_copy(source->error_logs))))
        return -ENOMEM;
    return 0;
}

static int start(Monitor *monitor, const MonitorOptions *options)
{
    bool live = !options->audit_logs && !options->error_logs;
    const StoreObserver observer = {
        .added = on_added,
        .changed = on_changed,
        .removed = on_removed,
        .moved = on_moved,
        .userdata = monitor,
    };
    const PipelineOptions pipeline = {
        .mode = live ? PIPELINE_LIVE : PIPELINE_RECORDED,
        .domains = monitor->config.domains,
        .fixed_zone = options->fixed_zone,
        .utc_offset = options->utc_offset,
        .policy_changed = live ? on_policy_changed : NULL,
        .userdata = monitor,
    };
    int r;

    r = add_timer(monitor, &monitor->stage_timer, on_stage_timer);
    if (r >= 0)
        r = add_timer(monitor, &monitor->worker_timer, on_worker_timer);
    if (r >= 0)
        r = add_timer(monitor, &monitor->tick, on_tick);
    if (r >= 0)
        r = store_new(&monitor->store, &observer);
    if (r >= 0)
        r = pipeline_new(&monitor->pipeline, monitor->store, &pipeline);
    if (r >= 0)
        r = start_bus(monitor);
    if (r < 0)
        return r;
    set_problem(monitor, PROBLEM_CONFIGURATION, options->config_problem);
    refresh_kernel_state(monitor);
    if (!live)
        return replay(monitor, options);

    start_audit(monitor, options->audit_fd);
    r = start_logs(monitor);
    if (r < 0)
        return r;
    if (monitor->kernel.enabled)
        (void)kernel_watch_new(&monitor->watch);
    return on_tick(monitor->tick, 0, monitor);
}

int monitor_new(Monitor **ret_monitor, sd_event *event, sd_bus *bus, const MonitorOptions *options)
{
    Monitor *monitor = calloc(1, sizeof(*monitor));
    int r;

    if (!monitor)
        return -ENOMEM;
    monitor->event = sd_event_ref(event);
    monitor->bus = sd_bus_ref(bus);
    r = copy_config(&monitor->config, options->config);
    if (r >= 0)
        r = string_replace(&monitor->policy_path, options->policy_path);
    if (r >= 0)
        r = start(monitor, options);
    if (r < 0) {
        monitor_free(monitor);
        return r;
    }
    *ret_monitor = monitor;
    return 0;
}

Monitor *monitor_free(Monitor *monitor)
{
    if (!monitor)
        return NULL;
    sd_bus_slot_unref(monitor->change_slot);
    worker_free(monitor->worker);
    sd_event_source_disable_unref(monitor->audit_source);
    sd_event_source_disable_unref(monitor->follower_source);
    sd_event_source_disable_unref(monitor->stage_timer);
    sd_event_source_disable_unref(monitor->worker_timer);
    sd_event_source_disable_unref(monitor->tick);
    log_finder_free(monitor->logs);
    follower_free(monitor->follower);
    audit_socket_free(monitor->audit);
    kernel_watch_free(monitor->watch);
    kernel_state_clear(&monitor->kernel);
    pipeline_free(monitor->pipeline);
    store_free(monitor->store);
    notifier_free(monitor->notifier);
    polkit_free(monitor->polkit);
    problems_clear(&monitor->problems);
    config_clear(&monitor->config);
    free(monitor->policy_path);
    sd_bus_unref(monitor->bus);
    sd_event_unref(monitor->event);
    free(monitor);
    return NULL;
}

void monitor_refresh(Monitor *monitor)
{
    if (monitor->follower)
        follower_check(monitor->follower);
    check_configuration(monitor);
    check_logs(monitor);
    on_policy_changed(monitor);
}

sd_bus *monitor_bus(const Monitor *monitor)
{
    return monitor->bus;
}

Polkit *monitor_polkit(const Monitor *monitor)
{
    return monitor->polkit;
}

Store *monitor_store(const Monitor *monitor)
{
    return monitor->store;
}

Pipeline *monitor_pipeline(const Monitor *monitor)
{
    return monitor->pipeline;
}

Follower *monitor_follower(const Monitor *monitor)
{
    return monitor->follower;
}

const Problems *monitor_problems(const Monitor *monitor)
{
    return &monitor->problems;
}

const char *monitor_selinux_mode(const Monitor *monitor)
{
    if (!monitor->kernel.enabled)
        return "disabled";
    return monitor->kernel.enforcing ? "enforcing" : "permissive";
}

const char *monitor_policy_type(const Monitor *monitor)
{
    return strempty(monitor->kernel.policy_type);
}
