/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine: what the policy says about a diagnosis. Fills verdict, cause, allowed_now,
 * summary, fixes, refusals and notes, replacing what an earlier analysis left. Pure: reads the
 * policy, touches nothing.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/diagnose/operation.h"
#include "daemon/host/host-facts.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/selinux/labels.h"
#include "daemon/selinux/policy.h"
#include "daemon/selinux/stored-booleans.h"

typedef struct AnalysisOptions {
    /* The domain that nginx runs in, for failures that came without a denial:
     * "httpd_t". NULL: such failures stay undetermined. */
    const char *domain;
    /* Booleans of the site never to be offered, shell patterns; NULL-terminated, may be NULL. */
    char *const *denied_booleans;
    /* What nginx is configured to do; NULL where that is not known. */
    const NginxIntents *intents;
    /* Default labels of the host that the logs are of; NULL where they are not known. */
    FileContexts *file_contexts;
    /* Labels on disk, where the logs are of this host; NULL: the defaults are taken instead. */
    OperationLabelReader read_label;
    /* Who listens on a Unix socket now; NULL: what the diagnosis itself knows is all there is. */
    OperationPeerReader read_peer;
    void *userdata;     /* of both */
    bool not_enforcing; /* SELinux logs and lets through: it is the cause of no failure */
    /* Booleans whose stored value is another; NULL where there are none or it is not known. */
    const StoredBoolean *stored_booleans;
    size_t n_stored_booleans;
    /* What was looked up on the host for this very diagnosis; NULL where it was not. */
    const HostFacts *host;
} AnalysisOptions;

/* Without a policy (NULL) only what does not rest on one is said: plain permissions. 0 or -ENOMEM;
 * on an error the diagnosis may have lost its earlier analysis. */
int analysis_run(Diagnosis *diagnosis, const Policy *policy, const AnalysisOptions *options);
