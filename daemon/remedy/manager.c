/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/manager-internal.h"

/* The queue and the kept ones together; those kept leave first. */
#define JOBS_KEPT_MAX (REMEDY_JOBS_MAX * 4)

static Entry *entry_free(Entry *entry)
{
    if (!entry)
        return NULL;
    sd_event_source_disable_unref(entry->expiry);
    job_free(entry->job);
    free(entry);
    return NULL;
}

static void manager_forget(Manager *manager, size_t index)
{
    entry_free(manager->entries[index]);
    manager->n_entries--;
    memmove(&manager->entries[index], &manager->entries[index + 1],
            (manager->n_entries - index) * sizeof(Entry *));
}

/* --- running ------------------------------------------------------------ */

static int on_next(sd_event_source *source, void *userdata)
{
    Manager *manager = userdata;
    Job *next = NULL;

    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    for (size_t i = 0; i < manager->n_entries; i++) {
        Job *job = manager->entries[i]->job;

        if (job->state == JOB_RUNNING)
            return 0;
        if (job->state == JOB_QUEUED && !next)
            next = job;
    }
    if (next)
        job_start(next);
    return 0;
}

static int on_expiry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Entry *entry = userdata;
    Manager *manager = entry->manager;

    for (size_t i = 0; i < manager->n_entries; i++)
        if (manager->entries[i] == entry) {
            manager_forget(manager, i);
            break;
        }
    return 0;
}

static void on_job_changed(Job *job, void *userdata)
{
    const Manager *manager = userdata;

    manager->options.observer->changed(job, manager->options.userdata);
}

static void on_job_finished(Job *job, void *userdata)
{
    Manager *manager = userdata;

    manager->options.observer->finished(job, manager->options.userdata);
    for (size_t i = 0; i < manager->n_entries; i++) {
        Entry *entry = manager->entries[i];

        /* If there is no timer to be had, it stays until its place is needed. */
        if (entry->job == job)
            (void)sd_event_add_time_relative(manager->options.event, &entry->expiry,
                                             CLOCK_MONOTONIC, REMEDY_JOB_KEEP_USEC, USEC_PER_SEC,
                                             on_expiry, entry);
    }
    (void)sd_event_source_set_enabled(manager->next, SD_EVENT_ONESHOT);
    if (job->expiring && job->result != JOB_DONE && change_record_on_trial(job->record))
        manager_set_trial_clock(manager, REMEDY_TRIAL_RETRY_USEC);
    else
        manager_set_trial_clock(manager, 0);
}

/* --- the object --------------------------------------------------------- */

int manager_new(Manager **ret_manager, const ManagerOptions *options)
{
    Manager *manager = calloc(1, sizeof(*manager));
    int r;

    if (!manager)
        return -ENOMEM;
    manager->options = *options;
    manager->observer = (JobObserver){.changed = on_job_changed, .finished = on_job_finished};
    manager->context = (JobContext){
        .event = options->event,
        .changes = options->changes,
        .store = options->store,
        .bus = options->bus,
        .nginx_units = options->config->nginx_units,
        .observer = &manager->observer,
        .userdata = manager,
    };
    r = sd_event_add_defer(options->event, &manager->next, on_next, manager);
    if (r >= 0)
        r = sd_event_source_set_enabled(manager->next, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_time(options->event, &manager->trials, CLOCK_BOOTTIME, 0, USEC_PER_MSEC,
                              manager_on_trials, manager);
    if (r >= 0)
        r = sd_event_source_set_enabled(manager->trials, SD_EVENT_OFF);
    if (r < 0) {
        manager_free(manager);
        return r;
    }
    *ret_manager = manager;
    return 0;
}

Manager *manager_free(Manager *manager)
{
    if (!manager)
        return NULL;
    while (manager->n_entries > 0)
        manager_forget(manager, manager->n_entries - 1);
    free(manager->entries);
    sd_event_source_disable_unref(manager->next);
    sd_event_source_disable_unref(manager->trials);
    free(manager);
    return NULL;
}

const ManagerOptions *manager_options(const Manager *manager)
{
    return &manager->options;
}

const JobContext *manager_job_context(const Manager *manager)
{
    return &manager->context;
}

/* --- admission ---------------------------------------------------------- */

int manager_deny(char **ret_why, int error, char *sentence)
{
    if (!sentence)
        return -ENOMEM;
    *ret_why = sentence;
    return error;
}

static int manager_admit_job(const Manager *manager, uid_t uid, char **ret_why)
{
    size_t unfinished = 0;
    size_t of_user = 0;

    if (manager->stopping)
        return manager_deny(ret_why, -EBUSY, strdup("The service is stopping."));
    if (manager->options.config_problem)
        return manager_deny(
            ret_why, -ENODEV,
            format_string("The site's rules cannot be read, so nothing is changed: %s",
                          manager->options.config_problem));
    for (size_t i = 0; i < manager->n_entries; i++) {
        const Job *job = manager->entries[i]->job;

        if (job->state == JOB_FINISHED)
            continue;
        unfinished++;
        of_user += job->uid == uid && job->kind != JOB_RECOVER;
    }
    if (unfinished >= REMEDY_JOBS_MAX)
        return manager_deny(ret_why, -EBUSY, strdup("Too many changes are waiting already."));
    if (of_user >= REMEDY_JOBS_PER_USER_MAX)
        return manager_deny(ret_why, -EDQUOT,
                            format_string("%u changes of this user are waiting already.",
                                          REMEDY_JOBS_PER_USER_MAX));
    return 0;
}

int manager_admit(const Manager *manager, const Plan *plan, uid_t uid, char **ret_why)
{
    const ChangeRecord *unfinished;
    int r;

    r = plan_check(plan, manager->options.config, ret_why);
    if (r < 0)
        return r;
    r = manager_admit_job(manager, uid, ret_why);
    if (r < 0)
        return r;
    /* One that a job is working on ends by itself; one that recovery could not resolve must
     * not be covered by another change, and a trial's end must find what it left. */
    unfinished = change_store_conflict(manager->options.changes, plan);
    if (unfinished && change_record_on_trial(unfinished))
        return manager_deny(ret_why, -EBUSY,
                            format_string("Change %" PRIu64
                                          " touches the same and is on trial: keep it, "
                                          "or revert it first.",
                                          unfinished->id));
    if (unfinished)
        return manager_deny(ret_why, -EBUSY,
                            format_string("Change %" PRIu64 " touches the same and is unfinished.",
                                          unfinished->id));
    return 0;
}

int manager_admit_revert(const Manager *manager, const char *change_id, uid_t uid,
                         ChangeRecord **ret_record, char **ret_why)
{
    ChangeRecord *record;
    int r;

    r = manager_admit_job(manager, uid, ret_why);
    if (r < 0)
        return r;
    record = change_store_find(manager->options.changes, change_id);
    if (!record)
        return manager_deny(ret_why, -ENOENT,
                            format_string("There is no change \"%.32s\".", change_id));
    r = change_store_can_revert(manager->options.changes, record, ret_why);
    if (r < 0)
        return r;
    *ret_record = record;
    return 0;
}

int manager_admit_keep(const Manager *manager, const char *change_id, uid_t uid,
                       ChangeRecord **ret_record, char **ret_why)
{
    ChangeRecord *record;
    int r;

    r = manager_admit_job(manager, uid, ret_why);
    if (r < 0)
        return r;
    record = change_store_find(manager->options.changes, change_id);
    if (!record)
        return manager_deny(ret_why, -ENOENT,
                            format_string("There is no change \"%.32s\".", change_id));
    r = change_store_can_keep(record, ret_why);
    if (r >= 0)
        r = plan_check(&record->plan, manager->options.config, ret_why);
    if (r < 0)
        return r;
    *ret_record = record;
    return 0;
}

/* --- jobs --------------------------------------------------------------- */

/* Finished jobs are kept as a courtesy: the oldest give way. */
static void manager_make_room(Manager *manager)
{
    for (size_t i = 0; i < manager->n_entries && manager->n_entries >= JOBS_KEPT_MAX;)
        if (manager->entries[i]->job->state == JOB_FINISHED)
            manager_forget(manager, i);
        else
            i++;
}

int manager_submit(Manager *manager, Job *job)
{
    Entry *entry = calloc(1, sizeof(*entry));
    Entry **grown;

    manager_make_room(manager);
    grown = reallocarray(manager->entries, manager->n_entries + 1, sizeof(Entry *));
    if (grown)
        manager->entries = grown;
    if (!entry || !grown) {
        free(entry);
        job_free(job);
        return -ENOMEM;
    }
    job->number = ++manager->last_number;
    *entry = (Entry){.job = job, .manager = manager};
    manager->entries[manager->n_entries++] = entry;
    (void)sd_event_source_set_enabled(manager->next, SD_EVENT_ONESHOT);
    return 0;
}

int manager_recover(Manager *manager)
{
    ChangeStore *changes = manager->options.changes;

    for (size_t i = 0; i < changes->n_records; i++) {
        Job *job;

        if (!change_record_unfinished(changes->records[i]))
            continue;
        job = job_new_recover(&manager->context, changes->records[i]);
        if (!job || manager_submit(manager, job) < 0)
            return -ENOMEM;
    }
    manager_set_trial_clock(manager, 0);
    return 0;
}

Job *manager_find_job(const Manager *manager, uint64_t number)
{
    for (size_t i = 0; i < manager->n_entries; i++)
        if (manager->entries[i]->job->number == number)
            return manager->entries[i]->job;
    return NULL;
}

int manager_list_jobs(const Manager *manager, uint64_t **ret_numbers, size_t *ret_n)
{
    uint64_t *numbers = calloc(manager->n_entries + 1, sizeof(*numbers));

    if (!numbers)
        return -ENOMEM;
    for (size_t i = 0; i < manager->n_entries; i++)
        numbers[i] = manager->entries[i]->job->number;
    *ret_numbers = numbers;
    *ret_n = manager->n_entries;
    return 0;
}

bool manager_is_busy(const Manager *manager)
{
    for (size_t i = 0; i < manager->n_entries; i++)
        if (manager->entries[i]->job->state != JOB_FINISHED)
            return true;
    return false;
}

void manager_stop(Manager *manager)
{
    manager->stopping = true;
    /* From the last: cancelling the one at work must not start the next. A recovery that has
     * not begun is for the next start. */
    for (size_t i = manager->n_entries; i > 0; i--)
        (void)job_cancel(manager->entries[i - 1]->job);
}
