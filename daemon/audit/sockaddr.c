/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int known_family(unsigned int family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6;
}

static int format_unix(const uint8_t *path, size_t length, char *buffer, size_t size)
{
    size_t at = 0;

    if (length == 0)
        return -EBADMSG; /* an unnamed socket */
    if (length > sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return -EBADMSG;
    if (path[0] != '\0')
        length = strnlen((const char *)path, length);
    if (size < sizeof("unix:") + length)
        return -ENOBUFS;
    memcpy(buffer, "unix:", 5);
    at = 5;
    for (size_t i = 0; i < length; i++)
        buffer[at++] = path[i] == '\0' ? '@' : (char)path[i];
    buffer[at] = '\0';
    return (int)at;
}

int audit_sockaddr_format(const uint8_t *address, size_t length, char *buffer, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    unsigned int family, port;
    int n;

    if (length < 2)
        return -EBADMSG;
    family = address[0] | (unsigned int)address[1] << 8;
    if (!known_family(family))
        family = address[1] | (unsigned int)address[0] << 8;
    if (family == AF_UNIX)
        return format_unix(address + 2, length - 2, buffer, size);
    if (!known_family(family))
        return -EAFNOSUPPORT;

    /* Both begin with the family and the port; IPv6 has its flow label before the
     * address. */
    if (length < (family == AF_INET ? 8u : 24u))
        return -EBADMSG;
    port = (unsigned int)address[2] << 8 | address[3];
    if (!inet_ntop((int)family, address + (family == AF_INET ? 4 : 8), host, sizeof(host)))
        return -errno;
    n = snprintf(buffer, size, family == AF_INET ? "%s:%u" : "[%s]:%u", host, port);
    return n < 0 || (size_t)n >= size ? -ENOBUFS : n;
}
