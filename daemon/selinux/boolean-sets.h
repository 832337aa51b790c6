/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boolean sets: every minimal set of boolean changes that makes all of some
 * accesses allowed. Minimal: no part of the set does. A change may turn a
 * boolean off. Each set found was proven with decide.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/access.h"
#include "daemon/selinux/hypothesis.h"

typedef struct BooleanChange {
    uint32_t boolean;
    const char *name; /* belongs to the Policy */
    bool value;       /* to set it to */
} BooleanChange;

typedef struct BooleanSet {
    BooleanChange *changes; /* by name */
    size_t n_changes;
} BooleanSet;

typedef struct BooleanSets {
    BooleanSet *sets; /* smallest first, then by names */
    size_t n_sets;
    bool complete;        /* false: a limit was met, there may be more sets */
    bool already_allowed; /* no change is needed; n_sets is 0 */
    bool hopeless;        /* some access stays denied under any boolean values */
} BooleanSets;

/* Changes are relative to `hypothesis`, which may hold other changes (a port
 * label). Limits: POLICY_BOOLEAN_SET_MAX changes in a set and booleans in an
 * expression, POLICY_BOOLEAN_SETS_MAX sets. Returns 0 and fills *ret_sets
 * (boolean_sets_clear() it), -ENODATA if the policy cannot be asked about an access
 * (decide.h), -EINVAL for none or an empty access, or -ENOMEM. */
int boolean_sets_find(const Hypothesis *hypothesis, const Access *accesses, size_t n_accesses,
                      BooleanSets *ret_sets);
void boolean_sets_clear(BooleanSets *sets);
/* Applies a set to a hypothesis. Returns 0 or -ENOMEM. */
int boolean_set_apply(const BooleanSet *set, Hypothesis *hypothesis);
