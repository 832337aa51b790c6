/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for many small things that live and end together.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "daemon/core/macro.h"

typedef struct ArenaBlock ArenaBlock;

/* Zero-initialised. */
typedef struct Arena {
    ArenaBlock *blocks;
    size_t used; /* of the newest block */
    size_t size;
} Arena;

/* Zeroed memory, aligned for anything; NULL if there is none. */
void *arena_alloc(Arena *arena, size_t size);
char *arena_copy(Arena *arena, const char *text, size_t length); /* NUL-terminated */
char *arena_format(Arena *arena, const char *format, ...) _printf_(2, 3);
void arena_clear(Arena *arena);
