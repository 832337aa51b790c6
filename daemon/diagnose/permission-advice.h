/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of plain permissions as fixes: advice with commands. Pure. */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"
#include "daemon/nginx/conf-intent.h"

/* Adds a fix for each way through that permission-change.h finds, and words for what no change of
 * modes helps against. `intents` may be NULL. 0 or -ENOMEM. */
int permission_advice_add(Diagnosis *diagnosis, const HostFacts *facts, PathNeed need,
                          const PermissionResult *result, const NginxIntents *intents);
