/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small string helpers over plain C strings and NULL-terminated string lists. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"

#define STRV_FOREACH(item, list) for (char **item = (list); item && *item; item++)

/* As asprintf(), returning the string, or NULL if out of memory. */
char *format_string(const char *format, ...) _printf_(1, 2);

/* Frees every string and the list. Accepts NULL, returns NULL. */
char **strv_free(char **list);
size_t strv_length(char *const *list);
bool strv_contains(char *const *list, const char *text);
/* Appends a copy. Returns 0 or -ENOMEM, leaving the list as it was. */
int strv_append(char ***list, const char *text);
char **strv_copy(char *const *list);
void strv_sort(char **list);
/* Joins with the separator; the caller frees it. NULL if out of memory. */
char *strv_join(char *const *list, const char *separator);
/* Splits at runs of the separators. NULL if out of memory; else a list, maybe empty. */
char **strv_split(const char *text, const char *separators);

static inline void cleanup_strv(char ***list)
{
    strv_free(*list);
    *list = NULL;
}
#define _cleanup_strv_ _cleanup_(cleanup_strv)

/* Whether two lists of words, separated by spaces, have one in common; false if out of memory. */
bool words_overlap(const char *a, const char *b);

/* Replaces *target by a copy of text (NULL allowed). Returns 0 or -ENOMEM. */
int string_replace(char **target, const char *text);

/* Parses a whole decimal number within [low, high]. Returns 0, -EINVAL or -ERANGE. */
int parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number);

/* Copies text with every byte that a terminal might act on (control bytes, and what is
 * not valid UTF-8) written as \xNN. NULL if out of memory. */
char *escape_for_terminal(const char *text);
bool utf8_is_valid(const char *text);

/* Quotes for a POSIX shell, only where needed. NULL if out of memory. */
char *shell_quote(const char *text);

/* 64-bit FNV-1a over the bytes, continuing from `seed` (HASH_SEED to start). */
#define HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t seed, const void *data, size_t length);
/* A string with its terminator, so that ("ab","c") and ("a","bc") differ. NULL is "". */
uint64_t hash_string(uint64_t seed, const char *text);
/* A faster one, for tables within one process: it may be another tomorrow. */
uint64_t hash_text(const char *text, size_t length);
