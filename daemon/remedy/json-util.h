/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json-c objects that own what is added to them, also when adding fails. */
#pragma once

#include <errno.h>
#include <json-c/json_object.h>

#include "daemon/core/diagnosis-json.h" /* _cleanup_json_ */

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
