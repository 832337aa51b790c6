/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Constraints: evaluated and shown as text. For this folder only. */
#pragma once

#include <stdbool.h>

#include "daemon/selinux/hypothesis-internal.h"
#include "daemon/selinux/security-context.h"

/* Whether the expression holds; one that cannot be evaluated does not (as in the
 * kernel's constraint_expr_eval()). */
bool constraint_holds(const Hypothesis *hypothesis, const Constraint *constraint,
                      const SecurityContext *source, const SecurityContext *target);

/* "l1 dom l2 or t1 == { mlsfileread }": u, r, t, l, h are user, role, type, low and high
 * level, 1 of the source, 2 of the target. At most POLICY_CONSTRAINT_NAMES_MAX names of a
 * set are shown. The caller frees it; NULL if out of memory. */
char *constraint_to_string(const Policy *policy, const Constraint *constraint);
