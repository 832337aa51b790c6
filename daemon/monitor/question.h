/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call that is answered by a worker of its own: the caller waits, the monitor does not. Few run
 * at once, and few of one user.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/monitor/monitor.h"
#include "daemon/monitor/worker.h"

typedef struct Question Question;

/* Makes the answer of the report and the array of diagnoses, both of which stay the caller's. The
 * report comes from the worker and may hold anything. 0 or a negative errno. */
typedef int (*QuestionFinish)(json_object *report, json_object *diagnoses,
                              json_object **ret_answer);

/* Starts it; the reply to the message, a string of JSON or an error, is sent at its end. The
 * intents may be NULL; like userdata they are used until the return only. only_denied leaves out
 * what the policy allows. At most EXPLAIN_DIAGNOSES_MAX are kept; if there were more, the answer
 * has "truncated": true. Returns 0, or a negative errno, maybe with *ret_error set. */
int question_ask(Monitor *monitor, sd_bus_message *message, WorkerMake make, void *userdata,
                 const NginxIntents *intents, bool only_denied, QuestionFinish finish,
                 sd_bus_error *ret_error);

/* Ends all of them without an answer. Returns NULL; accepts NULL. */
Question *questions_free(Question *first);
