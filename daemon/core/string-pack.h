/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deep copy of a structure with string members into one allocation: first the
 * structure, behind it the strings. What both records of the intake need.
 */
#pragma once

#include <stddef.h>

/* How many strings a structure may have. */
#define STRING_PACK_MAX 16u

/* Copies `size` bytes of `source` and the strings whose `const char *` members lie at the
 * given offsets (NULL members stay NULL). The caller free()s it; NULL if out of memory. */
void *string_pack_copy(const void *source, size_t size, const size_t *offsets, size_t n_offsets);

/* The same in two steps, into memory of the caller's: how many bytes the strings take, each with
 * its end and all together, */
size_t string_pack_measure(const void *source, const size_t *offsets, size_t n_offsets,
                           size_t *ret_lengths);
/* and the copy itself, with so many bytes for them at `text`. */
void string_pack_fill(void *copy, char *text, const void *source, size_t size,
                      const size_t *offsets, size_t n_offsets, const size_t *lengths);
