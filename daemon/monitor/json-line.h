/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON objects between two processes of ours: one a line. The reader bounds what it takes. */
#pragma once

#include <json-c/json_object.h>
#include <stddef.h>

/* Blocks until all is written. 0, -ENOMEM, or what write() said. */
int json_line_write(int fd, json_object *object);

typedef struct JsonLineReader {
    int fd; /* the caller's */
    char *buffer;
    size_t length, size;
} JsonLineReader;

/* Blocks for the next line. 1 with *ret_object for the caller to json_object_put(); 0 at the end
 * of the stream; -EBADMSG for what is no object or was cut off, -EFBIG past WORKER_ANSWER_MAX,
 * -ENOMEM, or what read() said. */
int json_line_read(JsonLineReader *reader, json_object **ret_object);
void json_line_reader_clear(JsonLineReader *reader);
