/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dictionaries that the service answers with; dbus/org.selguard.Remedy1.xml names their keys.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/remedy/change-store.h"
#include "daemon/remedy/check-run.h"
#include "daemon/remedy/job.h"

/* Each appends one value to the message. 0 or a negative errno. */
int reply_append_checks(sd_bus_message *message, const Plan *plan,
                        const CheckRow *rows); /* aa{sv} */
int reply_append_changes(sd_bus_message *message, const ChangeStore *changes, uint32_t limit);
int reply_append_job_details(sd_bus_message *message, const Job *job); /* a{sv} */
