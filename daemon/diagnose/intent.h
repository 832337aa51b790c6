/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether nginx's configuration asks for what was denied. If it does not, the denial may be the
 * trace of an intruder, and nothing should be opened for it. Some things no web server is asked
 * for: tracing processes, raw packets, kernel modules, a shell. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/selinux/hypothesis.h"

typedef enum IntentMatch {
    INTENT_ASKED,     /* the configuration asks for it */
    INTENT_NOT_ASKED, /* it does not, and nothing in it is decided at run time */
    INTENT_NOT_KNOWN, /* it cannot be told: variables, names, another program, another object */
} IntentMatch;

/* `intents` may be NULL: what holds without a configuration is told all the same. *ret_reason is a
 * sentence for the caller to free that says why, or NULL. */
IntentMatch intent_match(const Diagnosis *diagnosis, const NginxIntents *intents,
                         const Hypothesis *hypothesis, char **ret_reason);
