/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/intake-bus.h"

#include "daemon/core/macro.h"
#include "daemon/monitor/monitor-internal.h"

/* What is resident, of /proc/self/statm (proc(5)); 0 if it cannot be read. */
static uint64_t resident_bytes(void)
{
    _cleanup_fclose_ FILE *stream = fopen("/proc/self/statm", "re");
    char text[256], *second;

    if (!stream || !fgets(text, sizeof(text), stream))
        return 0;
    second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static int append_numbers(sd_bus_message *reply, Monitor *monitor)
{
    const PipelineStatistics *pipeline = pipeline_statistics(monitor->pipeline);
    uint64_t now = 0, skipped = 0, truncations = 0, rotations = 0, lost_ends = 0;
    BackfillResult backfill = {};
    JournalLogCounters journal = {};
    FollowerStatus log;
    MeterReading meter;
    int r = 0;

    (void)sd_event_now(monitor->event, CLOCK_MONOTONIC, &now);
    meter = meter_read(&monitor->meter, now);
    if (monitor->journal)
        journal = *journal_log_counters(monitor->journal);
    if (monitor->backfill)
        backfill_get_result(monitor->backfill, &backfill);
    for (size_t i = 0; monitor->follower && i < follower_count(monitor->follower); i++) {
        if (follower_get_status(monitor->follower, i, &log) < 0)
            continue;
        skipped += log.lines_skipped;
        truncations += log.truncations;
        rotations += log.rotations;
        lost_ends += log.lost_ends;
    }
    {
        const struct {
            const char *key;
            uint64_t value;
        } numbers[] = {
            {"ReadUp", pipeline->read_up},
            {"Repeated", pipeline->repeated},
            {"DenialsLastMinute", meter.last_minute},
            {"DenialsBusiestSecond", meter.busiest},
            {"LagUsec", meter.lag_usec},
            {"LagMaxUsec", meter.lag_max_usec},
            {"SocketQueued", monitor->audit ? audit_socket_queued(monitor->audit) : 0},
            {"SocketBuffer", monitor->audit ? audit_socket_buffer_size(monitor->audit) : 0},
            {"SignalsQueued", notifier_pending(monitor->notifier)},
            {"SignalsDropped", notifier_dropped(monitor->notifier)},
            {"Unanalyzed", store_count_unanalyzed(monitor->store)},
            {"Memory", resident_bytes()},
            {"KernelLost", monitor->kernel_losses},
            {"GapsEvicted", monitor->gaps.evicted},
            {"BackfillBytes", backfill.bytes},
            {"BackfillDenials", backfill.denials},
            {"Looks", monitor->looks},
            {"LogsRefused", monitor->logs ? log_finder_count_refused(monitor->logs) : 0},
            {"JournalLines", journal.lines},
            {"JournalSkipped", journal.skipped},
            {"LinesSkipped", skipped},
            {"LogTruncations", truncations},
            {"LogRotations", rotations},
            {"LogEndsLost", lost_ends},
        };

        for (size_t i = 0; i < ELEMENTS_OF(numbers) && r >= 0; i++)
            r = sd_bus_message_append(reply, "{sv}", numbers[i].key, "t", numbers[i].value);
    }
    return r;
}

static int append_gaps(sd_bus_message *reply, const GapList *gaps)
{
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "Gaps");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "a(sstttts)");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(sstttts)");
    for (size_t i = 0; i < gaps->n_gaps && r >= 0; i++) {
        const Gap *gap = &gaps->gaps[i];

        r = sd_bus_message_append(reply, "(sstttts)", gap_cause_to_string(gap->cause),
                                  gap_state_to_string(gap->state), gap->from_usec, gap->to_usec,
                                  gap->lost, gap->found, gap->reason);
    }
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

int intake_append_statistics(sd_bus_message *reply, Monitor *monitor)
{
    int r = append_numbers(reply, monitor);

    return r < 0 ? r : append_gaps(reply, &monitor->gaps);
}
