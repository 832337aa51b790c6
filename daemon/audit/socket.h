/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's audit multicast group (AUDIT_NLGRP_READLOG). Each datagram is a struct
 * nlmsghdr and a record's payload.
 *
 * A record counts only if its sender is the kernel: port id 0, sent to the group. The
 * length is what was received; nlmsg_len is only held against it, since on some paths it
 * leaves the header out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "daemon/audit/event.h"

typedef struct AuditSocket AuditSocket;

/* Whether a datagram with this sender address is to be believed. */
typedef bool (*AuditSenderCheck)(const struct sockaddr_storage *sender, socklen_t length);

/* The check of the two functions below: netlink, port id 0, and the audit group. */
bool audit_sender_is_kernel(const struct sockaddr_storage *sender, socklen_t length);

/* Takes over a descriptor that somebody else bound (a socket unit with
 * `ListenNetlink=audit 1`). Returns 0; -ENOTSOCK or -EPROTOTYPE if it is not a raw
 * netlink socket of the audit protocol; -ENOMEM. On an error the descriptor stays the
 * caller's. */
int audit_socket_take(int fd, AuditSocket **ret_socket);

/* Opens and binds one. -EPERM: CAP_AUDIT_READ is missing; -EPROTONOSUPPORT: the kernel
 * has no audit. */
int audit_socket_open(AuditSocket **ret_socket);

/* Has the kernel queue only records of the types that event.h uses, so that the others
 * (every service start, every login) take no room in the receive buffer. Done by the two
 * functions above. Returns 0 or -errno. */
int audit_socket_filter_types(int fd);

/* For tests and benchmarks only: any datagram socket, and the check to use, stated by
 * the caller. Datagrams have the same netlink framing. */
int audit_socket_take_unchecked(int fd, AuditSenderCheck check, AuditSocket **ret_socket);

AuditSocket *audit_socket_free(AuditSocket *audit_socket); /* closes; NULL; accepts NULL */

int audit_socket_fd(const AuditSocket *audit_socket);

/* The size of the receive buffer that the kernel granted; AUDIT_SOCKET_BUFFER is asked
 * for, and less comes without CAP_NET_ADMIN. */
size_t audit_socket_buffer_size(const AuditSocket *audit_socket);

/* What waits in the receive buffer, in bytes as the kernel accounts for them. */
size_t audit_socket_queued(const AuditSocket *audit_socket);

/* Counts drops of which no overflow told: with NETLINK_NO_ENOBUFS, or one not read yet. */
void audit_socket_check_drops(AuditSocket *audit_socket, AuditAssembler *assembler);

/* Reads what is there, at most `max` records, into the assembler. Returns 0 when the
 * socket is drained, 1 when `max` was reached first; a negative errno of the socket
 * (-EPIPE: the other end of a test pair is closed) or of the sink. An overflow of the
 * receive buffer is counted, not an error. */
int audit_socket_receive(AuditSocket *audit_socket, AuditAssembler *assembler, size_t max,
                         uint64_t now_usec);
