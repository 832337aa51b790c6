/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw socket address of a SOCKADDR record, in words. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Enough for any address that audit_sockaddr_format() writes. */
#define AUDIT_SOCKADDR_TEXT_MAX 128u

/* Writes "127.0.0.1:80", "[::1]:80", "unix:/path", or "unix:@name" for an abstract one
 * (NUL bytes inside it become '@' too). The family's byte order is that of the machine
 * that wrote the record; both are understood. Returns the length without the
 * terminator, -EAFNOSUPPORT for another family, -EBADMSG where the bytes are too few,
 * -ENOBUFS. */
int audit_sockaddr_format(const uint8_t *address, size_t length, char *buffer, size_t size);
