/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the intake is doing, as members of GetStatistics: rates, lag, queues, memory, gaps. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/monitor/monitor.h"

/* Appends to an open a{sv}. 0 or a negative errno. */
int intake_append_statistics(sd_bus_message *reply, Monitor *monitor);
