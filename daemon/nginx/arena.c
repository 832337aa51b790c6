/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/arena.h"

#include <stdalign.h>
#include <stdint.h>

#define BLOCK_SIZE (32u * 1024)

struct ArenaBlock {
    ArenaBlock *next;
    alignas(max_align_t) char data[];
};

void *arena_alloc(Arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    void *result;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (!arena->blocks || arena->size - arena->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        ArenaBlock *block = calloc(1, sizeof(*block) + room);

        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->size = room;
        arena->used = 0;
    }
    result = arena->blocks->data + arena->used;
    arena->used += size;
    return result;
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (copy && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_format(Arena *arena, const char *format, ...)
{
    char *text;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    text = arena_alloc(arena, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void arena_clear(Arena *arena)
{
    while (arena->blocks) {
        ArenaBlock *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    *arena = (Arena){0};
}
