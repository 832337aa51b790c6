/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building an operation, question by question; for this folder only. */
#pragma once

#include "daemon/diagnose/operation.h"

/* Adds a question about those of the permissions that the policy's class has; none if it has none
 * of them. 0, -E2BIG, -EINVAL or -ENOMEM. */
int operation_add_known(Operation *operation, const Hypothesis *hypothesis, const char *source,
                        const char *target, const char *class, const char *permissions);

/* What comes with a denial on a file, directory or socket: what is done to the object next, what
 * lies behind it, the way to it, and for a socket the process that listens. `real_path`: see
 * operation_from_diagnosis(). */
int operation_add_file(Operation *operation, const Hypothesis *hypothesis,
                       const Diagnosis *diagnosis, const char *real_path,
                       const NginxIntents *intents, OperationLabelReader read_label,
                       void *userdata);
