/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rules change, and whose accesses they change. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/exposure-internal.h"

/* Up to this many targets of a domain are asked one by one; beyond, a row is cheaper. */
#define ROW_THRESHOLD 12u

/* A rule that is active on one side only. */
typedef struct ChangedRule {
    uint32_t source; /* type or attribute */
    uint32_t target; /* likewise; 0: the source itself */
    uint32_t class;
} ChangedRule;

typedef struct ChangedRules {
    ChangedRule *items;
    size_t n;
} ChangedRules;

static int note_rule(ChangedRules *rules, uint32_t source, uint32_t target, uint32_t class)
{
    if ((rules->n & (rules->n - 1)) == 0) {
        ChangedRule *larger =
            reallocarray(rules->items, rules->n == 0 ? 1 : rules->n * 2, sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        rules->items = larger;
    }
    rules->items[rules->n++] = (ChangedRule){source, target, class};
    return 0;
}

/* --- which rules change -------------------------------------------------- */

static int find_flipped_rules(const Difference *difference, ChangedRules *rules)
{
    const RuleTable *table = &difference->before->policy->rules[RULES_ALLOW_CONDITIONAL];

    for (uint32_t source = 1; source <= table->n_sources; source++)
        for (size_t at = table->starts[source - 1]; at < table->starts[source]; at++) {
            int r;

            if (exposure_is_active(difference->before, table, at) ==
                exposure_is_active(difference->after, table, at))
                continue;
            r = note_rule(rules, source, rule_target(table->rules[at]),
                          rule_class(table->rules[at]));
            if (r < 0)
                return r;
        }
    return 0;
}

/* Rules that both sides added cancel out when the permissions are compared. */
static int find_added_rules(const Hypothesis *hypothesis, ChangedRules *rules)
{
    for (size_t i = 0; i < hypothesis->n_rules; i++) {
        const AddedRule *rule = &hypothesis->rules[i];
        int r = note_rule(rules, rule->source, rule->target, rule->class);

        if (r < 0)
            return r;
    }
    return 0;
}

/* The rules that reach a new type through its attributes, as source or as target. */
static int find_rules_of_type(const Hypothesis *hypothesis, uint32_t type, ChangedRules *rules)
{
    const Policy *policy = hypothesis->policy;
    PolicySpan attributes = hypothesis_attributes_of(hypothesis, type);

    for (int kind = RULES_ALLOW; kind <= RULES_ALLOW_CONDITIONAL; kind++) {
        const RuleTable *table = &policy->rules[kind];

        for (uint32_t source = 1; source <= table->n_sources; source++) {
            bool is_source = policy_span_contains(attributes, source);

            for (size_t at = table->starts[source - 1]; at < table->starts[source]; at++) {
                uint32_t target = rule_target(table->rules[at]);
                uint32_t class = rule_class(table->rules[at]);
                int r = 0;

                if (is_source)
                    r = note_rule(rules, type, target, class);
                if (r >= 0 && policy_span_contains(attributes, target))
                    r = note_rule(rules, source, type, class);
                if (r < 0)
                    return r;
            }
        }
    }
    return 0;
}

static int find_new_types(const Difference *difference, ChangedRules *rules)
{
    const Hypothesis *sides[] = {difference->before, difference->after};

    for (unsigned i = 0; i < ELEMENTS_OF(sides); i++) {
        uint32_t known = hypothesis_n_types(sides[1 - i]);

        for (uint32_t type = known + 1; type <= hypothesis_n_types(sides[i]); type++) {
            int r;

            if (exposure_is_new_port_type(difference, type))
                continue;
            r = find_rules_of_type(sides[i], type, rules);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* --- whose accesses change ----------------------------------------------- */

/* A changed rule as one domain has it, packed for sorting: domain, class, rule. */
typedef struct Task {
    uint32_t domain;
    uint32_t class;
    uint32_t rule;
} Task;

typedef struct Tasks {
    Task *items;
    size_t n;
    size_t room;
} Tasks;

static int add_task(Tasks *tasks, uint32_t domain, uint32_t class, uint32_t rule)
{
    if (tasks->n == tasks->room) {
        size_t room = tasks->room == 0 ? 256 : tasks->room * 2;
        Task *larger = reallocarray(tasks->items, room, sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        tasks->items = larger;
        tasks->room = room;
    }
    tasks->items[tasks->n++] = (Task){domain, class, rule};
    return 0;
}

/* The side on which a type or attribute has more members: the one with more types. */
static const Hypothesis *wider(const Difference *difference)
{
    return hypothesis_n_types(difference->after) >= hypothesis_n_types(difference->before)
               ? difference->after
               : difference->before;
}

static int expand_sources(const Difference *difference, const ChangedRules *rules, Tasks *tasks)
{
    const Hypothesis *hypothesis = wider(difference);
    uint32_t n = hypothesis->policy->n_types;

    for (size_t i = 0; i < rules->n; i++) {
        const ChangedRule *rule = &rules->items[i];
        PolicySpan members = policy_types_of(hypothesis->policy, rule->source);
        int r = 0;

        for (size_t m = 0; m < members.n && r >= 0; m++)
            r = add_task(tasks, members.values[m], rule->class, (uint32_t)i);
        for (uint32_t t = n + 1; t <= difference->n_types && r >= 0; t++)
            if (exposure_is_member(hypothesis, t, rule->source))
                r = add_task(tasks, t, rule->class, (uint32_t)i);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compare_tasks(const void *a, const void *b)
{
    const Task *x = a;
    const Task *y = b;

    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

typedef struct Workspace {
    const Difference *difference;
    const ChangedRules *rules;
    uint32_t *before; /* a row each */
    uint32_t *after;
    uint16_t *touched; /* the targets of the domain's changed rules, each once */
    size_t n_touched;
    bool *is_touched; /* by value */
} Workspace;

static void touch(Workspace *work, uint32_t target)
{
    if (work->is_touched[target])
        return;
    work->is_touched[target] = true;
    work->touched[work->n_touched++] = (uint16_t)target;
}

static void touch_targets(Workspace *work, const Task *task)
{
    const Hypothesis *hypothesis = wider(work->difference);
    uint32_t target = work->rules->items[task->rule].target;
    uint32_t n = hypothesis->policy->n_types;
    PolicySpan members;

    if (target == 0) {
        touch(work, task->domain);
        return;
    }
    members = policy_types_of(hypothesis->policy, target);
    for (size_t i = 0; i < members.n; i++)
        touch(work, members.values[i]);
    for (uint32_t type = n + 1; type <= work->difference->n_types; type++)
        if (exposure_is_member(hypothesis, type, target))
            touch(work, type);
}

static void fill_touched(Workspace *work, const Hypothesis *hypothesis, const Task *task,
                         uint32_t *row)
{
    uint32_t n_types = work->difference->n_types;

    if (work->n_touched > ROW_THRESHOLD) {
        exposure_fill_row(hypothesis, task->domain, task->class, n_types, row);
        return;
    }
    for (size_t i = 0; i < work->n_touched; i++)
        row[work->touched[i]] =
            decide_allowed_by_rules(hypothesis, task->domain, work->touched[i], task->class);
}

/* Reports one domain's changes in one class. */
static int compare_group(Workspace *work, const Task *tasks, size_t n, DifferenceSink sink,
                         void *data)
{
    const Difference *difference = work->difference;
    uint32_t class = tasks[0].class;
    int r = 0;

    work->n_touched = 0;
    for (size_t i = 0; i < n; i++)
        touch_targets(work, &tasks[i]);
    fill_touched(work, difference->before, &tasks[0], work->before);
    fill_touched(work, difference->after, &tasks[0], work->after);

    for (size_t i = 0; i < work->n_touched; i++) {
        uint32_t target = work->touched[i];
        DifferenceItem item = {
            .domain = tasks[0].domain,
            .target = target,
            .class = class,
            .gained = work->after[target] & ~work->before[target],
            .lost = work->before[target] & ~work->after[target],
        };

        work->is_touched[target] = false;
        /* These are counted by the port. */
        if (exposure_is_new_port_type(difference, target)) {
            item.gained &= ~exposure_port_permissions(difference->before->policy, class);
            item.lost &= ~exposure_port_permissions(difference->before->policy, class);
        }
        if (r >= 0 && (item.gained | item.lost) != 0)
            r = sink(&item, data);
    }
    return r;
}

static int compare_tasks_of(const Difference *difference, const ChangedRules *rules,
                            const Tasks *tasks, DifferenceSink sink, void *data)
{
    size_t cells = (size_t)difference->n_types + 1;
    _cleanup_free_ uint32_t *rows = calloc(2 * cells, sizeof(*rows));
    _cleanup_free_ uint16_t *touched = calloc(cells, sizeof(*touched));
    _cleanup_free_ bool *is_touched = calloc(cells, sizeof(*is_touched));
    Workspace work = {difference, rules, rows, NULL, touched, 0, is_touched};

    if (!rows || !touched || !is_touched)
        return -ENOMEM;
    work.after = rows + cells;
    for (size_t start = 0, end; start < tasks->n; start = end) {
        int r;

        for (end = start + 1; end < tasks->n; end++)
            if (tasks->items[end].domain != tasks->items[start].domain ||
                tasks->items[end].class != tasks->items[start].class)
                break;
        r = compare_group(&work, tasks->items + start, end - start, sink, data);
        if (r < 0)
            return r;
    }
    return 0;
}

int exposure_compare_rules(const Difference *difference, DifferenceSink sink, void *data)
{
    ChangedRules rules = {};
    Tasks tasks = {};
    int r;

    r = find_flipped_rules(difference, &rules);
    if (r >= 0)
        r = find_added_rules(difference->before, &rules);
    if (r >= 0)
        r = find_added_rules(difference->after, &rules);
    if (r >= 0)
        r = find_new_types(difference, &rules);
    if (r >= 0)
        r = expand_sources(difference, &rules, &tasks);
    if (r >= 0 && tasks.n > 0) {
        qsort(tasks.items, tasks.n, sizeof(*tasks.items), compare_tasks);
        r = compare_tasks_of(difference, &rules, &tasks, sink, data);
    }
    free(rules.items);
    free(tasks.items);
    return r;
}
