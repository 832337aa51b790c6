/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the policy store share: policy-store.c the transaction, store-*.c one kind
 * of record each. */
#pragma once

#include <semanage/semanage.h>

#include "daemon/core/limits.h"
#include "daemon/remedy/policy-exposure.h"
#include "daemon/remedy/policy-store.h"
#include "daemon/remedy/policy-view.h"
#include "daemon/selinux/labels.h"

struct PolicyStore {
    semanage_handle_t *handle;
    const Plan *plan;
    const PolicyStoreOptions *options;
    char *type;       /* "targeted" */
    PolicyView *view; /* once it was needed */
    bool view_failed;
    const char *change_id;                           /* after policy_store_keep(): lent */
    FileContexts *contexts;                          /* likewise */
    RelabelledType relabelled[RELABELLED_TYPES_MAX]; /* what the plan's labels would change */
    size_t n_relabelled;
    bool relabelled_overflow;
    bool connected;
    bool kernel; /* the kernel runs the policy of this store */
    bool lock_failed;
    bool mls_known, mls; /* contexts have a level */
    bool staged;         /* something waits for the commit */
    char messages[REMEDY_WORKER_OUTPUT_MAX];
};

/* "" or the root in front of every path. */
const char *store_root(const PolicyStore *store);

/* Copies a text into a state; 0, or an obstacle is set if it does not fit. */
void state_set_text(ActionState *state, char target[STATE_TEXT_MAX], const char *text);
void state_set_obstacle(ActionState *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The policy of the store, or NULL with the state's obstacle set. */
PolicyView *store_view(PolicyStore *store, ActionState *state);
/* The context that a new record gets for a type. 0 or -ENOMEM. */
int store_format_context(PolicyStore *store, const char *type, char **ret_context);
/* Copies the text of a context of libsemanage. */
int store_context_to_text(PolicyStore *store, const semanage_context_t *context, char **ret_text);

/* Each as policy_store_read() and policy_store_stage(), for one kind. */
int store_boolean_read(PolicyStore *store, size_t index, ActionState *ret_state);
int store_boolean_stage(PolicyStore *store, size_t index, const ActionState *target);
int store_port_read(PolicyStore *store, size_t index, ActionState *ret_state);
int store_port_stage(PolicyStore *store, size_t index, const ActionState *target);
/* Has libsemanage take the policy for changed, with every record as it is. 0 or a negative errno.
 */
int store_port_touch(PolicyStore *store);
int store_file_context_read(PolicyStore *store, size_t index, ActionState *ret_state);
int store_file_context_stage(PolicyStore *store, size_t index, const ActionState *target);
int store_module_read(PolicyStore *store, size_t index, ActionState *ret_state);
int store_module_stage(PolicyStore *store, size_t index, const ActionState *target);
int store_label_read(PolicyStore *store, size_t index, ActionState *ret_state);

/* Opens the store's file_contexts anew. 0 or a negative errno. */
int store_open_contexts(PolicyStore *store);

/* Keeps the module that the action replaces. 0 (also if there is none) or a negative errno. */
int store_module_keep(PolicyStore *store, size_t index, const char *path);
