/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the store's own policy says about a plan: whether the types exist and are of the right
 * kind, and whether something holds secrets. Reads the policy image of the store: only for the
 * worker process.
 *
 * Each question answers 0 with a clause in ret_obstacle (STATE_OBSTACLE_MAX bytes) if something
 * stands in the way, "" if not; or a negative errno.
 */
#pragma once

#include "daemon/core/plan.h"
#include "daemon/remedy/action-state.h"
#include "daemon/selinux/policy.h"

typedef struct PolicyView PolicyView;

/* The image with the highest version below ROOT/etc/selinux/TYPE/policy. 0 or a negative errno. */
int policy_view_open(const char *root, const char *type, PolicyView **ret_view);
const Policy *policy_view_policy(const PolicyView *view);
/* Accepts and returns NULL. */
PolicyView *policy_view_free(PolicyView *view);

/* A type that a module of the same plan declares counts as there. */
int policy_view_check_port(PolicyView *view, const Plan *plan, const Action *action,
                           char ret_obstacle[STATE_OBSTACLE_MAX]);
int policy_view_check_file_context(PolicyView *view, const Action *action,
                                   char ret_obstacle[STATE_OBSTACLE_MAX]);
/* `replaces`: a module of this name is installed already. The plan says which port a type that the
 * module declares is for: others than the source of its first rule may only keep what they may do
 * to that port today. */
int policy_view_check_module(PolicyView *view, const Plan *plan, const Action *action,
                             bool replaces, char ret_obstacle[STATE_OBSTACLE_MAX]);
/* Whether objects with this context hold secrets; 1, 0 (also for a type that the policy does not
 * have), or a negative errno. */
int policy_view_holds_secrets(PolicyView *view, const char *context);
