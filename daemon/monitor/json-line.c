/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/json-line.h"

#include <errno.h>
#include <json-c/json_tokener.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

#define FIRST_SIZE 65536u

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

int json_line_write(int fd, json_object *object)
{
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    int r = text ? write_all(fd, text, strlen(text)) : -ENOMEM;

    return r < 0 ? r : write_all(fd, "\n", 1);
}

/* More room, or -EFBIG. */
static int grow(JsonLineReader *reader)
{
    size_t size = reader->size ? reader->size * 2 : FIRST_SIZE;
    char *grown;

    if (size > WORKER_ANSWER_MAX)
        return -EFBIG;
    grown = realloc(reader->buffer, size);
    if (!grown)
        return -ENOMEM;
    reader->buffer = grown;
    reader->size = size;
    return 0;
}

static int parse_line(JsonLineReader *reader, char *newline, json_object **ret_object)
{
    size_t taken = (size_t)(newline - reader->buffer) + 1;
    json_object *object;

    *newline = '\0';
    object = json_tokener_parse(reader->buffer);
    reader->length -= taken;
    memmove(reader->buffer, reader->buffer + taken, reader->length);
    if (!json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return -EBADMSG;
    }
    *ret_object = object;
    return 1;
}

int json_line_read(JsonLineReader *reader, json_object **ret_object)
{
    size_t seen = 0;

    for (;;) {
        char *newline = reader->length > seen
                            ? memchr(reader->buffer + seen, '\n', reader->length - seen)
                            : NULL;
        ssize_t n;
        int r = 0;

        if (newline)
            return parse_line(reader, newline, ret_object);
        seen = reader->length;
        if (reader->length == reader->size)
            r = grow(reader);
        if (r < 0)
            return r;
        n = read(reader->fd, reader->buffer + reader->length, reader->size - reader->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return reader->length > 0 ? -EBADMSG : 0;
        reader->length += (size_t)n;
    }
}

void json_line_reader_clear(JsonLineReader *reader)
{
    free(reader->buffer);
    *reader = (JsonLineReader){.fd = -1};
}
