/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/macro.h"

/* Room for the header and a record of the largest size. An odd number of cache lines, so
 * that the buffers' beginnings do not compete for the same lines of the cache. */
#define DATAGRAM_MAX (141u * 64)

_Static_assert(DATAGRAM_MAX >= NLMSG_HDRLEN + AUDIT_RECORD_LENGTH_MAX, "a record must fit");

struct AuditSocket {
    int fd;
    bool end_of_stream; /* an empty message means that the peer is gone (SOCK_SEQPACKET) */
    AuditSenderCheck check;
    uint32_t drops; /* the kernel's count when last asked; it wraps */
    struct mmsghdr messages[AUDIT_SOCKET_VECTOR];
    struct iovec vectors[AUDIT_SOCKET_VECTOR];
    struct sockaddr_storage senders[AUDIT_SOCKET_VECTOR];
    char buffers[AUDIT_SOCKET_VECTOR][DATAGRAM_MAX] __attribute__((aligned(64)));
};

bool audit_sender_is_kernel(const struct sockaddr_storage *sender, socklen_t length)
{
    const struct sockaddr_nl *address = (const struct sockaddr_nl *)sender;

    /* nl_groups is a mask; group n is bit n - 1 (netlink_group_mask()). A unicast to us
     * has none set: nobody has a reason to send one. */
    return length >= sizeof(*address) && address->nl_family == AF_NETLINK && address->nl_pid == 0 &&
           (address->nl_groups & (1u << (AUDIT_NLGRP_READLOG - 1))) != 0;
}

int audit_socket_filter_types(int fd)
{
    /* nlmsg_type is in the machine's byte order, and BPF loads big-endian. */
#define ACCEPT(type, below) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), below, 0)
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        ACCEPT(AUDIT_RECORD_AVC, 10),
        ACCEPT(AUDIT_RECORD_SYSCALL, 9),
        ACCEPT(AUDIT_RECORD_EOE, 8),
        ACCEPT(AUDIT_RECORD_PROCTITLE, 7),
        ACCEPT(AUDIT_RECORD_PATH, 6),
        ACCEPT(AUDIT_RECORD_CWD, 5),
        ACCEPT(AUDIT_RECORD_SOCKADDR, 4),
        ACCEPT(AUDIT_RECORD_POLICY_LOAD, 3),
        ACCEPT(AUDIT_RECORD_STATUS, 2),
        ACCEPT(AUDIT_RECORD_CONFIG_CHANGE, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
#undef ACCEPT
    const struct sock_fprog program = {.len = ELEMENTS_OF(code), .filter = code};

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
        return -errno;
    return 0;
}

static int get_option(int fd, int option, int *ret_value)
{
    socklen_t length = sizeof(*ret_value);

    return getsockopt(fd, SOL_SOCKET, option, ret_value, &length) < 0 ? -errno : 0;
}

/* Datagrams that found no room. SO_RXQ_OVFL does nothing for netlink; SO_MEMINFO (4.12)
 * has the same figure as /proc/net/netlink. */
static bool read_drops(int fd, uint32_t *ret_drops)
{
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t length = sizeof(info);

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0 ||
        length < (SK_MEMINFO_DROPS + 1) * sizeof(info[0]))
        return false;
    *ret_drops = info[SK_MEMINFO_DROPS];
    return true;
}

int audit_socket_take_unchecked(int fd, AuditSenderCheck check, AuditSocket **ret_socket)
{
    AuditSocket *audit_socket;
    int flags, type, r;

    if (!check)
        return -EINVAL;
    r = get_option(fd, SO_TYPE, &type);
    if (r < 0)
        return r;
    if (type == SOCK_STREAM)
        return -EPROTOTYPE;
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;

    audit_socket = aligned_alloc(64, (sizeof(*audit_socket) + 63) / 64 * 64);
    if (!audit_socket)
        return -ENOMEM;
    /* The buffers need no clearing, and their pages are better left untouched. */
    memset(audit_socket, 0, offsetof(AuditSocket, buffers));
    audit_socket->fd = fd;
    audit_socket->check = check;
    audit_socket->end_of_stream = type == SOCK_SEQPACKET;
    for (size_t i = 0; i < AUDIT_SOCKET_VECTOR; i++) {
        audit_socket->vectors[i] = (struct iovec){audit_socket->buffers[i], DATAGRAM_MAX};
        audit_socket->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &audit_socket->senders[i],
            .msg_namelen = sizeof(audit_socket->senders[i]),
            .msg_iov = &audit_socket->vectors[i],
            .msg_iovlen = 1,
        };
    }
    (void)read_drops(fd, &audit_socket->drops);
    *ret_socket = audit_socket;
    return 0;
}

static void ask_for_buffer(int fd)
{
    const int size = (int)AUDIT_SOCKET_BUFFER;
    int granted;

    /* What the socket's maker set may be larger (systemd's ReceiveBuffer=). The kernel
     * reports twice what was asked for. */
    if (get_option(fd, SO_RCVBUF, &granted) == 0 && granted / 2 >= size)
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int audit_socket_take(int fd, AuditSocket **ret_socket)
{
    int domain, type, protocol, r;

    r = get_option(fd, SO_DOMAIN, &domain);
    if (r >= 0)
        r = get_option(fd, SO_TYPE, &type);
    if (r >= 0)
        r = get_option(fd, SO_PROTOCOL, &protocol);
    if (r < 0)
        return r;
    /* The kernel treats raw and datagram netlink sockets alike; systemd makes raw ones. */
    if (domain != AF_NETLINK || type != SOCK_RAW || protocol != NETLINK_AUDIT)
        return -EPROTOTYPE;
    ask_for_buffer(fd);
    /* Without it, all comes, and is passed over here. */
    (void)audit_socket_filter_types(fd);
    return audit_socket_take_unchecked(fd, audit_sender_is_kernel, ret_socket);
}

int audit_socket_open(AuditSocket **ret_socket)
{
    const int group = AUDIT_NLGRP_READLOG;
    int fd, r;

    fd = audit_open();
    if (fd < 0)
        return errno > 0 ? -errno : -EIO;
    /* Before the first record can arrive. */
    ask_for_buffer(fd);
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
        r = -errno;
    else
        r = audit_socket_take(fd, ret_socket);
    if (r < 0)
        audit_close(fd);
    return r;
}

AuditSocket *audit_socket_free(AuditSocket *audit_socket)
{
    if (audit_socket) {
        (void)close(audit_socket->fd);
        free(audit_socket);
    }
    return NULL;
}

int audit_socket_fd(const AuditSocket *audit_socket)
{
    return audit_socket->fd;
}

size_t audit_socket_buffer_size(const AuditSocket *audit_socket)
{
    int size;

    return get_option(audit_socket->fd, SO_RCVBUF, &size) < 0 || size < 0 ? 0 : (size_t)size;
}

static void count_loss(AuditSocket *audit_socket, AuditStatistics *statistics)
{
    uint32_t drops;

    statistics->loss_episodes++;
    if (read_drops(audit_socket->fd, &drops)) {
        statistics->lost_records += drops - audit_socket->drops;
        audit_socket->drops = drops;
    }
}

size_t audit_socket_queued(const AuditSocket *audit_socket)
{
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t length = sizeof(info);

    if (getsockopt(audit_socket->fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0 ||
        length < (SK_MEMINFO_RMEM_ALLOC + 1) * sizeof(info[0]))
        return 0;
    return info[SK_MEMINFO_RMEM_ALLOC];
}

void audit_socket_check_drops(AuditSocket *audit_socket, AuditAssembler *assembler)
{
    uint32_t drops;

    if (read_drops(audit_socket->fd, &drops) && drops != audit_socket->drops)
        count_loss(audit_socket, audit_assembler_statistics(assembler));
}

/* nlmsg_len is the whole datagram, or leaves the header out; anything else is not the
 * kernel's way of writing one. The payload ends where the datagram ends. */
static bool header_fits(const struct nlmsghdr *header, size_t length)
{
    return header->nlmsg_len <= length && length - header->nlmsg_len <= NLMSG_HDRLEN;
}

static int take_datagram(AuditSocket *audit_socket, const struct mmsghdr *message,
                         AuditAssembler *assembler, uint64_t now_usec)
{
    AuditStatistics *statistics = audit_assembler_statistics(assembler);
    const char *data = message->msg_hdr.msg_iov->iov_base;
    size_t length = message->msg_len;
    struct nlmsghdr header;
    AuditRecord record;

    if (!audit_socket->check(message->msg_hdr.msg_name, message->msg_hdr.msg_namelen)) {
        statistics->wrong_sender++;
        return 0;
    }
    if (message->msg_hdr.msg_flags & MSG_TRUNC) {
        statistics->records++;
        statistics->truncated++;
        return 0;
    }
    if (length < sizeof(header)) {
        statistics->records++;
        statistics->malformed++;
        return 0;
    }
    memcpy(&header, data, sizeof(header));
    if (!header_fits(&header, length) ||
        audit_record_parse_payload(header.nlmsg_type, data + NLMSG_HDRLEN, length - NLMSG_HDRLEN,
                                   &record) < 0) {
        statistics->records++;
        statistics->malformed++;
        return 0;
    }
    return audit_assembler_add(assembler, &record, now_usec);
}

int audit_socket_receive(AuditSocket *audit_socket, AuditAssembler *assembler, size_t max,
                         uint64_t now_usec)
{
    int result = 0;

    while (max > 0) {
        unsigned int want =
            max < AUDIT_SOCKET_VECTOR ? (unsigned int)max : (unsigned int)AUDIT_SOCKET_VECTOR;
        int n = recvmmsg(audit_socket->fd, audit_socket->messages, want, MSG_DONTWAIT,
                         /* timeout= */ NULL);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN)
                return 0;
            if (errno == ENOBUFS) {
                /* Once for each episode; what is queued can still be read. It uses up a
                 * turn, so that a flood cannot keep us here. */
                count_loss(audit_socket, audit_assembler_statistics(assembler));
                max--;
                continue;
            }
            return -errno;
        }
        for (int i = 0; i < n; i++) {
            struct mmsghdr *message = &audit_socket->messages[i];
            int r = 0;

            if (message->msg_len == 0 && audit_socket->end_of_stream)
                r = -EPIPE;
            else
                r = take_datagram(audit_socket, message, assembler, now_usec);
            /* Of a batch that was read, nothing is thrown away because of one. */
            if (r < 0 && result == 0)
                result = r;
            message->msg_hdr.msg_namelen = sizeof(audit_socket->senders[i]);
        }
        if (result < 0)
            return result;
        max -= (size_t)n;
        /* Fewer than asked for: drained, and not worth a further call. */
        if ((unsigned int)n < want)
            return 0;
    }
    return 1;
}
