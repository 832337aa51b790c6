/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every candidate goes through to become a fix: proof, exposure, refusal, rank. Pure.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/diagnosis.h"
#include "daemon/diagnose/operation.h"
#include "daemon/selinux/exposure.h"
#include "daemon/selinux/hypothesis.h"

/* Fills proofs, proven, exposure and breaks of a fix that has its plan and summary, and the
 * plan's accesses. `after` is `before` with the plan in place; `relabels` say which objects get
 * another label with it. 0 or a negative errno. */
int fix_evaluate(Fix *fix, const Operation *operation, const Hypothesis *before,
                 const Hypothesis *after, const ExposureRelabel *relabels, size_t n_relabels);

/* A sentence (the caller frees it) if this fix must not be offered, by what it would open and
 * by the names it would touch; NULL if it may, with *ret_failed false. */
char *fix_find_refusal(const Fix *fix, char *const *denied_booleans, bool *ret_failed);

/* Orders by design: proven, a label with evidence, breaks nothing, least exposure, standard
 * actions, fewer actions. */
void fixes_rank(Fix *fixes, size_t n_fixes);
