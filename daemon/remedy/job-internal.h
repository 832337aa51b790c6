/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a job share: job.c the object, job-run.c the work, job-nginx.c the part that
 * is nginx's, job-end.c the ends. */
#pragma once

#include "daemon/remedy/job.h"

/* From here on the job is about this record, which stays in the store as long as the job. */
void job_set_record(Job *job, ChangeRecord *record);
/* One of the names in job-end.c; tells the observer. */
void job_set_phase(Job *job, const char *phase);
/* Writes the record in its new phase; on an error it keeps the old one. */
int job_record_phase(Job *job, ChangePhase phase);

/* Whether nginx is to be reloaded after the commit. */
bool job_wants_reload(const Job *job);
/* After the worker, which read `states` last; ends with job_finish_committed() or job_undo(). */
void job_reload_nginx(Job *job, const ActionState *states);
/* Takes back what was just committed, because of `why` (owned). */
void job_undo(Job *job, char *why);

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
/* The step was begun, and everything is as it was before; `now` is what was read afterwards, NULL
 * if there was nothing to take back. */
void job_finish_undone(Job *job, const ActionState *now);
/* The trial has become a change like any other. */
void job_finish_kept(Job *job, const ActionState *now);
/* Keep was begun and did not succeed: the trial goes on. Takes ownership of `why`. */
void job_finish_not_kept(Job *job, int error, char *why);
/* The step was interrupted, and somebody else's change has overtaken it. */
void job_finish_foreign(Job *job);
