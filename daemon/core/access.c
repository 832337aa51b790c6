/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/access.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

int access_init(Access *ret_access, const char *source_context, const char *target_context,
                const char *target_class, const char *permissions)
{
    Access access = {};

    if (!source_context || !*source_context || !target_context || !*target_context ||
        !target_class || !*target_class || !permissions || !*permissions)
        return -EINVAL;

    access.source_context = strdup(source_context);
    access.target_context = strdup(target_context);
    access.target_class = strdup(target_class);
    access.permissions = strdup(permissions);
    if (!access.source_context || !access.target_context || !access.target_class ||
        !access.permissions) {
        access_clear(&access);
        return -ENOMEM;
    }
    *ret_access = access;
    return 0;
}

int access_copy(Access *ret_access, const Access *access)
{
    return access_init(ret_access, access->source_context, access->target_context,
                       access->target_class, access->permissions);
}

void access_clear(Access *access)
{
    free(access->source_context);
    free(access->target_context);
    free(access->target_class);
    free(access->permissions);
    *access = (Access){};
}

bool access_equal(const Access *a, const Access *b)
{
    return streq_ptr(a->source_context, b->source_context) &&
           streq_ptr(a->target_context, b->target_context) &&
           streq_ptr(a->target_class, b->target_class) && streq_ptr(a->permissions, b->permissions);
}

const char *context_type(const char *context, size_t *ret_length)
{
    const char *role, *type;
    size_t length;

    role = context ? strchr(context, ':') : NULL;
    type = role ? strchr(role + 1, ':') : NULL;
    if (!type)
        return NULL;
    type++;
    length = strcspn(type, ":");
    if (length == 0)
        return NULL;
    *ret_length = length;
    return type;
}

int context_type_copy(const char *context, char *ret_type, size_t size)
{
    size_t length;
    const char *type = context_type(context, &length);

    if (!type)
        return -EINVAL;
    if (length >= size)
        return -ENOBUFS;
    memcpy(ret_type, type, length);
    ret_type[length] = '\0';
    return 0;
}

char *context_with_type(const char *context, const char *type)
{
    size_t length;
    const char *old = context_type(context, &length);

    if (!old)
        return NULL;
    return format_string("%.*s%s%s", (int)(old - context), context, type, old + length);
}
