/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan in a change record: {"actions": [{"kind": …, arguments by the names of plan-bus.h}],
 * "accesses": [[source context, target context, class, permissions]]}.
 */
#pragma once

#include <json-c/json_object.h>

#include "daemon/core/plan.h"

/* NULL if out of memory. */
json_object *plan_to_json(const Plan *plan);
/* As strict as the reading of a D-Bus message. 0, -EBADMSG or -ENOMEM. */
int plan_from_json(json_object *object, Plan *ret_plan);
