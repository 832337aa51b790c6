/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One open log file: reads what was added and cuts it into lines. For follower.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/nginx/follower.h"

typedef struct LogCounters {
    uint64_t lines;
    uint64_t lines_skipped;
    uint64_t truncations;
} LogCounters;

typedef struct LogTail {
    int fd; /* -1: closed */
    dev_t device;
    ino_t inode;
    uint64_t offset; /* of the next byte to read */
    uint64_t size;
    char *partial; /* a line whose end was not written yet; NULL if none */
    size_t partial_length;
    bool skipping; /* up to the next newline */
} LogTail;

#define LOG_TAIL_CLOSED ((LogTail){.fd = -1})

typedef struct LogSink {
    FollowerLineHandler handler;
    void *userdata;
    const char *path;
    LogCounters *counters;
} LogSink;

/* Opens the regular file at path. Returns 0 or a negative errno; for anything but a regular
 * file -EINVAL with *ret_reason set to what it is (NULL otherwise). */
int log_tail_open(LogTail *ret_tail, const char *path, const char **ret_reason);
void log_tail_close(LogTail *tail); /* accepts a closed one */

/* Goes on at this offset of the file; if that is within a line, from the next line. */
int log_tail_seek(LogTail *tail, uint64_t offset);

/* Reads at most `size` bytes through `buffer`, giving each whole line to the sink. Starts
 * over when the file became shorter. Returns the number of bytes read, 0 at the end,
 * or a negative errno. */
ssize_t log_tail_read(LogTail *tail, char *buffer, size_t size, const LogSink *sink);

/* Where the first line not delivered starts. */
uint64_t log_tail_position(const LogTail *tail);
/* A hash of the last bytes before an offset: tells a file that was cut and written anew, or
 * another one with the number of one deleted. 0 if there are none. */
uint64_t log_tail_fingerprint(const LogTail *tail, uint64_t offset);

/* In words what a file of this mode is, NULL if it is regular. */
const char *log_tail_refusal(mode_t mode);
