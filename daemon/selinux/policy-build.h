/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building a Policy from libsepol's policydb: the helpers its parts share. What
 * libsepol read is checked again before it becomes an index: a value out of
 * range, or a hole where something must be, is "corrupt", never a crash.
 */
#pragma once

#include "daemon/selinux/libsepol.h"

#include "daemon/selinux/policy-internal.h"

/* The bits of a bitmap as values (bit + 1), ascending. Returns 0, -ENOMEM, or -EBADMSG
 * for a bit at or above `limit`. */
int policy_build_span(Policy *policy, const ebitmap_t *bitmap, uint32_t limit,
                      PolicySpan *ret_span);

/* A set of categories as bits. Returns as policy_build_span(). */
int policy_build_categories(Policy *policy, const ebitmap_t *bitmap, const uint64_t **ret_bits);

/* The text of a context of the policy; the same text as the last is shared. Returns 0,
 * -ENOMEM, or -EBADMSG. */
int policy_build_context(Policy *policy, const context_struct_t *context, const char **ret_text);

#define BITMAP_FOREACH(bitmap, bit)                                                                \
    for (const ebitmap_node_t *_node = (bitmap)->node; _node; _node = _node->next)                 \
        for (uint64_t _map = _node->map;                                                           \
             _map != 0 && ((bit) = _node->startbit + (uint32_t)__builtin_ctzll(_map), true);       \
             _map &= _map - 1)
