/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a site lets happen without a person: PreApproved= in selguard.conf. Only labels that go back
 * to the policy's own default, below one path, at the word of one user.
 */
#pragma once

#include <sys/types.h>

#include "daemon/core/config.h"
#include "daemon/core/plan.h"

/* The rule that lets the user do all of the plan, as it stands in the file (the first, if it takes
 * several); to be freed. NULL if there is none, or out of memory: then a person is asked. */
char *pre_approval_find(const Config *config, const Plan *plan, uid_t uid);
