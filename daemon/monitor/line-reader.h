/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a recorded log of nginx, a step at a time and in bounded memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes read at once. Small, so that files that cover the same time stay close to each other. */
#define LINE_READER_STEP (64u * 1024)

typedef struct LineReader {
    int fd;
    uint64_t size; /* of the file when it was opened, in bytes */
    char *buffer;  /* an unfinished line, and what was read behind it */
    size_t length;
    bool skipping; /* inside a line that is too long */
} LineReader;

/* `length` leaves the newline out. The text is valid during the call. too_long: what is left of a
 * line of more than NGINX_LINE_LENGTH_MAX bytes. */
typedef void (*LineReaderHandler)(const char *line, size_t length, bool too_long, void *userdata);

/* Regular files only: -EISDIR, -EINVAL, or what open() says. To be cleared in any case. */
int line_reader_open(LineReader *reader, const char *path);
/* Reads a step and hands its whole lines over. 1: there is more; 0: the end, the last line handed
 * over whether ended or not; or a negative errno. */
int line_reader_step(LineReader *reader, LineReaderHandler handler, void *userdata);
void line_reader_clear(LineReader *reader);
