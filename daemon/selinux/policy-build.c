/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes, roles and conditions, and the order of the whole. */
#include "daemon/selinux/policy-build.h"

#include <errno.h>

static int corrupt(const char **ret_problem, const char *problem)
{
    *ret_problem = problem;
    return -EBADMSG;
}

int policy_build_span(Policy *policy, const ebitmap_t *bitmap, uint32_t limit, PolicySpan *ret_span)
{
    uint16_t *values = NULL;
    uint32_t bit = 0;
    size_t n = 0;

    BITMAP_FOREACH (bitmap, bit) {
        if (bit >= limit)
            return -EBADMSG;
        n++;
    }
    if (n > 0) {
        values = policy_allocate(policy, n, sizeof(*values));
        if (!values)
            return -ENOMEM;
    }
    n = 0;
    BITMAP_FOREACH (bitmap, bit)
        values[n++] = (uint16_t)(bit + 1);
    *ret_span = (PolicySpan){values, n};
    return 0;
}

int policy_build_categories(Policy *policy, const ebitmap_t *bitmap, const uint64_t **ret_bits)
{
    uint64_t *bits = policy_allocate(policy, policy_category_words(policy), sizeof(*bits));
    uint32_t bit = 0;

    if (!bits)
        return -ENOMEM;
    BITMAP_FOREACH (bitmap, bit) {
        if (bit >= policy->n_categories)
            return -EBADMSG;
        bits[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    *ret_bits = bits;
    return 0;
}

/* --- attributes --------------------------------------------------------- */

static int build_attributes(Policy *policy, const policydb_t *db, const char **ret_problem)
{
    uint32_t n = policy->n_types;
    uint32_t *starts, *member_starts;
    uint16_t *values, *members;
    uint32_t bit = 0;
    uint32_t total = 0;

    if (n > 0 && !db->type_attr_map)
        return corrupt(ret_problem, "types have no attribute map");

    starts = policy_allocate(policy, (size_t)n + 1, sizeof(*starts));
    member_starts = policy_allocate(policy, (size_t)n + 2, sizeof(*member_starts));
    if (!starts || !member_starts)
        return -ENOMEM;
    for (uint32_t type = 1; type <= n; type++) {
        BITMAP_FOREACH (&db->type_attr_map[type - 1], bit) {
            if (bit >= n)
                return corrupt(ret_problem, "a type has an attribute out of range");
            total++;
            if (!policy->types[type - 1].is_attribute)
                member_starts[bit + 2]++;
        }
        starts[type] = total;
    }
    for (uint32_t i = 2; i <= n + 1; i++)
        member_starts[i] += member_starts[i - 1];

    values = policy_allocate(policy, total, sizeof(*values));
    members = policy_allocate(policy, member_starts[n + 1], sizeof(*members));
    if (!values || !members)
        return -ENOMEM;
    total = 0;
    for (uint32_t type = 1; type <= n; type++)
        BITMAP_FOREACH (&db->type_attr_map[type - 1], bit) {
            values[total++] = (uint16_t)(bit + 1);
            if (!policy->types[type - 1].is_attribute)
                members[member_starts[bit + 1]++] = (uint16_t)type;
        }

    policy->attributes = (ValueMap){starts, values, n};
    policy->members = (ValueMap){member_starts, members, n};
    BITMAP_FOREACH (&db->permissive_map, bit) {
        if (bit == 0 || bit > n)
            return corrupt(ret_problem, "a permissive type is out of range");
        policy->types[bit - 1].is_permissive = true;
    }
    return 0;
}

/* --- roles and the process class ----------------------------------------- */

static int build_roles(Policy *policy, const policydb_t *db, const char **ret_problem)
{
    size_t n = 0;

    for (const role_allow_t *at = db->role_allow; at; at = at->next)
        n++;
    policy->role_allows = policy_allocate(policy, n, sizeof(*policy->role_allows));
    if (!policy->role_allows)
        return -ENOMEM;
    for (const role_allow_t *at = db->role_allow; at; at = at->next) {
        if (at->role == 0 || at->role > policy->n_roles || at->new_role == 0 ||
            at->new_role > policy->n_roles)
            return corrupt(ret_problem, "a role rule is out of range");
        policy->role_allows[policy->n_role_allows++] = at->role << 16 | at->new_role;
    }

    policy->process_class = policy_find_class(policy, "process");
    policy->process_transitions =
        policy_find_permission(policy, policy->process_class, "transition") |
        policy_find_permission(policy, policy->process_class, "dyntransition");
    return 0;
}

/* --- conditions --------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static int build_condition(Policy *policy, const cond_node_t *node, Condition *condition)
{
    ConditionTerm *terms;
    uint16_t *booleans;
    uint32_t n = 0;
    size_t n_booleans = 0;
    size_t n_distinct = 0;

    for (const cond_expr_t *at = node->expr; at; at = at->next) {
        n++;
        if (at->expr_type == COND_BOOL)
            n_booleans++;
    }
    terms = policy_allocate(policy, n, sizeof(*terms));
    booleans = policy_allocate(policy, n_booleans, sizeof(*booleans));
    if (!terms || !booleans)
        return -ENOMEM;

    n = 0;
    n_booleans = 0;
    for (const cond_expr_t *at = node->expr; at; at = at->next) {
        if (at->expr_type < COND_BOOL || at->expr_type > COND_LAST)
            return -EBADMSG;
        terms[n] = (ConditionTerm){.kind = (uint16_t)at->expr_type};
        if (at->expr_type == COND_BOOL) {
            if (cond_expr_boolean(at) == 0 || cond_expr_boolean(at) > policy->n_booleans)
                return -EBADMSG;
            terms[n].boolean = (uint16_t)cond_expr_boolean(at);
            booleans[n_booleans++] = (uint16_t)cond_expr_boolean(at);
        }
        n++;
    }
    qsort(booleans, n_booleans, sizeof(*booleans), compare_values);
    for (size_t i = 0; i < n_booleans; i++)
        if (n_distinct == 0 || booleans[n_distinct - 1] != booleans[i])
            booleans[n_distinct++] = booleans[i];

    *condition = (Condition){terms, n, {booleans, n_distinct}};
    return 0;
}

static int build_conditions(Policy *policy, const policydb_t *db, const char **ret_problem)
{
    uint32_t n = 0;

    for (const cond_node_t *at = db->cond_list; at; at = at->next)
        n++;
    if (n > UINT32_MAX / 2)
        return corrupt(ret_problem, "it has too many conditions");
    policy->conditions = policy_allocate(policy, n, sizeof(*policy->conditions));
    if (!policy->conditions)
        return -ENOMEM;
    for (const cond_node_t *at = db->cond_list; at; at = at->next) {
        int r = build_condition(policy, at, &policy->conditions[policy->n_conditions]);

        if (r < 0)
            *ret_problem = "a condition has a bad expression";
        if (r < 0)
            return r;
        policy->n_conditions++;
    }
    return 0;
}

int policy_build(Policy *policy, const struct policydb *db, const char **ret_problem)
{
    int (*const steps[])(Policy *, const struct policydb *, const char **) = {
        policy_build_names, build_attributes,         build_roles,           build_conditions,
        policy_build_rules, policy_build_constraints, policy_build_networks,
    };
    uint32_t bit = 0;

    policy->version = db->policyvers;
    policy->mls = db->mls != 0;
    policy->handle_unknown = db->handle_unknown == SEPOL_ALLOW_UNKNOWN    ? POLICY_UNKNOWN_ALLOW
                             : db->handle_unknown == SEPOL_REJECT_UNKNOWN ? POLICY_UNKNOWN_REJECT
                                                                          : POLICY_UNKNOWN_DENY;
    BITMAP_FOREACH (&db->policycaps, bit)
        if (bit < 64)
            policy->capabilities |= UINT64_C(1) << bit;

    for (size_t i = 0; i < ELEMENTS_OF(steps); i++) {
        int r = steps[i](policy, db, ret_problem);

        if (r < 0)
            return r;
    }
    return 0;
}
