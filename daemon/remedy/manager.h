/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jobs of the service: one at work, a bounded queue behind it, finished ones kept for a
 * while to be read. No bus and no log in here; the observer has both.
 */
#pragma once

#include "daemon/remedy/job.h"
#include "daemon/remedy/plan-check.h"

typedef struct Manager Manager;

/* `config_problem`, if not NULL, is why the site's rules could not be read: then no change
 * begins. Copies the configuration's pointer only: it, the store and the observer outlive it. */
typedef struct ManagerOptions {
    sd_event *event;
    ChangeStore *changes;
    const Config *config;
    const char *config_problem;
    PolicyStoreOptions store;
    sd_bus *bus; /* for systemd */
    const JobObserver *observer;
    void *userdata;
} ManagerOptions;

int manager_new(Manager **ret_manager, const ManagerOptions *options);
/* Accepts and returns NULL. */
Manager *manager_free(Manager *manager);

const ManagerOptions *manager_options(const Manager *manager);

/* Queues a job for every unfinished record, before all others, and sets the clock for trials. 0 or
 * a negative errno. */
int manager_recover(Manager *manager);

/* May a change with this plan be asked for now by this user? Before authorization, and again
 * before the job is made. 0; or -EDQUOT, -EBUSY, -EPERM, -EOPNOTSUPP, -EINVAL, -ENODEV with
 * *ret_why a sentence; or -ENOMEM. */
int manager_admit(const Manager *manager, const Plan *plan, uid_t uid, char **ret_why);
/* The same for a revert; *ret_record is the change. Also -ENOENT. */
int manager_admit_revert(const Manager *manager, const char *change_id, uid_t uid,
                         ChangeRecord **ret_record, char **ret_why);

/* Likewise, to make a trial permanent; its plan must be one that may be applied now. */
int manager_admit_keep(const Manager *manager, const char *change_id, uid_t uid,
                       ChangeRecord **ret_record, char **ret_why);
/* Whether one more trial may begin. 0, -EDQUOT with *ret_why, or -ENOMEM. */
int manager_admit_trial(const Manager *manager, char **ret_why);

/* The context that jobs are made with. */
const JobContext *manager_job_context(const Manager *manager);
/* Takes ownership, gives the job its number and starts it as soon as it is its turn (from the
 * event loop, not from within). 0 or a negative errno, with the job freed. */
int manager_submit(Manager *manager, Job *job);
/* Also finished ones that are still kept. NULL if there is none. */
Job *manager_find_job(const Manager *manager, uint64_t number);
/* Numbers of all jobs, ascending; *ret_numbers is to be freed. */
int manager_list_jobs(const Manager *manager, uint64_t **ret_numbers, size_t *ret_n);

/* True while a job waits or works. */
bool manager_is_busy(const Manager *manager);
/* True while a trial is in force: its end is to be waited for. */
bool manager_has_trials(const Manager *manager);
/* Cancels whatever has not begun to commit, and admits nothing any more. */
void manager_stop(Manager *manager);
