/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service's log: journal entries with a MESSAGE_ID and fields SELGUARD_*, and an audit user
 * record for each thing that was changed, naming the user who asked for it. The kernel's own
 * records (MAC_CONFIG_CHANGE, MAC_POLICY_LOAD) name this service.
 */
#pragma once

#include <stdbool.h>

#include "daemon/remedy/job.h"

typedef struct Report {
    bool audit;   /* false where the changes are not this system's (another root) */
    int audit_fd; /* -1 where audit is not available */
} Report;

void report_open(Report *report, bool audit);
void report_close(Report *report);

void report_job_finished(const Job *job, void *userdata); /* userdata: Report */
void report_refused(uid_t uid, const char *method, const char *action_id, const char *problem,
                    void *userdata);
void report_set_aside(const char *directory, const char *name);
/* A failure of the service itself; `error` is a negative errno. */
void report_failure(const char *what, int error);
void report_problem(const char *sentence);
