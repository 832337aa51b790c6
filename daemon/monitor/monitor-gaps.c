/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was missed: noticing it, reading it up, and saying what cannot be. */
#include <errno.h>
#include <malloc.h>
#include <syslog.h>

#include "daemon/audit/journal-read.h"
#include "daemon/core/clock.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/journal.h"
#include "daemon/monitor/monitor-internal.h"

static void arm_backfill(Monitor *monitor, uint64_t delay_usec)
{
    if (!monitor->backfill_timer || (!monitor->backfill && !gap_list_next(&monitor->gaps)))
        return;
    (void)sd_event_source_set_time_relative(monitor->backfill_timer, delay_usec);
    (void)sd_event_source_set_enabled(monitor->backfill_timer, SD_EVENT_ONESHOT);
}

/* --- noticing ------------------------------------------------------------- */

/* From which stamp on records may be missing: not before what came last, and on a quiet host not
 * before the socket was last seen empty. */
static uint64_t loss_begin(const Monitor *monitor)
{
    uint64_t last = seen_events_last(pipeline_seen(monitor->pipeline));

    if (monitor->drained_usec > last)
        last = monitor->drained_usec;
    return last > AUDIT_SEEN_SPAN_USEC ? last - AUDIT_SEEN_SPAN_USEC : 0;
}

void monitor_note_received(Monitor *monitor, bool drained, uint64_t now_usec)
{
    const AuditStatistics *audit = pipeline_audit_statistics(monitor->pipeline);

    if (audit->loss_episodes != monitor->loss_episodes) {
        Gap *gap = gap_list_open(&monitor->gaps, GAP_OVERFLOW, loss_begin(monitor),
                                 audit->lost_records - monitor->lost_records);

        if (gap->start.inode == 0)
            gap->start = monitor->log_position;
        monitor->loss_episodes = audit->loss_episodes;
        monitor->lost_records = audit->lost_records;
        monitor_state_changed(monitor);
    }
    if (!drained)
        return;
    monitor->drained_usec = now_usec;
    monitor->drained = true;
    if (!gap_list_has_open(&monitor->gaps))
        return;
    /* What the kernel has stamped by now may be on its way still. */
    gap_list_end(&monitor->gaps, now_usec + USEC_PER_SEC);
    arm_backfill(monitor, USEC_PER_SEC);
}

void monitor_begin_stopped_gap(Monitor *monitor, uint64_t since_usec, const AuditLogPosition *start)
{
    Gap *gap = gap_list_open(&monitor->gaps, GAP_STOPPED, since_usec, 0);

    gap->start = *start;
}

/* --- reading up ----------------------------------------------------------- */

static void finish_backfill(Monitor *monitor, const char *failure)
{
    Gap *gap = gap_list_find(&monitor->gaps, monitor->backfill_gap);
    BackfillResult result = {.reason = failure};

    if (monitor->backfill && !failure)
        backfill_get_result(monitor->backfill, &result);
    if (gap) {
        char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];

        gap->found += result.denials;
        gap_finish(gap, result.reason);
        timestamp_format(gap->from_usec, from);
        timestamp_format(gap->to_usec, to);
        journal_log(result.reason ? LOG_WARNING : LOG_INFO, MESSAGE_GAP, NULL,
                    "Audit records from %s to %s were missed (%s); read from the log: %llu "
                    "denials%s%s",
                    from, to, gap_cause_to_string(gap->cause), (unsigned long long)gap->found,
                    result.reason ? ", but not all: " : "", result.reason ? result.reason : "");
    }
    monitor->backfill = backfill_free(monitor->backfill);
    (void)malloc_trim(0);
    monitor_show_gaps(monitor);
    monitor_state_changed(monitor);
    arm_backfill(monitor, 0);
}

static int begin_backfill(Monitor *monitor)
{
    Gap *gap = gap_list_next(&monitor->gaps);
    BackfillOptions options;
    int r;

    if (!gap)
        return 0;
    options = (BackfillOptions){
        .log_path = monitor->audit_log,
        .use_journal = monitor->use_journal,
        .from_usec = gap->from_usec,
        .to_usec = gap->to_usec,
        .start = gap->start.inode != 0 ? &gap->start : NULL,
        .domains = monitor->config.domains,
        .seen = pipeline_seen(monitor->pipeline),
        .sink = pipeline_read_sink(monitor->pipeline),
    };
    gap->state = GAP_FILLING;
    monitor->backfill_gap = gap->id;
    r = backfill_new(&monitor->backfill, &options, clock_usec(CLOCK_REALTIME));
    return r < 0 ? r : 1;
}

int monitor_on_backfill_due(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
    Monitor *monitor = userdata;
    int r = monitor->backfill ? 1 : begin_backfill(monitor);

    if (r > 0) {
        monitor_advance(monitor);
        r = backfill_step(monitor->backfill, clock_usec(CLOCK_REALTIME));
        monitor_advance(monitor);
    }
    if (r < 0)
        finish_backfill(monitor, "there was too little memory to read up");
    else if (r == 0 && monitor->backfill)
        finish_backfill(monitor, NULL);
    else if (r > 0)
        arm_backfill(monitor, r == 2 ? USEC_PER_SEC : 0);
    return 0;
}

/* --- what the kernel lost itself ------------------------------------------ */

/* The kernel counts since boot and says so in its log. What it said before the time we know of
 * is where we count from. */
static void check_kernel_losses(Monitor *monitor)
{
    uint64_t now = clock_usec(CLOCK_REALTIME);
    JournalRead *read;
    JournalEntry entry;

    if (!monitor->use_journal || now < monitor->kernel_checked_usec + KERNEL_LOSS_CHECK_USEC)
        return;
    if (journal_read_new(&read, monitor->kernel_log_usec, JOURNAL_READ_LOSSES) < 0) {
        monitor->kernel_checked_usec = now;
        return;
    }
    for (unsigned int i = 0; i < KERNEL_LOSS_ENTRIES_MAX && journal_read_next(read, &entry) > 0;
         i++) {
        uint64_t lost;

        monitor->kernel_log_usec = entry.time_usec + 1;
        if (!entry.is_loss || entry.audit_lost <= monitor->kernel_lost)
            continue;
        lost = entry.audit_lost - monitor->kernel_lost;
        monitor->kernel_lost = entry.audit_lost;
        if (entry.time_usec < monitor->losses_since_usec)
            continue;
        monitor->kernel_losses += lost;
        (void)gap_list_add_unfilled(&monitor->gaps, GAP_KERNEL, entry.time_usec - USEC_PER_SEC,
                                    entry.time_usec, lost,
                                    "the kernel dropped records before it passed them to anybody");
        monitor_state_changed(monitor);
    }
    journal_read_free(read);
    monitor->kernel_checked_usec = now;
    (void)malloc_trim(0);
}

/* --- the look around ------------------------------------------------------ */

void monitor_show_gaps(Monitor *monitor)
{
    _cleanup_free_ char *detail = NULL;
    const Gap *newest = NULL;
    size_t n = gap_list_count_unfilled(&monitor->gaps);

    for (size_t i = 0; i < monitor->gaps.n_gaps; i++)
        if (monitor->gaps.gaps[i].state == GAP_UNFILLED)
            newest = &monitor->gaps.gaps[i];
    if (newest) {
        char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];

        timestamp_format(newest->from_usec, from);
        timestamp_format(newest->to_usec, to);
        detail = format_string("%s to %s: %s%s", from, to, newest->reason,
                               n > 1 ? "; and earlier ones" : "");
    }
    monitor_set_problem(monitor, PROBLEM_AUDIT_LOSS, detail);
}

/* A position in auditd's log with everything before it taken: the end of the log at an earlier
 * look, if the socket was found empty after that. */
static void sample_log(Monitor *monitor)
{
    if (monitor->drained && !gap_list_has_open(&monitor->gaps) && monitor->log_sample.inode != 0)
        monitor->log_position = monitor->log_sample;
    monitor->log_sample = (AuditLogPosition){};
    monitor->drained = false;
    (void)audit_log_get_end(monitor->audit_log, &monitor->log_sample);
}

void monitor_check_gaps(Monitor *monitor)
{
    if (!monitor->audit)
        return;
    sample_log(monitor);
    check_kernel_losses(monitor);
    (void)gap_list_expire(&monitor->gaps, clock_usec(CLOCK_REALTIME));
    monitor_show_gaps(monitor);
    arm_backfill(monitor, 0);
}
