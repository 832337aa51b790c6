/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deep copy of a structure with string members into one allocation: first the
 * structure, behind it the strings. What both records of the intake need.
 */
#pragma once

#include <stddef.h>

/* Copies `size` bytes of `source` and the strings whose `const char *` members lie at the
 * given offsets (NULL members stay NULL). The caller free()s it; NULL if out of memory. */
void *string_pack_copy(const void *source, size_t size, const size_t *offsets, size_t n_offsets);
