/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D-Bus values as JSON. Keys become snake_case ("FirstSeen" -> "first_seen"), and members
 * whose key ends in "Seen", "Time" or "Until" become ISO 8601 text.
 */
#pragma once

#include <json-c/json_object.h>
#include <systemd/sd-bus.h>

/* Reads the next complete value. 0 or a negative errno. */
int variant_json_read(sd_bus_message *message, json_object **ret_object);
