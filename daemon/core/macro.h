/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Language helpers shared by everything: scope-bound clean-up and small
 * macros. A clean-up function takes a pointer to the variable and accepts NULL
 * content, so that a variable may be declared before it is filled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ELEMENTS_OF(array) (sizeof(array) / sizeof((array)[0]))

#define _cleanup_(function)   __attribute__((cleanup(function)))
#define _printf_(text, first) __attribute__((format(printf, text, first)))
#define _unused_              __attribute__((unused))

/* Defines `static void TYPE_cleanup(TYPE **)` for a destructor that accepts NULL. */
#define DEFINE_POINTER_CLEANUP(type, destroy, name)                                                \
    static inline void name(type **value)                                                          \
    {                                                                                              \
        destroy(*value);                                                                           \
        *value = NULL;                                                                             \
    }                                                                                              \
    struct define_pointer_cleanup_##name

static inline void cleanup_free(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

static inline void cleanup_fclose(FILE **stream)
{
    if (*stream)
        (void)fclose(*stream);
    *stream = NULL;
}

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define _cleanup_free_   _cleanup_(cleanup_free)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
#define _cleanup_close_  _cleanup_(cleanup_close)

/* Hands an owned pointer over: yields its value and leaves NULL behind. */
#define TAKE_POINTER(pointer)                                                                      \
    ({                                                                                             \
        __typeof__(pointer) *_source = &(pointer);                                                 \
        __typeof__(pointer) _taken = *_source;                                                     \
        *_source = NULL;                                                                           \
        _taken;                                                                                    \
    })

static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

/* Most strings that are compared differ in their first byte: no call for these. */
static inline bool streq(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}

/* As streq(), and two NULLs are equal. */
static inline bool streq_ptr(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static inline const char *strempty(const char *text)
{
    return text ? text : "";
}
