/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lately seen messages of nginx mean, so that it need not be worked out again: in a storm they
 * repeat to the byte, but for their time and connection, which stand before the message. A message
 * has one place it can be in; another one takes it over when it comes a second time, so that what
 * differs in each line costs little and drives nothing out. Fixed size, nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/failure.h"
#include "daemon/core/limits.h"

typedef struct KnownLine {
    bool is_failure;
    bool opens;      /* the line is left open: see error-line.c */
    Failure failure; /* of a failure, what its message says; its texts lie in `fields` */
    char text[NGINX_KNOWN_TEXT_MAX];
    char fields[NGINX_KNOWN_TEXT_MAX];
} KnownLine;

typedef struct KnownLines {
    uint16_t lengths[NGINX_KNOWN_LINES]; /* 0: the place is empty */
    uint64_t passed[NGINX_KNOWN_LINES];  /* hash of the message that last was not found there */
    KnownLine lines[NGINX_KNOWN_LINES];
} KnownLines;

void known_lines_init(KnownLines *known);

/* The place of a message; -1 for one that is not to be remembered: it is empty, too long, or new.
 * *ret_line is what is known of the very message, or NULL. */
int known_lines_find(KnownLines *known, const char *text, size_t length,
                     const KnownLine **ret_line);
/* Puts it into the place that known_lines_find() gave, if there is room for it. `failure` (NULL: it
 * is none) has its texts in the first `used` bytes of `fields`. */
void known_lines_put(KnownLines *known, int place, const char *text, size_t length,
                     const Failure *failure, const char *fields, size_t used, bool opens);
/* Takes over what the message says; what stands before it, and the line, stay the caller's. The
 * texts are valid until another message is put. */
void known_line_copy(const KnownLine *line, Failure *failure);
