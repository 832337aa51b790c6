/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A partial assignment: values for some booleans, and how many of them differ from
 * the hypothesis it starts from. For this folder only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/limits.h"
#include "daemon/selinux/hypothesis.h"

/* Booleans whose value one assignment fixes, changed or not. */
#define ASSIGNMENT_TERMS_MAX 40u

typedef struct Assignment {
    uint32_t terms[ASSIGNMENT_TERMS_MAX]; /* boolean << 1 | value, ascending */
    uint32_t n_terms;
    uint32_t n_changes;
} Assignment;

typedef enum AssignmentResult {
    ASSIGNMENT_OK,
    ASSIGNMENT_CONFLICT,  /* the boolean has the other value */
    ASSIGNMENT_TOO_LARGE, /* ASSIGNMENT_TERMS_MAX, or POLICY_BOOLEAN_SET_MAX changes */
} AssignmentResult;

AssignmentResult assignment_add(const Hypothesis *hypothesis, Assignment *assignment,
                                uint32_t boolean, bool value);

typedef struct AssignmentList {
    Assignment *items; /* free() it */
    size_t n;
} AssignmentList;

/* Keeps only assignments of which no part is in the list. Returns 0 or -ENOMEM; past
 * POLICY_ASSIGNMENTS_MAX it drops the new one and clears *complete. */
int assignment_list_add(AssignmentList *list, const Assignment *assignment, bool *complete);
