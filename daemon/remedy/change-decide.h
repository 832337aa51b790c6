/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to happen, given what was found under the store's lock. Pure: the job carries out
 * what is decided here.
 */
#pragma once

#include "daemon/remedy/change-record.h"
#include "daemon/remedy/plan-check.h"

/* Apply: may the plan go on from these states? `expected` (may be NULL) is what the person
 * saw: one text of action_state_to_text() for each action. `trial`: for a limited time, which a
 * boolean needs the kernel for. 0; 1 if there is nothing to do,
 * because everything is so already; or -EPERM, -EINVAL, -EOPNOTSUPP, -ESTALE with *ret_why a
 * sentence; or -ENOMEM. */
int decide_apply(const Plan *plan, char *const *expected, const ActionState *states, bool trial,
                 char **ret_why);

/* Revert and Keep: is everything still as the change left it? 0, or -ESTALE with *ret_why; or
 * -ENOMEM. */
int decide_revert(const ChangeRecord *record, const ActionState *states, char **ret_why);

typedef enum Resolution {
    RESOLVE_FINISHED, /* the store has the step's outcome: make the kernel agree */
    RESOLVE_UNDONE,   /* the store is as before the step: make the kernel agree */
    RESOLVE_FOREIGN,  /* neither: somebody else changed it since; leave it alone */
} Resolution;

/* How an interrupted step (the record is committing or reverting) ended, and the states that
 * are to be put in place: one of the record's own, lent. The store's transaction is one rename,
 * so all actions went the same way. A trial that was interrupted as it began is undone, whatever
 * the store has: nobody waits for it any more. */
Resolution decide_resolution(const ChangeRecord *record, const ActionState *states,
                             const ActionState **ret_targets);
