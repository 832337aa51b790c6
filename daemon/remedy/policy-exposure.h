/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan opens, by the store's own policy, against what the site permits (MaximumDomains= and
 * its kind). The figure that a client shows is the monitor's; this one is nobody's word.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/config.h"
#include "daemon/core/plan.h"
#include "daemon/remedy/action-state.h"
#include "daemon/selinux/policy.h"

/* Files that go from one type to another. */
typedef struct RelabelledType {
    char old_type[128];
    char new_type[128];
} RelabelledType;

/* Distinct pairs below one plan's paths; a site has a few. */
#define RELABELLED_TYPES_MAX 32u

bool policy_exposure_is_limited(const Config *config);

/* 0, with a clause in ret_obstacle (STATE_OBSTACLE_MAX bytes) if the plan opens more, else ""; or a
 * negative errno. What the policy does not have is for the other checks to refuse. */
int policy_exposure_check(const Policy *policy, const Plan *plan, const Config *config,
                          const RelabelledType *relabels, size_t n_relabels,
                          char ret_obstacle[STATE_OBSTACLE_MAX]);
