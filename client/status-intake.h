/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `status` says of the monitor's intake: rate, lag, queues, memory, gaps. */
#pragma once

#include <json-c/json_object.h>

/* `statistics` as GetStatistics has them, with names as variant_json_read() makes them. */
void status_print_intake(json_object *statistics);
