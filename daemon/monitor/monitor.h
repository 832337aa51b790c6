/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor: owns the event loop's sources, the pipeline, the store and the analysis worker,
 * and says what is wrong. The bus files present it; main.c starts it.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/audit/socket.h"
#include "daemon/bus/polkit.h"
#include "daemon/core/config.h"
#include "daemon/monitor/pipeline.h"
#include "daemon/monitor/problems.h"
#include "daemon/monitor/store.h"
#include "daemon/nginx/follower.h"

typedef struct Monitor Monitor;

typedef struct MonitorOptions {
    const Config *config;
    int audit_fd; /* passed in by the service manager; -1: open one */
    /* For tests and benchmarks: instead of that; taken over. */
    AuditSocket *audit_socket;
    /* Recorded files instead of the live system, NULL-terminated; NULL: live. */
    char *const *audit_logs;
    char *const *error_logs;
    bool fixed_zone;
    int32_t utc_offset;
    const char *policy_path;       /* NULL: the policy in force */
    const char *config_problem;    /* NULL: selguard.conf is fine */
    const char *state_path;        /* what is kept over a restart; NULL: nothing is */
    const char *journal_directory; /* for tests; NULL: the host's journal */
} MonitorOptions;

/* Starts everything that can be started; what cannot becomes a problem. The bus may not be
 * NULL; the options are copied, but for audit_fd, which is taken over. 0 or a negative errno. */
int monitor_new(Monitor **ret_monitor, sd_event *event, sd_bus *bus, const MonitorOptions *options);
Monitor *monitor_free(Monitor *monitor);

/* The end is near: takes what is there, and keeps it. */
void monitor_stop(Monitor *monitor);

/* Takes on another configuration (NULL: keeps the one it has; why, in a sentence that is a
 * problem until the next time), and looks for logs, nginx's configuration and policy anew, as
 * after SIGHUP. 0 or a negative errno, with the configuration as it was. */
int monitor_reload(Monitor *monitor, const Config *config, const char *config_problem);

/* --- for the bus files ---------------------------------------------------- */

sd_bus *monitor_bus(const Monitor *monitor);
Polkit *monitor_polkit(const Monitor *monitor);
Store *monitor_store(const Monitor *monitor);
Pipeline *monitor_pipeline(const Monitor *monitor);
Follower *monitor_follower(const Monitor *monitor);
const Problems *monitor_problems(const Monitor *monitor);
/* "enforcing", "permissive", "disabled". */
const char *monitor_selinux_mode(const Monitor *monitor);
const char *monitor_policy_type(const Monitor *monitor); /* "" where there is none */
