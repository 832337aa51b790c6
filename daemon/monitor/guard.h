/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method calls that polkit must permit first. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/bus/polkit.h"

#define ACTION_READ    "org.selguard.nginx1.read"
#define ACTION_DISMISS "org.selguard.nginx1.dismiss"

/* Runs once the caller is authorized, with the message rewound; sends the reply itself. A
 * negative return, with or without *ret_error set, becomes the error reply. */
typedef int (*GuardedHandler)(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);

/* For use as the end of a method handler: returns 1 (the answer comes later), or a negative
 * errno with *ret_error set. */
int guard_method(Polkit *polkit, sd_bus_message *message, const char *action,
                 GuardedHandler handler, void *userdata, sd_bus_error *ret_error);
