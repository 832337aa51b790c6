/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/source-filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int source_filter_init(SourceFilter *ret_filter, char *const *types)
{
    SourceFilter filter = {0};
    size_t total = 0;
    char *at;

    for (char *const *type = types; type && *type; type++) {
        if (**type == '\0')
            return -EINVAL;
        if (filter.n_types == AUDIT_SOURCES_MAX)
            return -E2BIG;
        filter.types[filter.n_types].offset = (uint32_t)total;
        filter.types[filter.n_types].length = (uint32_t)strlen(*type);
        total += strlen(*type);
        filter.n_types++;
    }
    if (filter.n_types > 0) {
        filter.names = malloc(total);
        if (!filter.names)
            return -ENOMEM;
        at = filter.names;
        for (size_t i = 0; i < filter.n_types; i++) {
            memcpy(at, types[i], filter.types[i].length);
            at += filter.types[i].length;
        }
    }
    *ret_filter = filter;
    return 0;
}

void source_filter_clear(SourceFilter *filter)
{
    free(filter->names);
    *filter = (SourceFilter){0};
}

bool source_filter_matches(const SourceFilter *filter, const char *context, size_t length)
{
    const char *end = context + length, *type = context, *type_end;
    size_t type_length;

    if (filter->n_types == 0)
        return true;
    for (int i = 0; i < 2; i++) {
        type = memchr(type, ':', (size_t)(end - type));
        if (!type)
            return false;
        type++;
    }
    type_end = memchr(type, ':', (size_t)(end - type));
    type_length = (size_t)((type_end ? type_end : end) - type);
    for (size_t i = 0; i < filter->n_types; i++) {
        if (filter->types[i].length == type_length &&
            memcmp(filter->names + filter->types[i].offset, type, type_length) == 0)
            return true;
    }
    return false;
}
