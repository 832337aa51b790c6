/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's parts among themselves: monitor.c builds and owns it, monitor-intake.c feeds it,
 * monitor-policy.c asks the policy.
 */
#pragma once

#include "daemon/audit/socket.h"
#include "daemon/monitor/logs.h"
#include "daemon/monitor/monitor.h"
#include "daemon/monitor/notify.h"
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
    struct Question *questions; /* that callers wait for */
    sd_event_source *audit_source, *follower_source, *stage_timer, *worker_timer, *tick;
    sd_bus_slot *change_slot;
};

/* Sets or (detail NULL) clears a problem, and tells the journal and the bus if that is news. */
void monitor_set_problem(Monitor *monitor, ProblemCode code, const char *detail);

/* --- monitor-policy.c ------------------------------------------------------- */

/* Has the policy asked about what waits for it, after a while in which more may come. */
void monitor_schedule_analysis(Monitor *monitor, uint64_t delay_usec);
int monitor_on_analysis_due(sd_event_source *source, uint64_t usec, void *userdata);
/* Reads the kernel's state anew. */
void monitor_refresh_kernel(Monitor *monitor);
/* The policy, a boolean or the mode has changed: userdata is the Monitor. */
void monitor_on_policy_changed(void *userdata);
/* The remedy service has announced the end of a change. */
int monitor_on_change_finished(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);

/* --- monitor-intake.c ------------------------------------------------------- */

/* `fd` as MonitorOptions.audit_fd. What fails becomes a problem. */
void monitor_start_audit(Monitor *monitor, int fd);
int monitor_start_logs(Monitor *monitor);
int monitor_on_stage_due(sd_event_source *source, uint64_t usec, void *userdata);
/* Looks at what announces nothing by itself, and again after MONITOR_TICK_USEC. */
int monitor_on_tick(sd_event_source *source, uint64_t usec, void *userdata);
/* nginx's configuration and logs, as part of that. */
void monitor_check_nginx(Monitor *monitor);
