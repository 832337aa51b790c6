/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor says, for the verbs. */
#pragma once

#include <json-c/json_object.h>

#include "client/session.h"
#include "daemon/core/plan.h"

/* The list, as an array of objects. */
int diagnoses_list(Session *session, json_object **ret_array);

/* The object path of the diagnosis that `id` starts, which must be one alone. NULL stands for
 * the only one that is open; an empty id is refused (-EINVAL). The caller frees *ret_path. */
int diagnoses_find(Session *session, const char *id, char **ret_path);
/* The id at the end of such a path. */
const char *diagnosis_path_id(const char *path);

/* The whole diagnosis, as `analyze --format json` has it. */
int diagnoses_describe(Session *session, const char *path, json_object **ret_object);

/* The plan of the n-th fix, from 1, with its accesses, and its summary. */
int diagnoses_get_fix(Session *session, const char *path, uint64_t n, Plan *ret_plan,
                      char **ret_summary);
