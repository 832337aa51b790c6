/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where things are in the unpacked file system of another host, such as a sosreport: its policy,
 * default labels, logs, and what its nginx.conf names. Symbolic links and ".." do not lead out.
 */
#pragma once

#include "daemon/nginx/conf-intent.h"

typedef struct HostRoot {
    char *policy; /* paths on this host; NULL where there is none */
    char *file_contexts;
    char **audit_logs; /* oldest first */
    char **error_logs;
} HostRoot;

/* Looks in `root`. `intents` (may be NULL) names the error logs. What is not there is left out.
 * 0, -ENOMEM, or the negative errno of opening the root. */
int host_root_find(const char *root, const NginxIntents *intents, HostRoot *ret_found);
void host_root_clear(HostRoot *found);
