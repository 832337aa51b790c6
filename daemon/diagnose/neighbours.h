/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors that people take for a refusal and that are none: nobody listens, nothing is there, the
 * address is taken, no answer. What is the case, how to look further, and whether the policy would
 * let it through. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"
#include "daemon/selinux/hypothesis.h"

/* Adds notes. `current`, `domain` and `host` may be NULL. 0 or -ENOMEM. */
int neighbours_explain(Diagnosis *diagnosis, const Hypothesis *current, const char *domain,
                       const HostFacts *host);
