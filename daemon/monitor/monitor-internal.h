/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's parts among themselves: monitor.c builds and owns it, monitor-intake.c feeds it,
 * monitor-gaps.c reads up what it missed, monitor-state.c keeps it, monitor-policy.c asks the
 * policy.
 */
#pragma once

#include "daemon/audit/backfill.h"
#include "daemon/audit/gaps.h"
#include "daemon/audit/socket.h"
#include "daemon/monitor/logs.h"
#include "daemon/monitor/meter.h"
#include "daemon/monitor/monitor.h"
#include "daemon/monitor/notify.h"
#include "daemon/monitor/pace.h"
#include "daemon/monitor/worker.h"
#include "daemon/nginx/journal-log.h"
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
    Pace pace; /* of looking at these two */
    uint64_t looks;
    bool journal_pending;    /* it may have more */
    JournalLog *journal;     /* NULL where there is none to read */
    char *journal_directory; /* NULL: the host's own */
    /* Where an earlier run stopped; a cursor, or a time, or 0 for neither. */
    char *journal_cursor;
    uint64_t journal_since_usec;
    LogFinder *logs;
    KernelWatch *watch;
    KernelState kernel;
    uint64_t denials_at_tick;
    bool trim;   /* there was a storm */
    Meter meter; /* of denials; the lag is from the kernel's stamp to our taking it */

    /* What was missed. Times are CLOCK_REALTIME. */
    GapList gaps;
    uint64_t loss_episodes, lost_records; /* of the socket, as already noted */
    uint64_t drained_usec;                /* when the socket was last empty */
    bool drained;                         /* since the sample below */
    char *audit_log;                      /* auditd's */
    bool use_journal;
    AuditLogPosition log_position; /* everything before it was taken */
    AuditLogPosition log_sample;   /* likewise, once the socket is empty */
    Backfill *backfill;
    uint64_t backfill_gap;        /* its id */
    uint64_t losses_since_usec;   /* the kernel's own from then on are news */
    uint64_t kernel_log_usec;     /* read that far */
    uint64_t kernel_checked_usec; /* looked at last */
    uint64_t kernel_lost;         /* as it counts */
    uint64_t kernel_losses;       /* of these, news */

    char *state_path; /* NULL: nothing is kept */
    pid_t saver;      /* 0: nobody is writing */
    bool state_dirty;
    uint64_t saved_usec; /* CLOCK_REALTIME of the last saving */

    Worker *worker;
    struct Question *questions; /* that callers wait for */
    /* The first two are NULL where reading failed for good. */
    sd_event_source *audit_source, *follower_source, *intake_timer, *journal_source, *stage_timer,
        *worker_timer, *tick, *backfill_timer, *save_timer, *saver_source;
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

/* Both as in MonitorOptions. What fails becomes a problem. */
void monitor_start_audit(Monitor *monitor, int fd, AuditSocket *given);
int monitor_start_logs(Monitor *monitor);
/* Once it is known where an earlier run stopped. A host without a journal is none to complain of.
 */
void monitor_start_journal(Monitor *monitor);
int monitor_on_stage_due(sd_event_source *source, uint64_t usec, void *userdata);
/* Looks at what announces nothing by itself, and again after MONITOR_TICK_USEC. */
int monitor_on_tick(sd_event_source *source, uint64_t usec, void *userdata);
/* nginx's configuration and logs, as part of that. */
void monitor_check_nginx(Monitor *monitor);
/* Takes what waits in the audit socket, in bounded time. */
void monitor_receive_audit(Monitor *monitor);
/* Tells the pipeline the time, and has it called again when something is due. */
void monitor_advance(Monitor *monitor);

/* --- monitor-gaps.c --------------------------------------------------------- */

/* After each reading of the audit socket, at `now_usec`; `drained`: it was empty then. */
void monitor_note_received(Monitor *monitor, bool drained, uint64_t now_usec);
/* The monitor did not run since then; `start` is where auditd's log ended at that time. */
void monitor_begin_stopped_gap(Monitor *monitor, uint64_t since_usec,
                               const AuditLogPosition *start);
int monitor_on_backfill_due(sd_event_source *source, uint64_t usec, void *userdata);
/* As part of the look around. */
void monitor_check_gaps(Monitor *monitor);
/* Sets or clears the problem. */
void monitor_show_gaps(Monitor *monitor);

/* --- monitor-state.c -------------------------------------------------------- */

/* Reads what an earlier run kept. Once the audit socket and the follower are there, before logs
 * are looked for. 0 or -ENOMEM; what cannot be used is set aside. */
int monitor_load_state(Monitor *monitor);
/* Something is to be kept: within STATE_SAVE_DELAY_USEC. */
void monitor_state_changed(Monitor *monitor);
int monitor_on_save_due(sd_event_source *source, uint64_t usec, void *userdata);
/* As part of the look around: the checkpoint moves on even if nothing happens. */
void monitor_refresh_state(Monitor *monitor);
/* At the end, at once. */
void monitor_save_last(Monitor *monitor);
