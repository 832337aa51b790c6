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

void *string_pack_copy(const void *source, size_t size, const size_t *offsets, size_t n_offsets)
{
    size_t total = size;
    char *copy, *end;

    for (size_t i = 0; i < n_offsets; i++) {
        const char *text = member_get(source, offsets[i]);

        total += text ? strlen(text) + 1 : 0;
    }
    copy = malloc(total);
    if (!copy)
        return NULL;
    memcpy(copy, source, size);
    end = copy + size;
    for (size_t i = 0; i < n_offsets; i++) {
        const char *text = member_get(source, offsets[i]);

        if (!text)
            continue;
        memcpy(copy + offsets[i], &end, sizeof(end));
        end = stpcpy(end, text) + 1;
    }
    return copy;
}
