/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of enumerations, both ways, from one table. */
#pragma once

#include <errno.h>

#include "daemon/core/macro.h"

#define DEFINE_ENUM_STRINGS(prefix, type, table)                                                   \
    const char *prefix##_to_string(type value)                                                     \
    {                                                                                              \
        size_t index = (size_t)value;                                                              \
                                                                                                   \
        return index < ELEMENTS_OF(table) ? (table)[index] : NULL;                                 \
    }                                                                                              \
                                                                                                   \
    int prefix##_from_string(const char *text, type *ret_value)                                    \
    {                                                                                              \
        for (size_t i = 0; text && i < ELEMENTS_OF(table); i++) {                                  \
            if (streq((table)[i], text)) {                                                         \
                *ret_value = (type)i;                                                              \
                return 0;                                                                          \
            }                                                                                      \
        }                                                                                          \
        return -EINVAL;                                                                            \
    }
