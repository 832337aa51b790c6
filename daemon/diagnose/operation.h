/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation behind a diagnosis: every access that must be allowed for nginx to get
 * through, not only the one that was denied first. A fix is proven against all of them.
 *
 * A port is asked about by number, a file by path: which context it has depends on the
 * hypothesis.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/diagnosis.h"
#include "daemon/selinux/hypothesis.h"

#define OPERATION_QUESTIONS_MAX 8u

typedef struct Question {
    Access access;
    bool is_port; /* the target context is that of this port */
    PortProtocol protocol;
    uint16_t port;
    char *path; /* the target context is that of this path, as it is relabelled; else NULL */
} Question;

typedef struct Operation {
    Question questions[OPERATION_QUESTIONS_MAX]; /* the denied access first */
    size_t n_questions;
} Operation;

/* Needs diagnosis->have_access. 0, -EINVAL (nothing to ask), or -ENOMEM. */
int operation_from_diagnosis(const Diagnosis *diagnosis, const Hypothesis *hypothesis,
                             Operation *ret_operation);
void operation_clear(Operation *operation);

/* The access that a question means under a hypothesis; access_clear() it. 0, -ENODATA where the
 * policy has no label for the port, or -ENOMEM. */
int operation_resolve(const Question *question, const Hypothesis *hypothesis, Access *ret_access);
