/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes in: audit messages, log lines, and what has to be looked at to be known. */
#include <errno.h>
#include <malloc.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/monitor-internal.h"

static uint64_t monotonic_now(const Monitor *monitor)
{
    uint64_t now = 0;

    (void)sd_event_now(monitor->event, CLOCK_MONOTONIC, &now);
    return now;
}

static void arm_stage_timer(Monitor *monitor, uint64_t deadline)
{
    if (monitor->journal_pending)
        deadline = 0;
    (void)sd_event_source_set_time(monitor->stage_timer, deadline);
    (void)sd_event_source_set_enabled(monitor->stage_timer,
                                      deadline == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void monitor_advance(Monitor *monitor)
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
        monitor_advance(monitor);
    if (r < 0) {
        monitor->follower_source = sd_event_source_disable_unref(monitor->follower_source);
        monitor_set_problem(monitor, PROBLEM_ERROR_LOG, strerror(-r));
    }
    return r;
}

/* Returns 1 if there may be more. */
static int receive_batch(Monitor *monitor)
{
    const AuditStatistics *audit = pipeline_audit_statistics(monitor->pipeline);
    const uint64_t denials = audit->denials, losses = audit->loss_episodes;
    uint64_t now = 0, stamp;
    int r;

    /* From before the socket is read, so that it was not empty earlier than is noted. */
    (void)sd_event_now(monitor->event, CLOCK_REALTIME, &now);
    (void)pipeline_advance(monitor->pipeline, monotonic_now(monitor));
    r = audit_socket_receive(monitor->audit, pipeline_assembler(monitor->pipeline),
                             AUDIT_SOCKET_BATCH, monotonic_now(monitor));
    if (r < 0) {
        monitor->audit_source = sd_event_source_disable_unref(monitor->audit_source);
        monitor_set_problem(monitor, PROBLEM_AUDIT_SOCKET, strerror(-r));
    }
    /* An overflow tells of itself once, and of what it goes on to drop not at all. */
    if (audit->loss_episodes != losses || gap_list_has_open(&monitor->gaps))
        audit_socket_check_drops(monitor->audit, pipeline_assembler(monitor->pipeline));
    monitor_note_received(monitor, r == 0, now);
    if (audit->denials > denials) {
        stamp = pipeline_last_denial(monitor->pipeline);
        meter_add(&monitor->meter, monotonic_now(monitor), audit->denials - denials,
                  now > stamp ? now - stamp : 0);
        monitor_state_changed(monitor);
    }
    monitor_advance(monitor);
    return r;
}

void monitor_receive_audit(Monitor *monitor)
{
    if (!monitor->audit)
        return;
    for (unsigned int i = 0; i < AUDIT_SOCKET_BATCHES_MAX && receive_batch(monitor) > 0; i++)
        ;
}

/* --- how often that is looked at -------------------------------------------- */

static void listen_for_input(Monitor *monitor, int enabled)
{
    if (monitor->audit_source)
        (void)sd_event_source_set_enabled(monitor->audit_source, enabled);
    if (monitor->follower_source)
        (void)sd_event_source_set_enabled(monitor->follower_source, enabled);
}

static void look_after(Monitor *monitor, uint64_t delay_usec)
{
    /* Only the first look after a rest is one that somebody may be waiting for. */
    const uint64_t accuracy = delay_usec > INTAKE_DELAY_USEC ? delay_usec / 4 : USEC_PER_MSEC;

    (void)sd_event_source_set_time_accuracy(monitor->intake_timer, accuracy);
    if (sd_event_source_set_time_relative(monitor->intake_timer, delay_usec) >= 0)
        (void)sd_event_source_set_enabled(monitor->intake_timer, SD_EVENT_ONESHOT);
}

static uint64_t count_input(const Monitor *monitor)
{
    const AuditStatistics *audit = pipeline_audit_statistics(monitor->pipeline);

    return audit->records + audit->wrong_sender + pipeline_statistics(monitor->pipeline)->lines;
}

/* One look at both. */
static void take_input(Monitor *monitor)
{
    const uint64_t before = count_input(monitor);
    uint64_t delay;

    monitor->looks++;
    if (monitor->audit_source)
        (void)receive_batch(monitor);
    if (monitor->follower_source)
        (void)read_logs(monitor);
    delay = pace_next(&monitor->pace, (size_t)(count_input(monitor) - before));
    listen_for_input(monitor, delay == 0 || delay == PACE_REST ? SD_EVENT_ON : SD_EVENT_OFF);
    if (delay > 0 && delay != PACE_REST)
        look_after(monitor, delay);
}

static int on_intake_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    take_input(userdata);
    return 0;
}

static int on_input(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_,
                    void *userdata)
{
    Monitor *monitor = userdata;
    const uint64_t delay = pace_begin(&monitor->pace);

    if (delay == 0) {
        take_input(monitor);
        return 0;
    }
    listen_for_input(monitor, SD_EVENT_OFF);
    look_after(monitor, delay);
    return 0;
}

/* Before either source is added. */
static int start_intake(Monitor *monitor)
{
    int r;

    if (monitor->intake_timer)
        return 0;
    r = sd_event_add_time(monitor->event, &monitor->intake_timer, CLOCK_MONOTONIC, UINT64_MAX,
                          USEC_PER_MSEC, on_intake_due, monitor);
    if (r >= 0)
        r = sd_event_source_set_enabled(monitor->intake_timer, SD_EVENT_OFF);
    /* The kernel drops what we do not fetch in time. */
    return r < 0 ? r
                 : sd_event_source_set_priority(monitor->intake_timer, SD_EVENT_PRIORITY_IMPORTANT);
}

static void read_journal(Monitor *monitor);

int monitor_on_stage_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;

    read_journal(monitor);
    if (monitor->follower)
        (void)read_logs(monitor);
    else
        monitor_advance(monitor);
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
    else if (monitor->logs && log_finder_count_refused(monitor->logs) > 0)
        detail = format_string("%u are followed, %zu more are not", NGINX_LOGS_MAX,
                               log_finder_count_refused(monitor->logs));
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
    monitor_set_problem(monitor, PROBLEM_ERROR_LOG, detail);
}

static void check_configuration(Monitor *monitor)
{
    _cleanup_free_ char *problem = NULL;
    int r;

    if (!monitor->logs)
        return;
    r = log_finder_update(monitor->logs, &problem);
    if (r == 0)
        return;
    monitor_set_problem(monitor, PROBLEM_NGINX_CONFIGURATION,
                        r < 0 ? (problem ? problem : strerror(-r)) : NULL);
    /* What nginx is meant to do is another now. */
    store_invalidate(monitor->store);
    monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
}

void monitor_check_nginx(Monitor *monitor)
{
    check_configuration(monitor);
    check_logs(monitor);
}

/* What a storm took is the host's again once it is over. */
static void give_back_memory(Monitor *monitor)
{
    uint64_t denials = pipeline_audit_statistics(monitor->pipeline)->denials;

    if (denials > monitor->denials_at_tick + MONITOR_STORM_DENIALS)
        monitor->trim = true;
    else if (monitor->trim) {
        monitor->trim = false;
        (void)malloc_trim(0);
    }
    monitor->denials_at_tick = denials;
}

int monitor_on_tick(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;

    if (monitor->watch && kernel_watch_poll(monitor->watch) > 0)
        monitor_on_policy_changed(monitor);
    monitor_check_nginx(monitor);
    if (monitor->audit)
        audit_socket_check_drops(monitor->audit, pipeline_assembler(monitor->pipeline));
    monitor_receive_audit(monitor);
    monitor_check_gaps(monitor);
    if (store_recheck(monitor->store, clock_usec(CLOCK_REALTIME)))
        monitor_schedule_analysis(monitor, WORKER_DELAY_USEC);
    monitor_refresh_state(monitor);
    give_back_memory(monitor);
    (void)sd_event_source_set_time_relative(source, MONITOR_TICK_USEC);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void monitor_start_audit(Monitor *monitor, int fd, AuditSocket *given)
{
    int r = 0;

    monitor->audit = given;
    if (!given)
        r = fd >= 0 ? audit_socket_take(fd, &monitor->audit) : audit_socket_open(&monitor->audit);
    if (r < 0 && fd >= 0)
        (void)close(fd);
    if (r >= 0)
        r = start_intake(monitor);
    if (r >= 0)
        r = sd_event_add_io(monitor->event, &monitor->audit_source, audit_socket_fd(monitor->audit),
                            EPOLLIN, on_input, monitor);
    if (r >= 0)
        r = sd_event_source_set_priority(monitor->audit_source, SD_EVENT_PRIORITY_IMPORTANT);
    if (r >= 0)
        return;
    /* The unit's restrictions answer with an unsupported address family. */
    if (fd < 0 && (r == -EPERM || r == -EACCES || r == -EAFNOSUPPORT))
        monitor_set_problem(monitor, PROBLEM_AUDIT_SOCKET,
                            "opening it needs the capability CAP_AUDIT_READ; "
                            "nginx-selguard-audit.socket passes it in without any");
    else
        monitor_set_problem(monitor, PROBLEM_AUDIT_SOCKET, strerror(-r));
}

static int on_journal(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                      void *userdata)
{
    Monitor *monitor = userdata;
    int r;

    (void)pipeline_advance(monitor->pipeline, monotonic_now(monitor));
    r = journal_log_process(monitor->journal, NGINX_JOURNAL_BATCH);
    if (r < 0) {
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        monitor_set_problem(monitor, PROBLEM_NGINX_JOURNAL, strerror(-r));
    }
    /* its descriptor is silent about what it has told of already */
    monitor->journal_pending = r > 0;
    monitor_advance(monitor);
    return 0;
}

static void read_journal(Monitor *monitor)
{
    if (monitor->journal && monitor->journal_pending)
        (void)on_journal(monitor->journal_source, -1, 0, monitor);
}

void monitor_start_journal(Monitor *monitor)
{
    const JournalPosition start = {monitor->journal_since_usec, monitor->journal_cursor};
    int r = journal_log_new(&monitor->journal, monitor->journal_directory,
                            start.cursor || start.since_usec > 0 ? &start : NULL,
                            pipeline_take_journal_line, monitor->pipeline);

    if (r >= 0)
        r = sd_event_add_io(
            monitor->event, &monitor->journal_source, journal_log_get_fd(monitor->journal),
            (uint32_t)journal_log_get_events(monitor->journal), on_journal, monitor);
    if (r >= 0)
        r = sd_event_source_set_priority(monitor->journal_source, SD_EVENT_PRIORITY_IDLE);
    if (r >= 0)
        r = sd_event_source_set_ratelimit(monitor->journal_source, NGINX_JOURNAL_INTERVAL_USEC,
                                          NGINX_JOURNAL_LOOKS_MAX);
    if (r < 0)
        monitor->journal = journal_log_free(monitor->journal);
    monitor_set_problem(monitor, PROBLEM_NGINX_JOURNAL,
                        r < 0 && r != -ENOENT ? strerror(-r) : NULL);
    /* of what is there already its descriptor says nothing */
    monitor->journal_pending = r >= 0;
    monitor_advance(monitor);
}

int monitor_start_logs(Monitor *monitor)
{
    int r = follower_new(&monitor->follower, pipeline_take_line, monitor->pipeline);

    if (r >= 0)
        r = start_intake(monitor);
    if (r >= 0)
        r = sd_event_add_io(monitor->event, &monitor->follower_source,
                            follower_get_fd(monitor->follower), EPOLLIN, on_input, monitor);
    if (r >= 0)
        r = log_finder_new(&monitor->logs, &monitor->config, monitor->follower,
                           FOLLOWER_START_AT_END);
    return r;
}
