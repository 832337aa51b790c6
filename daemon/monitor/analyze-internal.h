/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of analyze: analyze.c carries it out, analyze-engine.c asks the policy, and
 * analyze-report.c prints the result. */
#pragma once

#include "daemon/audit/statistics.h"
#include "daemon/monitor/host-root.h"
#include "daemon/monitor/pipeline.h"
#include "daemon/monitor/replay.h"
#include "daemon/nginx/conf-read.h"

typedef struct Analyze {
    char **audit_logs, **error_logs, **domains;
    char **conf_paths;         /* nginx.conf, as given; beneath root, if that is given */
    const char *policy_path;   /* as given; NULL: the one in force here */
    const char *contexts_path; /* file_contexts, as given */
    const char *root;          /* "/" of another host */
    bool json, verbose, force, fixed_zone;
    int32_t utc_offset;

    NginxConf *confs[NGINX_INSTANCES_MAX];
    size_t n_confs;
    NginxIntents *intents;
    HostRoot found;     /* in root */
    bool policy_loaded; /* then: */
    uint64_t policy_version, policy_booleans;
    bool policy_mls;
    char *policy_used, *policy_problem;
    Store *store;
    Pipeline *pipeline;
    ReplayResult result;
} Analyze;

/* Each prints the whole result to standard output. 0, -ENOMEM or -EIO. */
int analyze_print_json(const Analyze *analyze);
int analyze_print_text(const Analyze *analyze);
