/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of access vector rules, found by (source, class, target), where source
 * and target may be attributes. Built once, then read only.
 *
 * A rule is one word, class:16 | target:16 | permissions:32, sorted within its
 * source; a conditional rule has its branch beside it. This takes a sixth of
 * libsepol's hash table and finds the rules of a pair of types by binary search.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/selinux/policy.h"

typedef struct RuleTable {
    uint64_t *rules;
    uint32_t *branches; /* condition << 1 | branch; NULL in an unconditional table */
    uint32_t *starts;   /* rules of source s: starts[s - 1] up to starts[s] */
    uint32_t n_sources;
    size_t n_rules;
} RuleTable;

static inline uint64_t rule_pack(uint32_t class, uint32_t target, uint32_t permissions)
{
    return (uint64_t) class << 48 | (uint64_t)target << 32 | permissions;
}

static inline uint32_t rule_class(uint64_t rule)
{
    return (uint32_t)(rule >> 48);
}

static inline uint32_t rule_target(uint64_t rule)
{
    return (uint32_t)(rule >> 32) & 0xffff;
}

static inline uint32_t rule_permissions(uint64_t rule)
{
    return (uint32_t)rule;
}

/* Sorts the rules of each source; the arrays are otherwise complete. Returns 0 or
 * -ENOMEM. */
int rule_table_sort(RuleTable *table);

/* Index of the source's first rule that is not below this class and target; where its
 * rules end. */
size_t rule_table_seek(const RuleTable *table, uint32_t source, uint32_t class, uint32_t target);
size_t rule_table_end(const RuleTable *table, uint32_t source);

/* All permissions of the rules from any of the sources to any of the targets. For a
 * conditional table `states` (by condition: 1, 0, -1) says which branch is active. */
uint32_t rule_table_permissions(const RuleTable *table, PolicySpan sources, PolicySpan targets,
                                uint32_t class, const int8_t *states);

/* Calls `visit` for each matching rule; a conditional table's branch, else 0. Stops at
 * and returns the first non-zero result. */
typedef int (*RuleVisitor)(uint32_t permissions, uint32_t branch, void *data);
int rule_table_visit(const RuleTable *table, PolicySpan sources, PolicySpan targets, uint32_t class,
                     RuleVisitor visit, void *data);
