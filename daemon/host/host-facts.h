/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is looked up on a host for one failure: the path, and who asked for it. Of this host, or of
 * the unpacked file system of another.
 *
 * A HostView holds what is looked up once for many failures.
 */
#pragma once

#include "daemon/host/accounts.h"
#include "daemon/host/mounts.h"
#include "daemon/host/permission.h"
#include "daemon/host/process.h"
#include "daemon/host/unix-sockets.h"

typedef struct HostView {
    int root_fd;
    bool live; /* this host, now */
    Accounts *accounts;
    MountTable *mounts;       /* of this process; NULL of another host */
    MountTable *nginx_mounts; /* as nginx sees them; NULL where that is not known */
    NginxProcesses nginx;     /* only live */
    /* Of nginx.conf, for where there is no process to look at: NULL where not known. */
    char *user, *group;
    bool links_protected;
    bool owners_unknown;
} HostView;

/* `root` is the directory that stands for "/", NULL for this host as it is now. 0 or a negative
 * errno. */
int host_view_new(const char *root, const char *user, const char *group, HostView **ret_view);
HostView *host_view_free(HostView *view); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(HostView, host_view_free, host_view_cleanup);

/* How it is known who asked. */
typedef enum SubjectSource {
    SUBJECT_UNKNOWN,
    SUBJECT_PROCESS,       /* the very process */
    SUBJECT_OTHER_PROCESS, /* it is gone; another of the same kind was looked at */
    SUBJECT_CONFIGURATION, /* nginx.conf and the list of users */
    SUBJECT_ASSUMED,       /* root with all capabilities, as nginx's master is started */
} SubjectSource;

typedef struct HostRequest {
    const char *path; /* NULL: only who asked is wanted */
    bool follow_last;
    pid_t pid;      /* of the process that failed; 0 where not known */
    bool by_master; /* taken for the master's, where the process is gone */
    bool socket;    /* it is a Unix socket to connect to: its state and peer are wanted */
} HostRequest;

typedef struct HostFacts {
    const HostView *view;
    bool have_path;
    PathFacts path;
    SubjectSource source;
    Subject subject;
    char *context; /* security context of that process, or one of its kind; NULL where not known */
    SocketState socket_state; /* only live */
    PeerSource peer_source;
    char *peer; /* context of the process that listens; NULL where not known */
} HostFacts;

/* 0 (host_facts_clear() it; what could not be looked up is absent) or -ENOMEM. */
int host_facts_collect(const HostView *view, const HostRequest *request, HostFacts *ret_facts);
void host_facts_clear(HostFacts *facts);

/* How the peer is known, as a sentence; NULL for PEER_UNKNOWN. */
const char *peer_source_to_words(PeerSource source);
const char *subject_source_to_words(SubjectSource source);
