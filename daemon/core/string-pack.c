/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/string-pack.h"

#include <stdlib.h>
#include <string.h>

static const char *member_get(const void *base, size_t offset)
{
    const char *text;

    memcpy(&text, (const char *)base + offset, sizeof(text));
    return text;
}

size_t string_pack_length(const void *source, const size_t *offsets, size_t n_offsets)
{
    size_t length = 0;

    for (size_t i = 0; i < n_offsets; i++) {
        const char *text = member_get(source, offsets[i]);

        length += text ? strlen(text) + 1 : 0;
    }
    return length;
}

void string_pack_fill(void *copy, char *text, const void *source, size_t size,
                      const size_t *offsets, size_t n_offsets)
{
    memcpy(copy, source, size);
    for (size_t i = 0; i < n_offsets; i++) {
        const char *string = member_get(source, offsets[i]);

        if (!string)
            continue;
        memcpy((char *)copy + offsets[i], &text, sizeof(text));
        text = stpcpy(text, string) + 1;
    }
}

void *string_pack_copy(const void *source, size_t size, const size_t *offsets, size_t n_offsets)
{
    char *copy = malloc(size + string_pack_length(source, offsets, n_offsets));

    if (copy)
        string_pack_fill(copy, copy + size, source, size, offsets, n_offsets);
    return copy;
}
