/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child process that works on the policy store, so that its time, its memory, its crashes
 * and its blocking are not the service's. It runs one of two tasks and ends.
 *
 * WORKER_INSPECT     reads the state of each action's object
 * WORKER_TRANSACT    takes the store's lock, reads the states, waits for worker_go(), stages
 *                    what that says, commits, labels files, reads again
 * WORKER_TRY         the same for a trial: booleans go into the kernel only, and for nothing but
 *                    booleans the store is not locked
 * WORKER_KEEP        the same for the booleans alone, which a trial has kept out of the store
 *
 * Between the states and worker_go() the child holds the lock and has changed nothing: there
 * the parent decides, and writes to disk what it decided. After worker_go() there is no way
 * back: the child ignores SIGTERM and finishes even if the parent dies, and only the timeout
 * kills it.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "daemon/remedy/action-state.h"
#include "daemon/remedy/policy-store.h"

typedef enum WorkerTask {
    WORKER_INSPECT,
    WORKER_TRANSACT,
    WORKER_TRY,
    WORKER_KEEP,
} WorkerTask;

typedef struct Worker Worker;

typedef struct WorkerHandlers {
    /* "waiting-for-lock", "reading", "committing", "relabeling". May be NULL. */
    void (*phase)(Worker *worker, const char *phase, void *userdata);
    /* All but WORKER_INSPECT: the states before; to be answered, now or later, by worker_go() or
     * worker_kill(). `states` has one for each action and is only lent. */
    void (*states)(Worker *worker, const ActionState *states, void *userdata);
    /* The process is gone. `result` 0: `states` is what was read (last). Else a negative errno,
     * with a sentence or NULL: -ECANCELED after worker_kill(), -ETIMEDOUT, -ECONNRESET if it
     * died, -EBUSY if the lock was not to be had, or what the store reported. The handler may
     * free the worker. */
    void (*finished)(Worker *worker, int result, const ActionState *states, const char *text,
                     void *userdata);
} WorkerHandlers;

/* Starts the process. SIGCHLD must be blocked. Copies the plan; the rest must outlive it. */
int worker_start(Worker **ret_worker, sd_event *event, WorkerTask task, const Plan *plan,
                 const PolicyStoreOptions *options, const WorkerHandlers *handlers, void *userdata);

/* Lets the transaction commit with these targets, one for each action, for this change.
 * `reinstall`: after an interruption, policy_store_reinstall(). 0 or an errno. */
int worker_go(Worker *worker, const char *change_id, const ActionState *targets, bool reinstall);
/* True once worker_go() was called. */
bool worker_is_committing(const Worker *worker);

/* Kills it unless it is committing. The finished handler follows. 0, or -EBUSY. */
int worker_kill(Worker *worker);

/* No handler runs any more. Kills the process unless it is committing (then it is left to
 * finish). Accepts and returns NULL. */
Worker *worker_free(Worker *worker);
