/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds a running service to the interface that dbus/ documents. */
#pragma once

#include <systemd/sd-bus.h>

/* Fails the running test unless the object has the interface exactly as dbus/FILE has it: names,
 * signatures, directions, access and order; annotations and comments do not count. */
void introspection_compare(sd_bus *bus, const char *service, const char *file, const char *path,
                           const char *interface);
