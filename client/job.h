/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Following a job of the remedy service to its end. */
#pragma once

#include "client/session.h"

typedef struct JobWatch JobWatch;

/* Listens for jobs; before the call that starts one, so that nothing is missed. */
int job_watch_new(Session *session, JobWatch **ret_watch);
JobWatch *job_watch_free(JobWatch *watch);

/* Shows phases and progress until the job has ended. Returns 0 with the change's id
 * (may be NULL; the caller frees it) where it was done, or a negative errno, with the id set
 * all the same if something was changed and does not help. An interrupt
 * (SIGINT) asks the service to cancel. */
int job_watch_run(JobWatch *watch, const char *job_path, char **ret_change_id);
