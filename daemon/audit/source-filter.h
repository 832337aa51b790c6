/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source types whose denials matter: asked for every AVC, so it is a flat table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/limits.h"

typedef struct SourceFilter {
    size_t n_types; /* 0: every type matters */
    char *names;    /* all of them, one after the other */
    struct {
        uint32_t offset;
        uint32_t length;
    } types[AUDIT_SOURCES_MAX];
} SourceFilter;

/* Copies the NULL-terminated list (NULL: every type matters). Returns 0, -ENOMEM, -E2BIG,
 * or -EINVAL for an empty name. Free with source_filter_clear(). */
int source_filter_init(SourceFilter *ret_filter, char *const *types);
void source_filter_clear(SourceFilter *filter);

/* Whether the type of a context ("user:role:type[:range]", not terminated) matters. */
bool source_filter_matches(const SourceFilter *filter, const char *context, size_t length);
