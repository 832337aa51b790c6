/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json-c objects: reading members (the object may be NULL throughout), adding what is owned
 * also when adding fails, and clean-up. */
#pragma once

#include <errno.h>
#include <json-c/json_object.h>
#include <stddef.h>

#include "daemon/core/macro.h"

/* NULL where there is no such member. Belongs to the object. */
static inline json_object *json_get(json_object *object, const char *key)
{
    json_object *value = NULL;

    return object && json_object_object_get_ex(object, key, &value) ? value : NULL;
}

/* A member as text, whatever its type; "" where there is none. */
static inline const char *json_get_text(json_object *object, const char *key)
{
    json_object *value = json_get(object, key);

    return value ? json_object_get_string(value) : "";
}

/* 0 for NULL and for what is no array. */
static inline size_t json_length(json_object *array)
{
    return array && json_object_is_type(array, json_type_array) ? json_object_array_length(array)
                                                                : 0;
}

/* The n-th element as text; "" where there is none. */
static inline const char *json_item_text(json_object *array, size_t n)
{
    json_object *item = n < json_length(array) ? json_object_array_get_idx(array, n) : NULL;

    return item ? json_object_get_string(item) : "";
}

/* Takes ownership of the value; NULL is a value that could not be made. 0 or -ENOMEM. */
static inline int json_add(json_object *object, const char *name, json_object *value)
{
    if (value && json_object_object_add(object, name, value) == 0)
        return 0;
    json_object_put(value);
    return -ENOMEM;
}

static inline int json_append(json_object *array, json_object *value)
{
    if (value && json_object_array_add(array, value) == 0)
        return 0;
    json_object_put(value);
    return -ENOMEM;
}

static inline void cleanup_json(json_object **object)
{
    if (*object)
        json_object_put(*object);
    *object = NULL;
}
#define _cleanup_json_ _cleanup_(cleanup_json)
