/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the daemons and the client reach a message bus and who is calling them.
 */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/* Connects as a client of a message bus. `address` is a D-Bus address; NULL is the
 * system bus, which $DBUS_SYSTEM_BUS_ADDRESS may move (tests and the demo use that).
 * The peer is not trusted: sd-bus checks sender credentials of privileged methods.
 * `event` (may be NULL) gets the bus attached. Returns 0 or a negative errno. */
int bus_connect(const char *address, const char *description, sd_event *event, sd_bus **ret_bus);

/* Asks for a well-known name, without queueing for it. Returns 0, -EEXIST if
 * somebody has it, -EACCES if the bus policy does not let us, or another errno. */
int bus_own_name(sd_bus *bus, const char *name);

/* The uid that the bus vouches for. A round trip to the bus daemon. */
int bus_caller_uid(sd_bus_message *message, uid_t *ret_uid);

/* The name of a uid, or "uid 1234" if it has none. NULL if out of memory. */
char *user_name(uid_t uid);
