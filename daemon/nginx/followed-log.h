/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One log of a follower: which file its path leads to, through rotation, and what is watched
 * for it. For follower.c.
 */
#pragma once

#include "daemon/nginx/follower.h"
#include "daemon/nginx/log-tail.h"

/* Small enough for the cache, large enough that the system call does not show. */
#define FOLLOWER_BUFFER_SIZE (64u * 1024)

typedef struct FollowedLog {
    char *path;
    const char *name; /* last component of path */
    FollowerState state;
    int error;
    const char *reason;

    LogTail current;
    LogTail rotated;   /* the file before, which nginx may still write to */
    bool rotated_read; /* its end was reached once */
    uint64_t rotated_deadline;

    bool have_start; /* where to start in the file that was there at first */
    bool start_kept; /* by an earlier run: it counts even if the file has another name by now */
    FollowerPosition start;

    int file_watch; /* -1: none */
    int rotated_watch;
    int directory_watch;
    bool parent_watched; /* it is the log's own directory, not one further up */

    bool read;  /* there may be something to read */
    bool check; /* the path may lead elsewhere */
    uint64_t next_check;
    uint64_t rotations;
    uint64_t lost_ends;
    LogCounters counters;
} FollowedLog;

typedef struct KeptPosition {
    char *path;
    FollowerPosition position;
} KeptPosition;

struct Follower {
    int fd;
    FollowerLineHandler handler;
    void *userdata;
    FollowedLog **logs;
    size_t n_logs;
    KeptPosition *kept; /* of logs that were not added yet */
    size_t n_kept;
    size_t turn; /* whose turn it is to be read */
    char *buffer;
};

/* Looks at where the path leads now, and opens, puts aside or gives up files accordingly. */
void followed_log_check(Follower *follower, FollowedLog *log, uint64_t now);

/* Reads one portion of at most `size` bytes, the rotated file first. Returns the bytes read, 0 if
 * there is nothing more, or -ENOMEM. */
ssize_t followed_log_read(Follower *follower, FollowedLog *log, size_t size, uint64_t now);

/* Forgets a watch, and removes it if no other log needs it. */
void followed_log_release_watch(Follower *follower, int *watch);
