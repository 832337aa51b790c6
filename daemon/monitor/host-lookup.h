/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which diagnoses the host is looked at for, and the looking: before the engine runs, since that
 * touches nothing.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"
#include "daemon/nginx/conf-intent.h"

typedef struct HostLookup {
    HostView *view;
    HostFacts *facts; /* of each diagnosis, in their order */
    bool *known;      /* whether anything was looked up for it */
    size_t n;
} HostLookup;

/* `root` as in host_view_new(); `intents` may be NULL. A host that cannot be looked at leaves
 * nothing known. 0 (host_lookup_clear() it) or -ENOMEM. */
int host_lookup_run(const char *root, const NginxIntents *intents, Diagnosis *const *diagnoses,
                    size_t n_diagnoses, HostLookup *ret_lookup);
void host_lookup_clear(HostLookup *lookup);
/* The facts of one diagnosis; NULL where there are none. */
const HostFacts *host_lookup_get(const HostLookup *lookup, size_t index);
