/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows many log files, each by its path, through rotation.
 *
 * A log may be missing, unreadable or in a directory that does not exist yet: it is taken
 * up, from its beginning, when that changes. A log renamed away is read to its end before
 * its successor is, and stays open for a while, since nginx writes on until it reopens. A
 * log that became shorter is read from its beginning. A path that leads to anything but a
 * regular file (a FIFO, /dev/stderr through a symbolic link) is refused, with the reason.
 *
 * Life cycle: follower_new(), follower_add() for each log, then poll the descriptor
 * for input with the deadline as timeout and call follower_process() on either.
 * One thread; the line handler may not call back into the follower.
 * Memory: one read buffer, and per log at most one unfinished line, whatever is logged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Follower Follower;

/* A whole line without its newline, not NUL-terminated; valid during the call. */
typedef void (*FollowerLineHandler)(void *userdata, const char *log_path, const char *line,
                                    size_t length);

typedef enum FollowerState {
    FOLLOWER_WAITING,    /* there is no such file yet, or for the moment */
    FOLLOWER_READING,    /* open */
    FOLLOWER_UNREADABLE, /* opening or reading it failed: see error */
    FOLLOWER_REFUSED,    /* not a regular file */
    FOLLOWER_STATE_COUNT,
} FollowerState;

typedef enum FollowerStart {
    FOLLOWER_START_AT_END, /* a file that exists by then; a later one from its beginning */
    FOLLOWER_START_AT_BEGIN,
} FollowerStart;

/* Where reading goes on: the start of the first line that was not delivered. */
typedef struct FollowerPosition {
    dev_t device;
    ino_t inode;
    uint64_t offset;
    uint64_t fingerprint; /* of what stands before it; 0: not known */
} FollowerPosition;

typedef struct FollowerStatus {
    const char *path; /* valid until the log is removed */
    FollowerState state;
    int error;                 /* errno behind UNREADABLE or WAITING, else 0 */
    const char *reason;        /* of REFUSED, in words: "is a FIFO"; else NULL */
    FollowerPosition position; /* all 0 unless READING */
    uint64_t size;             /* when last looked at */
    uint64_t lines;            /* delivered */
    uint64_t lines_skipped;    /* longer than NGINX_LINE_LENGTH_MAX */
    uint64_t rotations;
    uint64_t truncations;
    uint64_t
        lost_ends; /* files of an earlier run that were gone before they were read to the end */
} FollowerStatus;

/* Returns 0, -ENOMEM, or the negative errno of inotify_init1(). */
int follower_new(Follower **ret_follower, FollowerLineHandler handler, void *userdata);
Follower *follower_free(Follower *follower); /* returns NULL; accepts NULL */

/* Adds a log by its absolute path. Opening fails quietly: the status says how. Returns
 * 0, -EEXIST if it is followed already, -E2BIG past NGINX_LOGS_MAX, -EINVAL, -ENOMEM. */
int follower_add(Follower *follower, const char *path, FollowerStart start);

/* As follower_add(), but goes on where an earlier run stopped, if the path still leads to
 * that file and it is no shorter; a different file is read from its beginning. */
int follower_add_at(Follower *follower, const char *path, const FollowerPosition *position);

/* Where an earlier run stopped: a log of that path that is added later is taken up there. What
 * was renamed meanwhile within its directory is found again and read to its end first. Returns
 * 0, -E2BIG or -ENOMEM. */
int follower_remember(Follower *follower, const char *path, const FollowerPosition *position);
/* The position to remember, with its fingerprint. -ENOENT if the log is not being read. */
int follower_get_position(const Follower *follower, size_t index, FollowerPosition *ret_position);

/* Returns 0 or -ENOENT. */
int follower_remove(Follower *follower, const char *path);

/* Readable when something may have happened. Owned by the follower. */
int follower_get_fd(const Follower *follower);

/* When to call follower_process() even without input: CLOCK_MONOTONIC microseconds,
 * UINT64_MAX if never. */
uint64_t follower_get_deadline(const Follower *follower);

/* Takes in events and delivers lines, reading at most about max_bytes, shared fairly among
 * the logs. Returns 0 when all is read, 1 when more is pending (call again), or a negative
 * errno that concerns the whole follower. */
int follower_process(Follower *follower, size_t max_bytes);

/* Looks at every log again at the next follower_process(), as after a missed event. */
void follower_check(Follower *follower);

/* The logs in the order they were added. */
size_t follower_count(const Follower *follower);
/* Returns 0 or -ENOENT. */
int follower_get_status(const Follower *follower, size_t index, FollowerStatus *ret_status);

const char *follower_state_to_string(FollowerState state);
