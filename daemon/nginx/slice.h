/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A piece of a line, not NUL-terminated, and how parsers take it apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Slice {
    const char *start; /* NULL: absent */
    size_t length;
} Slice;

#define SLICE_NONE ((Slice){NULL, 0})

/* What begins at `begin`; nothing if that is beyond the end, so that no line, however odd, leads
 * a parser out of it. */
static inline Slice slice_from(Slice text, size_t begin)
{
    if (begin > text.length)
        begin = text.length;
    return (Slice){text.start + begin, text.length - begin};
}

/* From `begin` up to `end`; nothing where there is nothing between them. */
static inline Slice slice_part(Slice text, size_t begin, size_t end)
{
    Slice part = slice_from(text, begin);

    if (end < begin)
        end = begin;
    if (part.length > end - begin)
        part.length = end - begin;
    return part;
}

static inline bool slice_starts(Slice text, const char *prefix)
{
    size_t length = strlen(prefix);

    return text.length >= length && memcmp(text.start, prefix, length) == 0;
}

static inline bool slice_equals(Slice text, const char *other)
{
    return text.length == strlen(other) && memcmp(text.start, other, text.length) == 0;
}

/* Takes a prefix away; false if it is not there. */
static inline bool slice_skip(Slice *text, const char *prefix)
{
    if (!slice_starts(*text, prefix))
        return false;
    *text = slice_from(*text, strlen(prefix));
    return true;
}

/* Where `what`, not empty, first stands at or after `begin`; text.length if nowhere. Needles are
 * short and lines bounded: memmem() would spend its time on preparing itself. */
static inline size_t slice_find(Slice text, size_t begin, const char *what)
{
    size_t length = strlen(what);

    while (begin < text.length && text.length - begin >= length) {
        const char *found = memchr(text.start + begin, what[0], text.length - begin - length + 1);

        if (!found)
            break;
        if (memcmp(found, what, length) == 0)
            return (size_t)(found - text.start);
        begin = (size_t)(found - text.start) + 1;
    }
    return text.length;
}

/* Takes decimal digits away, at most 9 of them; false if there is none or more. */
static inline bool slice_skip_number(Slice *text, unsigned *ret_number)
{
    unsigned number = 0;
    size_t i = 0;

    while (i < text->length && text->start[i] >= '0' && text->start[i] <= '9') {
        if (i == 9)
            return false;
        number = number * 10 + (unsigned)(text->start[i++] - '0');
    }
    if (i == 0)
        return false;
    *text = slice_from(*text, i);
    *ret_number = number;
    return true;
}
