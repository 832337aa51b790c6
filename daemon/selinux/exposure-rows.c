/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one domain may do to all types, and what all may do to one. */
#include <string.h>

#include "daemon/selinux/exposure-internal.h"

bool exposure_is_member(const Hypothesis *hypothesis, uint32_t type, uint32_t attribute)
{
    return policy_span_contains(hypothesis_attributes_of(hypothesis, type), attribute);
}

static void add_to_members(const Hypothesis *hypothesis, uint32_t attribute, uint32_t permissions,
                           uint32_t *cells)
{
    PolicySpan members = policy_types_of(hypothesis->policy, attribute);
    uint32_t n = hypothesis->policy->n_types;

    for (size_t i = 0; i < members.n; i++)
        cells[members.values[i]] |= permissions;
    for (uint32_t i = 1; i <= hypothesis->n_types; i++)
        if (exposure_is_member(hypothesis, n + i, attribute))
            cells[n + i] |= permissions;
}

bool exposure_is_active(const Hypothesis *hypothesis, const RuleTable *table, size_t at)
{
    uint32_t branch;

    if (!table->branches)
        return true;
    branch = table->branches[at];
    return hypothesis->conditions[branch >> 1] == (int8_t)(branch & 1);
}

static void fill_row_from(const Hypothesis *hypothesis, const RuleTable *table, uint32_t source,
                          uint32_t class, uint32_t *row)
{
    size_t at = rule_table_seek(table, source, class, 0);
    size_t end = rule_table_end(table, source);

    for (; at < end && rule_class(table->rules[at]) == class; at++)
        if (exposure_is_active(hypothesis, table, at))
            add_to_members(hypothesis, rule_target(table->rules[at]),
                           rule_permissions(table->rules[at]), row);
}

void exposure_fill_row(const Hypothesis *hypothesis, uint32_t domain, uint32_t class,
                       uint32_t n_types, uint32_t *row)
{
    const RuleTable *rules = hypothesis->policy->rules;
    PolicySpan sources = hypothesis_attributes_of(hypothesis, domain);

    memset(row, 0, ((size_t)n_types + 1) * sizeof(*row));
    for (size_t i = 0; i < sources.n; i++) {
        fill_row_from(hypothesis, &rules[RULES_ALLOW], sources.values[i], class, row);
        fill_row_from(hypothesis, &rules[RULES_ALLOW_CONDITIONAL], sources.values[i], class, row);
    }
    for (size_t i = 0; i < hypothesis->n_rules; i++) {
        const AddedRule *rule = &hypothesis->rules[i];

        if (rule->class != class || !policy_span_contains(sources, rule->source))
            continue;
        if (rule->target == 0)
            row[domain] |= rule->permissions;
        else
            add_to_members(hypothesis, rule->target, rule->permissions, row);
    }
}

static uint32_t column_permissions(const Hypothesis *hypothesis, const RuleTable *table,
                                   uint32_t source, PolicySpan targets, uint32_t class)
{
    PolicySpan one = {&(uint16_t){(uint16_t)source}, 1};

    return rule_table_permissions(table, one, targets, class, hypothesis->conditions);
}

void exposure_fill_column(const Hypothesis *hypothesis, uint32_t target, uint32_t class,
                          uint32_t n_types, uint32_t *column)
{
    const Policy *policy = hypothesis->policy;
    PolicySpan targets = hypothesis_attributes_of(hypothesis, target);

    memset(column, 0, ((size_t)n_types + 1) * sizeof(*column));
    for (uint32_t source = 1; source <= policy->n_types; source++) {
        uint32_t permissions =
            column_permissions(hypothesis, &policy->rules[RULES_ALLOW], source, targets, class) |
            column_permissions(hypothesis, &policy->rules[RULES_ALLOW_CONDITIONAL], source, targets,
                               class);

        if (permissions != 0)
            add_to_members(hypothesis, source, permissions, column);
    }
    for (size_t i = 0; i < hypothesis->n_rules; i++) {
        const AddedRule *rule = &hypothesis->rules[i];

        if (rule->class != class)
            continue;
        if (rule->target != 0 && policy_span_contains(targets, rule->target))
            add_to_members(hypothesis, rule->source, rule->permissions, column);
        else if (rule->target == 0 && exposure_is_member(hypothesis, target, rule->source))
            column[target] |= rule->permissions;
    }
}
