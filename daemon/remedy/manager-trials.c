/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: how many there may be, and their ends. */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/manager-internal.h"

int manager_admit_trial(const Manager *manager, char **ret_why)
{
    const ChangeStore *changes = manager->options.changes;
    size_t n = 0;

    for (size_t i = 0; i < changes->n_records; i++)
        n += change_record_on_trial(changes->records[i]);
    for (size_t i = 0; i < manager->n_entries; i++) {
        const Job *job = manager->entries[i]->job;

        n += job->state == JOB_QUEUED && job->trial_seconds > 0;
    }
    return n < REMEDY_TRIALS_MAX
               ? 0
               : manager_deny(ret_why, -EDQUOT,
                              format_string("%u trials are in force already.", REMEDY_TRIALS_MAX));
}

bool manager_has_trials(const Manager *manager)
{
    const ChangeStore *changes = manager->options.changes;

    for (size_t i = 0; i < changes->n_records; i++)
        if (change_record_on_trial(changes->records[i]))
            return true;
    return false;
}

static bool has_job(const Manager *manager, const ChangeRecord *record)
{
    for (size_t i = 0; i < manager->n_entries; i++)
        if (manager->entries[i]->job->state != JOB_FINISHED &&
            manager->entries[i]->job->record == record)
            return true;
    return false;
}

/* Until the first trial that no job is about is over; UINT64_MAX if there is none. */
static uint64_t next_end(const Manager *manager, const TrialClock *clock)
{
    const ChangeStore *changes = manager->options.changes;
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < changes->n_records; i++) {
        const ChangeRecord *record = changes->records[i];
        uint64_t remaining;

        if (!change_record_on_trial(record) || record->phase != CHANGE_APPLIED ||
            has_job(manager, record))
            continue;
        remaining = trial_remaining_usec(&record->trial, clock);
        next = remaining < next ? remaining : next;
    }
    return next;
}

/* Without a boot id, or memory, the next start ends it. */
void manager_set_trial_clock(Manager *manager, uint64_t least)
{
    TrialClock clock = {};
    uint64_t next;

    if (manager->stopping || trial_clock_read(&clock) < 0)
        return;
    next = next_end(manager, &clock);
    if (next == UINT64_MAX) {
        (void)sd_event_source_set_enabled(manager->trials, SD_EVENT_OFF);
        return;
    }
    next = next > least ? next : least;
    (void)sd_event_source_set_time(manager->trials, clock.boottime_usec + next);
    (void)sd_event_source_set_enabled(manager->trials, SD_EVENT_ONESHOT);
}

int manager_on_trials(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Manager *manager = userdata;
    ChangeStore *changes = manager->options.changes;
    TrialClock clock = {};
    uint64_t least = 0;

    for (size_t i = 0; i < changes->n_records && trial_clock_read(&clock) >= 0; i++) {
        ChangeRecord *record = changes->records[i];
        Job *job;

        if (!change_record_on_trial(record) || record->phase != CHANGE_APPLIED ||
            has_job(manager, record) || trial_remaining_usec(&record->trial, &clock) > 0)
            continue;
        job = job_new_expire(&manager->context, record);
        if (!job || manager_submit(manager, job) < 0)
            least = REMEDY_TRIAL_RETRY_USEC;
    }
    manager_set_trial_clock(manager, least);
    return 0;
}
