/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a committed change is what the kernel does. Nothing is taken for granted: a commit
 * that libsemanage called a success has been seen to leave the old behaviour.
 */
#pragma once

#include <stdint.h>

#include "daemon/remedy/action-state.h"

typedef enum VerifyOutcome {
    VERIFY_CONFIRMED,   /* everything asked is as intended */
    VERIFY_IMPOSSIBLE,  /* the kernel cannot be asked */
    VERIFY_INEFFECTIVE, /* the kernel does otherwise */
} VerifyOutcome;

typedef struct Verification {
    VerifyOutcome outcome;
    uint32_t accesses_asked;
    uint32_t accesses_allowed;
    char *text; /* one or more sentences; owned */
} Verification;

/* Asks the kernel about one access: 1, 0, or a negative errno, as kernel_ask(). */
typedef int (*VerifyAsk)(const Access *access);

/* `now` is what was read after the commit, `target` what it was to become, one for each action
 * of the plan. The plan's accesses are asked about if `want_accesses`. `ask` may be NULL where
 * SELinux is not enabled. 0 or -ENOMEM. */
int verify_change(const Plan *plan, const ActionState *target, const ActionState *now,
                  bool want_accesses, VerifyAsk ask, Verification *ret_verification);
void verification_clear(Verification *verification);

/* The real one: the running kernel. NULL where SELinux is not enabled. */
VerifyAsk verify_kernel(void);
