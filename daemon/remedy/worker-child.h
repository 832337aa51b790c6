/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The worker's own side. Messages between the two are JSON objects, one a packet:
 *
 *   child:  {"phase": "…"}
 *           {"states": […]}                    before (transact), or the answer (inspect)
 *           {"done": […]}                      states read after the commit
 *           {"error": errno, "text": "…"}      the last message
 *   parent: {"go": […], "change": "…"}         target states, and the id of the change
 */
#pragma once

#include "daemon/remedy/policy-store.h"
#include "daemon/remedy/worker.h"

/* Runs the task; the return value is the process's exit code. */
int worker_child_run(int fd, WorkerTask task, const Plan *plan, const PolicyStoreOptions *options);
