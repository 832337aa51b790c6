/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a failed operation of nginx asked of a path, and whether the master or a worker did. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/permission.h"
#include "daemon/nginx/conf-intent.h"

typedef struct PathOperation {
    PathNeed need;
    bool follow_last; /* a link as the last component is followed */
    bool by_master;   /* most probably: nobody's request, and at start or reload */
    bool may_create;  /* what is not there was to be made, as a temporary file is */
} PathOperation;

/* Of a diagnosis with a line of nginx and a path. `intents` (may be NULL) tells what is written.
 * False where the operation is not about a path. */
bool path_operation_of(const Diagnosis *diagnosis, const NginxIntents *intents,
                       PathOperation *ret_operation);
/* Whether the configuration has nginx log there. Both may be NULL. */
bool path_is_log(const char *path, const NginxIntents *intents);
