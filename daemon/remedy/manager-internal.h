/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager's two files share: manager.c the jobs, manager-trials.c the ends of trials. */
#pragma once

#include "daemon/remedy/manager.h"

typedef struct Entry {
    Job *job;
    sd_event_source *expiry; /* once it is finished */
    Manager *manager;
} Entry;

struct Manager {
    ManagerOptions options;
    JobObserver observer; /* ours, between the jobs and the options' one */
    JobContext context;
    Entry **entries; /* ascending numbers */
    size_t n_entries;
    uint64_t last_number;
    sd_event_source *next;   /* starts the next job */
    sd_event_source *trials; /* when the next trial is over */
    bool stopping;
};

/* Hands a sentence over (NULL: out of memory) and returns the error that goes with it. */
int manager_deny(char **ret_why, int error, char *sentence);

/* Wakes up when the next trial is over, but not before `least` from now (microseconds). */
void manager_set_trial_clock(Manager *manager, uint64_t least);
/* The clock's handler. */
int manager_on_trials(sd_event_source *source, uint64_t usec, void *userdata);
