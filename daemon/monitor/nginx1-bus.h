/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.selguard.Nginx1 on the bus: dbus/org.selguard.Nginx1.xml documents it. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/monitor/monitor.h"

#define NGINX1_BUS_NAME       "org.selguard.Nginx1"
#define MANAGER_PATH          "/org/selguard/Nginx1"
#define MANAGER_INTERFACE     "org.selguard.Nginx1.Manager"
#define DIAGNOSIS_PATH_PREFIX "/org/selguard/Nginx1/diagnosis"
#define DIAGNOSIS_INTERFACE   "org.selguard.Nginx1.Diagnosis"

/* Each adds its objects to the bus for as long as that lives. 0 or a negative errno. */
int manager_bus_register(Monitor *monitor);
int diagnosis_bus_register(Monitor *monitor);

/* Of the Manager, for its vtable. */
int manager_method_explain(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);
int manager_method_preflight(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);
