/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The labels of all ports at once. For this folder only. */
#pragma once

#include "daemon/selinux/hypothesis-internal.h"
#include "daemon/selinux/ports.h"

#define PORT_COUNT 65536u

/* The type of each port, by number (PORT_COUNT elements); 0 where none is known. */
void port_map_fill(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t *types);

/* Appends to a growing list; returns 0 or -ENOMEM. */
int port_ranges_append(PortRange **ranges, size_t *n, uint16_t low, uint16_t high);
