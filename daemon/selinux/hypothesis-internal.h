/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside a hypothesis; for this folder only. */
#pragma once

#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/policy-internal.h"

typedef struct PortOverride {
    PortProtocol protocol;
    uint16_t low;
    uint16_t high;
    uint32_t type;
} PortOverride;

typedef struct FileOverride {
    char *path; /* without a trailing slash */
    bool recursive;
    uint32_t type; /* alone */
    char *context; /* or all of it; else NULL */
} FileOverride;

typedef struct AddedType {
    char *name;
    uint16_t *attributes; /* with its own value, ascending */
    size_t n_attributes;
} AddedType;

typedef struct AddedRule {
    uint32_t source; /* type, added type or attribute */
    uint32_t target; /* likewise; 0: the source itself */
    uint32_t class;
    uint32_t permissions;
} AddedRule;

struct Hypothesis {
    const Policy *policy;
    bool *booleans;     /* by value - 1 */
    int8_t *conditions; /* 1, 0, or -1 (cannot be evaluated), under the booleans */
    PortOverride *ports;
    size_t n_ports;
    FileOverride *files;
    size_t n_files;
    AddedType *types; /* values from policy_n_types() + 1 */
    size_t n_types;
    AddedRule *rules;
    size_t n_rules;
};

static inline bool added_rule_matches(const AddedRule *rule, uint32_t source, PolicySpan sources,
                                      uint32_t target, PolicySpan targets, uint32_t class)
{
    return rule->class == class && policy_span_contains(sources, rule->source) &&
           (rule->target == 0 ? source == target : policy_span_contains(targets, rule->target));
}
