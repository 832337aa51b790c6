/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/line-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/limits.h"

int line_reader_open(LineReader *reader, const char *path)
{
    struct stat status;

    *reader = (LineReader){
        .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
    };
    if (reader->fd < 0 || fstat(reader->fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    reader->size = (uint64_t)status.st_size;
    reader->buffer = malloc(LINE_READER_STEP + NGINX_LINE_LENGTH_MAX);
    return reader->buffer ? 0 : -ENOMEM;
}

void line_reader_clear(LineReader *reader)
{
    if (reader->fd >= 0)
        (void)close(reader->fd);
    free(reader->buffer);
    *reader = (LineReader){.fd = -1};
}

static void hand_over(LineReader *reader, const char *line, size_t length,
                      LineReaderHandler handler, void *userdata)
{
    handler(line, length, reader->skipping || length > NGINX_LINE_LENGTH_MAX, userdata);
    reader->skipping = false;
}

/* The whole lines of the buffer; keeps the rest. */
static void take_lines(LineReader *reader, LineReaderHandler handler, void *userdata)
{
    char *start = reader->buffer, *end = reader->buffer + reader->length, *newline;

    while ((newline = memchr(start, '\n', (size_t)(end - start)))) {
        hand_over(reader, start, (size_t)(newline - start), handler, userdata);
        start = newline + 1;
    }
    reader->length = (size_t)(end - start);
    if (reader->length >= NGINX_LINE_LENGTH_MAX) {
        reader->skipping = true;
        reader->length = 0;
    }
    memmove(reader->buffer, start, reader->length);
}

int line_reader_step(LineReader *reader, LineReaderHandler handler, void *userdata)
{
    ssize_t n = read(reader->fd, reader->buffer + reader->length, LINE_READER_STEP);

    if (n < 0)
        return -errno;
    if (n == 0) {
        if (reader->length > 0 || reader->skipping)
            hand_over(reader, reader->buffer, reader->length, handler, userdata);
        reader->length = 0;
        return 0;
    }
    reader->length += (size_t)n;
    take_lines(reader, handler, userdata);
    return 1;
}
