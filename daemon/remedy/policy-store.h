/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy store, through libsemanage: read the state of what an action touches, and put
 * states in place, several in one transaction. Blocking, and libsemanage keeps globals: only
 * for the worker process.
 *
 * Life cycle: policy_store_open(), then reads; or policy_store_begin(), reads, stages and one
 * policy_store_commit(), after which it is only good for policy_store_free().
 */
#pragma once

#include <stdbool.h>

#include "daemon/remedy/action-state.h"

typedef struct PolicyStore PolicyStore;

typedef struct PolicyStoreOptions {
    const char *root; /* another root directory, as semodule -p; NULL: the system's */
    const char *type; /* the store's name ("targeted"); NULL: the configured one */
} PolicyStoreOptions;

/* The kernel is read and changed only if there is no other root and SELinux is enabled. */
int policy_store_open(PolicyStore **ret_store, const PolicyStoreOptions *options);
/* Gives up what was not committed. Accepts and returns NULL. */
PolicyStore *policy_store_free(PolicyStore *store);

/* What libsemanage reported so far, in one line; "" if nothing. Valid until the next call. */
const char *policy_store_messages(const PolicyStore *store);

/* Takes the lock. 0; -EBUSY if another process has it (after libsemanage's own wait of some
 * seconds; may be tried again); -EROFS, -EACCES; -EIO for another failure of libsemanage. */
int policy_store_begin(PolicyStore *store);

/* 0, -EOPNOTSUPP for a kind that this version does not know, -EIO, -ENOMEM. A thing that the
 * policy does not have is a success with known = false. */
int policy_store_read(PolicyStore *store, const Action *action, ActionState *ret_state);

/* Puts what the action touches into the given state when the transaction is committed:
 * record and kernel, each only as far as the state says something about it. */
int policy_store_stage(PolicyStore *store, const Action *action, const ActionState *target);

/* All or nothing. Loads the policy into the kernel. 0 or -EIO. */
int policy_store_commit(PolicyStore *store);
