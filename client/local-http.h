/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections to this host alone: to loopback, or to an address that the kernel lists as one of
 * its own (getifaddrs(3)). No name is ever resolved. Bounded in time and in bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Connects to the first of the host's addresses that takes it, loopback first. The descriptor, with
 * *ret_address (to be freed) for people; -ECONNREFUSED or another negative errno if none does. */
int local_connect(uint16_t port, char **ret_address);

/* Sends the request and reads the answer up to its limits. 0 with *ret_answer (to be freed; a
 * terminator stands behind its *ret_length bytes), or a negative errno. */
int local_exchange(int fd, const char *request, char **ret_answer, size_t *ret_length);
