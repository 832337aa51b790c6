/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/rule-table.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/macro.h"

typedef struct BranchedRule {
    uint64_t rule;
    uint32_t branch;
} BranchedRule;

static int compare_rules(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static int compare_branched(const void *a, const void *b)
{
    const BranchedRule *x = a;
    const BranchedRule *y = b;

    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return x->branch < y->branch ? -1 : x->branch > y->branch;
}

/* Most sources have a few dozen rules: there insertion beats qsort() and its calls. */
static void sort_rules(uint64_t *rules, size_t n)
{
    if (n > 48) {
        qsort(rules, n, sizeof(*rules), compare_rules);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint64_t rule = rules[i];
        size_t j = i;

        for (; j > 0 && rules[j - 1] > rule; j--)
            rules[j] = rules[j - 1];
        rules[j] = rule;
    }
}

int rule_table_sort(RuleTable *table)
{
    _cleanup_free_ BranchedRule *scratch = NULL;
    size_t largest = 0;

    for (uint32_t source = 1; source <= table->n_sources; source++) {
        size_t n = table->starts[source] - table->starts[source - 1];

        if (n > largest)
            largest = n;
    }
    if (table->branches && largest > 0) {
        scratch = calloc(largest, sizeof(*scratch));
        if (!scratch)
            return -ENOMEM;
    }

    for (uint32_t source = 1; source <= table->n_sources; source++) {
        size_t start = table->starts[source - 1];
        size_t n = table->starts[source] - start;

        if (!scratch) {
            sort_rules(table->rules + start, n);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            scratch[i] = (BranchedRule){table->rules[start + i], table->branches[start + i]};
        qsort(scratch, n, sizeof(*scratch), compare_branched);
        for (size_t i = 0; i < n; i++) {
            table->rules[start + i] = scratch[i].rule;
            table->branches[start + i] = scratch[i].branch;
        }
    }
    return 0;
}

static size_t lower_bound(const RuleTable *table, size_t low, size_t high, uint64_t key)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->rules[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t rule_table_seek(const RuleTable *table, uint32_t source, uint32_t class, uint32_t target)
{
    if (source == 0 || source > table->n_sources)
        return table->n_rules;
    return lower_bound(table, table->starts[source - 1], table->starts[source],
                       rule_pack(class, target, 0));
}

size_t rule_table_end(const RuleTable *table, uint32_t source)
{
    if (source == 0 || source > table->n_sources)
        return table->n_rules;
    return table->starts[source];
}

int rule_table_visit(const RuleTable *table, PolicySpan sources, PolicySpan targets, uint32_t class,
                     RuleVisitor visit, void *data)
{
    for (size_t s = 0; s < sources.n; s++) {
        uint32_t source = sources.values[s];
        size_t at = rule_table_seek(table, source, class, 0);
        size_t end = rule_table_end(table, source);

        /* Both the targets and the rules ascend: each search starts where the last ended. */
        for (size_t t = 0; t < targets.n && at < end && rule_class(table->rules[at]) == class;
             t++) {
            uint32_t target = targets.values[t];

            if (rule_target(table->rules[at]) < target)
                at = lower_bound(table, at, end, rule_pack(class, target, 0));
            for (; at < end && rule_class(table->rules[at]) == class &&
                   rule_target(table->rules[at]) == target;
                 at++) {
                int r = visit(rule_permissions(table->rules[at]),
                              table->branches ? table->branches[at] : 0, data);
                if (r != 0)
                    return r;
            }
        }
    }
    return 0;
}

typedef struct Gather {
    const int8_t *states; /* NULL: every rule counts */
    uint32_t permissions;
} Gather;

static int gather_permissions(uint32_t permissions, uint32_t branch, void *data)
{
    Gather *gather = data;

    if (!gather->states || gather->states[branch >> 1] == (int8_t)(branch & 1))
        gather->permissions |= permissions;
    return 0;
}

uint32_t rule_table_permissions(const RuleTable *table, PolicySpan sources, PolicySpan targets,
                                uint32_t class, const int8_t *states)
{
    Gather gather = {.states = table->branches ? states : NULL};

    (void)rule_table_visit(table, sources, targets, class, gather_permissions, &gather);
    return gather.permissions;
}
