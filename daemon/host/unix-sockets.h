/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which Unix sockets are listened on, from the text of /proc/PID/net/unix (proc_pid_net(5)): the
 * network namespace of that process. And who most probably listens, which the kernel tells no
 * ordinary process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum SocketState {
    SOCKET_STATE_UNKNOWN,
    SOCKET_STATE_ABSENT, /* no process has a socket of that path */
    SOCKET_STATE_BOUND,  /* bound, and nobody listens (or it is a datagram socket) */
    SOCKET_STATE_LISTENING,
} SocketState;

/* `paths` are the names under which it may be bound; NULL-terminated. /var/run is taken for /run,
 * as on every host of today. */
SocketState unix_sockets_find(const char *text, const char *const *paths);

/* How the peer is known. */
typedef enum PeerSource {
    PEER_UNKNOWN,
    PEER_COMMAND_LINE, /* the path stands in the command line of processes of this context only */
    PEER_OWNER,        /* all processes of the socket file's owner are of this context */
} PeerSource;

/* Looks for who may listen on `path`, a socket file of user `owner`. *ret_context (the caller frees
 * it) is the context of all that come into question; processes named nginx do not. 0, -ENOENT
 * (none, or of several types), or another negative errno. */
int unix_sockets_find_peer(const char *path, uint32_t owner, char **ret_context,
                           PeerSource *ret_source);
