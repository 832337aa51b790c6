/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a job share: job.c the object, job-run.c the work, job-end.c the ends. */
#pragma once

#include "daemon/remedy/job.h"

/* CLOCK_REALTIME. */
uint64_t job_now_usec(void);

/* From here on the job is about this record, which stays in the store as long as the job. */
void job_set_record(Job *job, ChangeRecord *record);
/* One of the names in job-end.c; tells the observer. */
void job_set_phase(Job *job, const char *phase);
/* Writes the record in its new phase; on an error it keeps the old one. */
int job_record_phase(Job *job, ChangePhase phase);

/* Compares with the kernel. *ret_message is the sentence given, and what was found; NULL if out
 * of memory. */
JobResult job_verify(Job *job, const ActionState *targets, const ActionState *now,
                     bool want_accesses, const char *sentence, char **ret_message);

/* Each ends the job; the observer may free it. Those with a message take ownership of it; NULL
 * is out of memory. */
void job_finish(Job *job, JobResult result, int error, char *message);
/* Nothing was changed. A record that was made for the job says so; one that was there before
 * stays as it is. */
void job_finish_unchanged(Job *job, int error, char *message);
/* The step is in the store; `now` is what was read afterwards. */
void job_finish_committed(Job *job, const ActionState *now);
/* The step was begun, and is known to have left everything as it was. */
void job_finish_undone(Job *job);
/* The step was interrupted, and somebody else's change has overtaken it. */
void job_finish_foreign(Job *job);
