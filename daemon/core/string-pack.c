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

size_t string_pack_measure(const void *source, const size_t *offsets, size_t n_offsets,
                           size_t *ret_lengths)
{
    size_t total = 0;

    for (size_t i = 0; i < n_offsets; i++) {
        const char *string = member_get(source, offsets[i]);

        ret_lengths[i] = string ? strlen(string) + 1 : 0;
        total += ret_lengths[i];
    }
    return total;
}

void string_pack_fill(void *copy, char *text, const void *source, size_t size,
                      const size_t *offsets, size_t n_offsets, const size_t *lengths)
{
    memcpy(copy, source, size);
    for (size_t i = 0; i < n_offsets; i++) {
        if (lengths[i] == 0)
            continue;
        memcpy(text, member_get(source, offsets[i]), lengths[i]);
        memcpy((char *)copy + offsets[i], &text, sizeof(text));
        text += lengths[i];
    }
}

void *string_pack_copy(const void *source, size_t size, const size_t *offsets, size_t n_offsets)
{
    size_t lengths[STRING_PACK_MAX];
    char *copy;

    if (n_offsets > STRING_PACK_MAX)
        return NULL;
    copy = malloc(size + string_pack_measure(source, offsets, n_offsets, lengths));
    if (copy)
        string_pack_fill(copy, copy + size, source, size, offsets, n_offsets, lengths);
    return copy;
}
