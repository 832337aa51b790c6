/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recorded files into a pipeline, side by side in the order of their times, in bounded memory
 * whatever their size. Source: the file that was read least far in time goes next.
 */
#pragma once

#include <stdint.h>

#include "daemon/audit/logfile.h"
#include "daemon/monitor/pipeline.h"

typedef struct ReplayResult {
    AuditLogCounters audit; /* summed over the files; line numbers are those of the first bad */
    uint64_t lines;         /* of nginx's logs */
    uint64_t lines_skipped; /* longer than NGINX_LINE_LENGTH_MAX */
} ReplayResult;

/* Both lists are NULL-terminated and may be NULL. Calls `progress`, which may be NULL, each time
 * some more was read. Flushes the pipeline at the end. Returns 0, or a negative errno with
 * *ret_problem a sentence naming the file (to be freed). */
int replay_files(Pipeline *pipeline, char *const *audit_logs, char *const *error_logs,
                 void (*progress)(void *userdata), void *userdata, ReplayResult *ret_result,
                 char **ret_problem);
