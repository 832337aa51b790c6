/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An access: what an SELinux access vector cache decides about. A subject's
 * context, an object's context, a class and a set of permissions of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* All strings are owned by the Access. Permissions are the names in one string,
 * sorted, separated by one space, without duplicates: "getattr open read". */
typedef struct Access {
    char *source_context;
    char *target_context;
    char *target_class;
    char *permissions;
} Access;

/* Copies. Returns 0, or -ENOMEM, or -EINVAL for an empty or NULL part; on an
 * error *ret_access is untouched. Free with access_clear(). */
int access_init(Access *ret_access, const char *source_context, const char *target_context,
                const char *target_class, const char *permissions);
int access_copy(Access *ret_access, const Access *access);
void access_clear(Access *access);
bool access_equal(const Access *a, const Access *b);

/* The type part of "user:role:type[:range]": points into `context`, its length in
 * *ret_length. NULL if the text is not a context. */
const char *context_type(const char *context, size_t *ret_length);

/* The same, copied into a buffer. Returns 0, -EINVAL, or -ENOBUFS. */
int context_type_copy(const char *context, char *ret_type, size_t size);

/* Replaces the type of a context; the caller frees the result. NULL if out of
 * memory or not a context. */
char *context_with_type(const char *context, const char *type);
