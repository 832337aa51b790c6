/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/local-http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static int wait_for(int fd, short events, uint64_t deadline)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    uint64_t now = clock_usec(CLOCK_MONOTONIC);
    int r;

    if (now >= deadline)
        return -ETIMEDOUT;
    r = poll(&poll_fd, 1, (int)((deadline - now) / USEC_PER_MSEC) + 1);
    if (r < 0)
        return errno == EINTR ? 0 : -errno;
    return r == 0 ? -ETIMEDOUT : 0;
}

static int connect_to(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0,
        r;
    socklen_t error_size = sizeof(error);

    if (fd < 0)
        return -errno;
    r = connect(fd, address, size) < 0 ? -errno : 0;
    if (r == -EINPROGRESS) {
        r = wait_for(fd, POLLOUT, clock_usec(CLOCK_MONOTONIC) + VERIFY_CONNECT_USEC);
        if (r >= 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
            r = -errno;
        else if (r >= 0)
            r = -error;
    }
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    return fd;
}

/* 1 if it was tried and took the connection, with *ret_fd set. */
static int try_address(const struct sockaddr *address, uint16_t port, int *ret_fd,
                       char **ret_address)
{
    char text[INET6_ADDRSTRLEN];
    int fd;

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in = *(const struct sockaddr_in *)(const void *)address;

        in.sin_port = htons(port);
        (void)inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
        fd = connect_to((const struct sockaddr *)&in, sizeof(in));
    } else {
        struct sockaddr_in6 in6 = *(const struct sockaddr_in6 *)(const void *)address;

        in6.sin6_port = htons(port);
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
        fd = connect_to((const struct sockaddr *)&in6, sizeof(in6));
    }
    if (fd < 0)
        return fd;
    *ret_address = format_string(address->sa_family == AF_INET ? "%s:%u" : "[%s]:%u", text, port);
    if (!*ret_address) {
        (void)close(fd);
        return -ENOMEM;
    }
    *ret_fd = fd;
    return 1;
}

int local_connect(uint16_t port, char **ret_address)
{
    struct ifaddrs *interfaces = NULL;
    int fd = -1, r = -ECONNREFUSED;

    if (getifaddrs(&interfaces) < 0)
        return -errno;
    for (int loopback = 1; loopback >= 0 && r < 1; loopback--)
        for (const struct ifaddrs *entry = interfaces; entry && r < 1; entry = entry->ifa_next) {
            if (!entry->ifa_addr || !!(entry->ifa_flags & IFF_LOOPBACK) != loopback ||
                (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6))
                continue;
            r = try_address(entry->ifa_addr, port, &fd, ret_address);
        }
    freeifaddrs(interfaces);
    return r < 1 ? r : fd;
}

static int send_all(int fd, const char *text, uint64_t deadline)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        int r = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;

        if (n > 0) {
            text += n;
            left -= (size_t)n;
        } else if (r >= 0) {
            r = wait_for(fd, POLLOUT, deadline);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int local_exchange(int fd, const char *request, char **ret_answer, size_t *ret_length)
{
    const uint64_t deadline = clock_usec(CLOCK_MONOTONIC) + VERIFY_EXCHANGE_USEC;
    _cleanup_free_ char *answer = malloc(VERIFY_ANSWER_MAX + 1);
    size_t length = 0;
    int r = answer ? send_all(fd, request, deadline) : -ENOMEM;

    while (r >= 0 && length < VERIFY_ANSWER_MAX) {
        ssize_t n = recv(fd, answer + length, VERIFY_ANSWER_MAX - length, 0);

        if (n == 0)
            break;
        if (n > 0)
            length += (size_t)n;
        else if (errno == EAGAIN || errno == EINTR)
            r = wait_for(fd, POLLIN, deadline);
        else
            r = -errno;
    }
    /* What came before the end counts: the status is in the first line. */
    if (r < 0 && length == 0)
        return r;
    answer[length] = '\0';
    *ret_answer = TAKE_POINTER(answer);
    *ret_length = length;
    return 0;
}
