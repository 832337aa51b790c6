/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/monitor.h"

#include <errno.h>
#include <syslog.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/journal.h"
#include "daemon/monitor/monitor-internal.h"
#include "daemon/monitor/nginx1-bus.h"
#include "daemon/monitor/question.h"
#include "daemon/monitor/replay.h"

void monitor_set_problem(Monitor *monitor, ProblemCode code, const char *detail)
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

/* --- the store's observer ------------------------------------------------- */

static void on_added(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    journal_log(LOG_NOTICE, MESSAGE_DIAGNOSIS_NEW, diagnosis->id, "%s", diagnosis->summary);
    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_ADDED);
    monitor_state_changed(monitor);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
}

static void on_changed(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_CHANGED);
    monitor_state_changed(monitor);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
}

static void on_removed(Diagnosis *diagnosis, void *userdata)
{
    Monitor *monitor = userdata;

    notifier_queue(monitor->notifier, diagnosis->id, NOTIFY_REMOVED);
    monitor_state_changed(monitor);
}

static void on_moved(Diagnosis *diagnosis, DiagnosisState before, void *userdata _unused_)
{
    journal_log(LOG_NOTICE, MESSAGE_DIAGNOSIS_STATE, diagnosis->id, "%s: was %s, is %s",
                strempty(diagnosis->summary), diagnosis_state_to_string(before),
                diagnosis_state_to_string(diagnosis->state));
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
                                      "ChangeFinished", monitor_on_change_finished, NULL, monitor);
    return r;
}

static int replay(Monitor *monitor, const MonitorOptions *options)
{
    _cleanup_free_ char *problem = NULL;
    ReplayResult result;
    int r = replay_files(monitor->pipeline, options->audit_logs, options->error_logs, NULL, NULL,
                         &result, &problem);

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
        .policy_changed = live ? monitor_on_policy_changed : NULL,
        .userdata = monitor,
    };
    int r;

    r = add_timer(monitor, &monitor->stage_timer, monitor_on_stage_due);
    if (r >= 0)
        r = add_timer(monitor, &monitor->worker_timer, monitor_on_analysis_due);
    if (r >= 0)
        r = add_timer(monitor, &monitor->tick, monitor_on_tick);
    if (r >= 0)
        r = add_timer(monitor, &monitor->backfill_timer, monitor_on_backfill_due);
    /* Whatever comes live goes first. */
    if (r >= 0)
        r = sd_event_source_set_priority(monitor->backfill_timer, SD_EVENT_PRIORITY_IDLE);
    if (r >= 0)
        r = add_timer(monitor, &monitor->save_timer, monitor_on_save_due);
    if (r >= 0)
        r = store_new(&monitor->store, &observer);
    if (r >= 0)
        r = pipeline_new(&monitor->pipeline, monitor->store, &pipeline);
    if (r >= 0)
        r = start_bus(monitor);
    if (r < 0)
        return r;
    monitor_set_problem(monitor, PROBLEM_CONFIGURATION, options->config_problem);
    monitor_refresh_kernel(monitor);
    if (!live)
        return replay(monitor, options);

    monitor_start_audit(monitor, options->audit_fd, options->audit_socket);
    r = monitor_start_logs(monitor);
    if (r >= 0)
        r = monitor_load_state(monitor);
    if (r < 0)
        return r;
    monitor_start_journal(monitor);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
    if (monitor->kernel.enabled)
        (void)kernel_watch_new(&monitor->watch);
    return monitor_on_tick(monitor->tick, 0, monitor);
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
        r = string_replace(&monitor->state_path, options->state_path);
    if (r >= 0)
        r = string_replace(&monitor->journal_directory, options->journal_directory);
    monitor->use_journal = true;
    if (r >= 0 && !options->config->audit_log)
        r = audit_log_find(&monitor->audit_log);
    else if (r >= 0)
        r = string_replace(&monitor->audit_log, options->config->audit_log);
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
    questions_free(monitor->questions);
    sd_event_source_disable_unref(monitor->audit_source);
    sd_event_source_disable_unref(monitor->follower_source);
    sd_event_source_disable_unref(monitor->intake_timer);
    sd_event_source_disable_unref(monitor->journal_source);
    sd_event_source_disable_unref(monitor->stage_timer);
    sd_event_source_disable_unref(monitor->worker_timer);
    sd_event_source_disable_unref(monitor->tick);
    sd_event_source_disable_unref(monitor->backfill_timer);
    sd_event_source_disable_unref(monitor->save_timer);
    sd_event_source_disable_unref(monitor->saver_source);
    backfill_free(monitor->backfill);
    log_finder_free(monitor->logs);
    follower_free(monitor->follower);
    journal_log_free(monitor->journal);
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
    free(monitor->state_path);
    free(monitor->audit_log);
    free(monitor->journal_directory);
    free(monitor->journal_cursor);
    sd_bus_unref(monitor->bus);
    sd_event_unref(monitor->event);
    free(monitor);
    return NULL;
}

void monitor_stop(Monitor *monitor)
{
    if (monitor->follower)
        (void)follower_process(monitor->follower, NGINX_LOG_BATCH);
    monitor_save_last(monitor);
}

static int take_config(Monitor *monitor, const Config *config)
{
    Config copy = {};
    LogFinder *logs = NULL;
    int r = copy_config(&copy, config);

    if (r >= 0 && monitor->follower)
        r = log_finder_new(&logs, &copy, monitor->follower, FOLLOWER_START_AT_END);
    if (r >= 0)
        r = pipeline_set_domains(monitor->pipeline, copy.domains);
    if (r < 0) {
        log_finder_free(logs);
        config_clear(&copy);
        return r;
    }
    if (logs) {
        log_finder_free(monitor->logs);
        monitor->logs = logs;
    }
    config_clear(&monitor->config);
    monitor->config = copy;
    return 0;
}

int monitor_reload(Monitor *monitor, const Config *config, const char *config_problem)
{
    int r = config ? take_config(monitor, config) : 0;

    monitor_set_problem(monitor, PROBLEM_CONFIGURATION, config_problem);
    if (monitor->follower)
        follower_check(monitor->follower);
    monitor_check_nginx(monitor);
    monitor_on_policy_changed(monitor);
    monitor_advance(monitor);
    return r;
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
