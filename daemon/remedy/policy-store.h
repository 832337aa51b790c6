/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy store, through libsemanage: read the state of what an action touches, and put
 * states in place, several in one transaction. Blocking, and libsemanage keeps globals: only
 * for the worker process.
 *
 * Life cycle: policy_store_open() for one plan, then reads; or policy_store_begin(), reads,
 * policy_store_keep(), stages and one policy_store_commit(), after which it is only good for
 * policy_store_free(). Labels on disk are no part of the transaction: a fresh store does
 * policy_store_relabel() after the commit.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/config.h"
#include "daemon/remedy/action-state.h"

typedef struct PolicyStore PolicyStore;

typedef struct PolicyStoreOptions {
    const char *root;           /* another root directory, as semodule -p; NULL: the system's */
    const char *type;           /* the store's name ("targeted"); NULL: the configured one */
    const char *undo_directory; /* where undo.h keeps its files */
    const Config *config;       /* the site's rules; NULL: the defaults */
    uint64_t lock_wait_usec;    /* for another program's transaction; 0: REMEDY_LOCK_WAIT_USEC */
} PolicyStoreOptions;

/* What becomes of a plan's booleans and of the rest. */
typedef enum PolicyStoreScope {
    SCOPE_ALL,      /* everything goes into the store */
    SCOPE_TRIAL,    /* booleans only into the kernel */
    SCOPE_BOOLEANS, /* booleans only, into the store; the rest is there already */
} PolicyStoreScope;

/* The kernel is read and changed only if there is no other root and SELinux is enabled. The plan
 * and the options outlive the store. */
int policy_store_open(PolicyStore **ret_store, const Plan *plan, const PolicyStoreOptions *options);
/* False if the store is not touched at all, and its lock not needed. */
bool policy_store_needs_lock(const Plan *plan, PolicyStoreScope scope);
/* Gives up what was not committed. Accepts and returns NULL. */
PolicyStore *policy_store_free(PolicyStore *store);

/* What libsemanage reported so far, in one line; "" if nothing. Valid until the next call. */
const char *policy_store_messages(const PolicyStore *store);

/* Takes the lock. 0; -EBUSY if another process has it (after libsemanage's own wait of some
 * seconds; may be tried again); -EROFS, -EACCES; -EIO for another failure of libsemanage. */
int policy_store_begin(PolicyStore *store);

/* The state of what the plan's action touches. 0, -EOPNOTSUPP for a kind that this version does
 * not know, -EIO, -ENOMEM. A thing that the policy does not have is a success with
 * known = false; whatever stands in the way of the action is in the state's obstacle. */
int policy_store_read(PolicyStore *store, size_t index, ActionState *ret_state);

/* Once all states were read: what the plan opens as a whole, against what the site permits. An
 * obstacle stands in the state of the first action. 0 or -ENOMEM. */
int policy_store_judge(PolicyStore *store, ActionState *states);

/* Before the first stage: keeps on disk what a revert of change `change_id` will need and the
 * store will not have any more. May be repeated. 0 or a negative errno. */
int policy_store_keep(PolicyStore *store, const char *change_id);

/* Puts what the scope's actions touch into the given states when the transaction is committed:
 * record and kernel, each only as far as the state says something about it. After
 * policy_store_keep(). */
int policy_store_stage(PolicyStore *store, const ActionState *targets, PolicyStoreScope scope);

/* After policy_store_stage(): has the commit write the files below /etc/selinux and load the policy
 * even if all records are as they are to be already. A commit that was interrupted may have changed
 * the store and not these. 0, -EIO or -ENOMEM. */
int policy_store_reinstall(PolicyStore *store);

/* All or nothing. Loads the policy into the kernel. 0 or -EIO. */
int policy_store_commit(PolicyStore *store);

/* SCOPE_TRIAL: the kernel's values alone, as the states say; all or none. They last until the next
 * boot. 0, -EOPNOTSUPP where SELinux is not enabled, or another negative errno. */
int policy_store_set_live(PolicyStore *store, const ActionState *targets);

/* Labels files on disk as the targets of the plan's relabel actions say, or puts back the labels
 * kept under `change_id`. That some object kept another label is for policy_store_read() to
 * find. 0, or a negative errno if the old labels could not be kept. */
int policy_store_relabel(PolicyStore *store, const char *change_id, const ActionState *targets);
/* Whether the plan has such actions. */
bool policy_store_wants_relabel(const Plan *plan, PolicyStoreScope scope);
