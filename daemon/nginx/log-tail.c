/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/log-tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* Two lines of a log, with their times, are enough to tell files apart. */
#define FINGERPRINT_LENGTH 256u

const char *log_tail_refusal(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return NULL;
    case S_IFDIR:
        return "is a directory";
    case S_IFIFO:
        return "is a FIFO";
    case S_IFSOCK:
        return "is a socket";
    case S_IFCHR:
        return "is a character device";
    case S_IFBLK:
        return "is a block device";
    default:
        return "is not a regular file";
    }
}

int log_tail_open(LogTail *ret_tail, const char *path, const char **ret_reason)
{
    _cleanup_close_ int fd = -1;
    struct stat st;
    const char *reason;

    *ret_reason = NULL;
    /* Opening a device may do something: look first. In between it may be exchanged, so look
     * again; O_NONBLOCK lets a FIFO pass until then. */
    if (stat(path, &st) < 0)
        return -errno;
    reason = log_tail_refusal(st.st_mode);
    if (!reason) {
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            return -errno;
        reason = log_tail_refusal(st.st_mode);
    }
    if (reason) {
        *ret_reason = reason;
        return -EINVAL;
    }
    *ret_tail = (LogTail){
        .fd = take_fd(&fd),
        .device = st.st_dev,
        .inode = st.st_ino,
        .size = (uint64_t)st.st_size,
    };
    return 0;
}

static void drop_partial(LogTail *tail)
{
    free(tail->partial);
    tail->partial = NULL;
    tail->partial_length = 0;
}

void log_tail_close(LogTail *tail)
{
    if (tail->fd >= 0)
        (void)close(tail->fd);
    drop_partial(tail);
    *tail = LOG_TAIL_CLOSED;
}

int log_tail_seek(LogTail *tail, uint64_t offset)
{
    char before = '\n';

    if (offset > 0 && pread(tail->fd, &before, 1, (off_t)(offset - 1)) < 0)
        return -errno;
    drop_partial(tail);
    tail->offset = offset;
    tail->skipping = before != '\n';
    return 0;
}

uint64_t log_tail_position(const LogTail *tail)
{
    return tail->offset - tail->partial_length;
}

uint64_t log_tail_fingerprint(const LogTail *tail, uint64_t offset)
{
    char text[FINGERPRINT_LENGTH];
    size_t length = offset < sizeof(text) ? (size_t)offset : sizeof(text);
    ssize_t n = pread(tail->fd, text, length, (off_t)(offset - length));
    uint64_t hash;

    if (n <= 0 || (size_t)n != length)
        return 0;
    hash = hash_bytes(HASH_SEED, text, length);
    return hash ? hash : 1;
}

static int keep_partial(LogTail *tail, const char *text, size_t length, const LogSink *sink)
{
    if (tail->skipping || length == 0)
        return 0;
    if (tail->partial_length + length > NGINX_LINE_LENGTH_MAX) {
        drop_partial(tail);
        tail->skipping = true;
        sink->counters->lines_skipped++;
        return 0;
    }
    if (!tail->partial) {
        tail->partial = malloc(NGINX_LINE_LENGTH_MAX);
        if (!tail->partial)
            return -ENOMEM;
    }
    memcpy(tail->partial + tail->partial_length, text, length);
    tail->partial_length += length;
    return 0;
}

static int take_line(LogTail *tail, const char *text, size_t length, const LogSink *sink)
{
    if (tail->partial) {
        int r = keep_partial(tail, text, length, sink);

        if (r < 0)
            return r;
        text = tail->partial;
        length = tail->partial_length;
    }
    if (tail->skipping) {
        tail->skipping = false;
    } else if (length > NGINX_LINE_LENGTH_MAX) {
        sink->counters->lines_skipped++;
    } else {
        sink->counters->lines++;
        sink->handler(sink->userdata, sink->path, text, length);
    }
    drop_partial(tail);
    return 0;
}

ssize_t log_tail_read(LogTail *tail, char *buffer, size_t size, const LogSink *sink)
{
    struct stat st;
    ssize_t n;

    if (fstat(tail->fd, &st) < 0)
        return -errno;
    tail->size = (uint64_t)st.st_size;
    if (tail->size < tail->offset) {
        drop_partial(tail);
        tail->offset = 0;
        tail->skipping = false;
        sink->counters->truncations++;
    }
    n = pread(tail->fd, buffer, size, (off_t)tail->offset);
    if (n < 0)
        return -errno;
    for (size_t at = 0; at < (size_t)n;) {
        const char *start = buffer + at;
        const char *newline = memchr(start, '\n', (size_t)n - at);
        size_t length = newline ? (size_t)(newline - start) : (size_t)n - at;
        int r;

        r = newline ? take_line(tail, start, length, sink)
                    : keep_partial(tail, start, length, sink);
        if (r < 0)
            return r;
        length += newline ? 1 : 0;
        at += length;
        tail->offset += length;
    }
    return n;
}
