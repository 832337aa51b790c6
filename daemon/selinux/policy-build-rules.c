/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access vector rules and constraints. */
#include <errno.h>
#include <string.h>

#include "daemon/selinux/policy-build.h"

/* The table a rule belongs in, or -1 for what access decisions do not need. The kernel
 * keeps dontaudit rules as the permissions that stay audited. */
static int classify_rule(const Policy *policy, const avtab_key_t *key, const avtab_datum_t *datum,
                         bool conditional, uint32_t *ret_permissions)
{
    uint32_t all = policy_class_permissions(policy, key->target_class);

    if (key->specified & AVTAB_ALLOWED) {
        *ret_permissions = datum->data;
        return conditional ? RULES_ALLOW_CONDITIONAL : RULES_ALLOW;
    }
    if (key->specified & AVTAB_AUDITDENY) {
        *ret_permissions = ~datum->data & all;
        return conditional ? RULES_DONTAUDIT_CONDITIONAL : RULES_DONTAUDIT;
    }
    if (key->specified & AVTAB_XPERMS_ALLOWED) {
        if (!datum->xperms || (datum->xperms->specified != AVTAB_XPERMS_IOCTLFUNCTION &&
                               datum->xperms->specified != AVTAB_XPERMS_IOCTLDRIVER))
            return -1;
        *ret_permissions = 1; /* pass_rule() puts the index of its commands there */
        return conditional ? RULES_XPERM_CONDITIONAL : RULES_XPERM;
    }
    return -1;
}

/* Building takes two passes over the rules: one counts those of each source, the next
 * puts them in place. */
typedef struct Pass {
    Policy *policy;
    bool filling;
    size_t n_ioctl_rules;
    uint32_t *cursors[RULES_COUNT];
} Pass;

static int pass_rule(Pass *pass, const struct avtab_node *node, bool conditional, uint32_t branch)
{
    const Policy *policy = pass->policy;
    const avtab_key_t *key = &node->key;
    uint32_t permissions = 0;
    RuleTable *table;
    int kind;

    if (key->source_type == 0 || key->source_type > policy->n_types || key->target_type == 0 ||
        key->target_type > policy->n_types || key->target_class == 0 ||
        key->target_class > policy->n_classes)
        return -EBADMSG;
    kind = classify_rule(policy, key, &node->datum, conditional, &permissions);
    if (kind < 0 || permissions == 0)
        return 0;

    if (kind == RULES_XPERM || kind == RULES_XPERM_CONDITIONAL) {
        const avtab_extended_perms_t *listed = node->datum.xperms;

        if (pass->filling) {
            IoctlRule *rule = &policy->ioctl_rules[pass->n_ioctl_rules];

            rule->whole_drivers = listed->specified == AVTAB_XPERMS_IOCTLDRIVER;
            rule->driver = listed->driver;
            memcpy(rule->set, listed->perms, sizeof(rule->set));
        }
        permissions = (uint32_t)++pass->n_ioctl_rules;
    }
    if (!pass->filling) {
        pass->cursors[kind][key->source_type]++;
        return 0;
    }
    table = &pass->policy->rules[kind];
    table->rules[pass->cursors[kind][key->source_type]] =
        rule_pack(key->target_class, key->target_type, permissions);
    if (table->branches)
        table->branches[pass->cursors[kind][key->source_type]] = branch;
    pass->cursors[kind][key->source_type]++;
    return 0;
}

static int pass_branch(Pass *pass, const cond_av_list_t *list, uint32_t branch)
{
    for (; list; list = list->next) {
        int r = list->node ? pass_rule(pass, list->node, /* conditional= */ true, branch) : 0;

        if (r < 0)
            return r;
    }
    return 0;
}

static int pass_rules(Pass *pass, const policydb_t *db)
{
    const avtab_t *table = &db->te_avtab;
    uint32_t condition = 0;
    int r;

    for (uint32_t slot = 0; table->htable && slot < table->nslot; slot++)
        for (const struct avtab_node *node = table->htable[slot]; node; node = node->next) {
            r = pass_rule(pass, node, /* conditional= */ false, 0);
            if (r < 0)
                return r;
        }
    for (const cond_node_t *node = db->cond_list; node; node = node->next, condition++) {
        r = pass_branch(pass, node->true_list, condition << 1 | 1);
        if (r >= 0)
            r = pass_branch(pass, node->false_list, condition << 1);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_conditional(int kind)
{
    return kind == RULES_ALLOW_CONDITIONAL || kind == RULES_DONTAUDIT_CONDITIONAL ||
           kind == RULES_XPERM_CONDITIONAL;
}

int policy_build_rules(Policy *policy, const struct policydb *db, const char **ret_problem)
{
    size_t n_starts = (size_t)policy->n_types + 1;
    Pass pass = {.policy = policy};
    int r;

    /* cursors[s] counts the rules of source s, then is where the next of them goes, and once
     * all are in place, where they end: what RuleTable.starts holds. */
    for (int kind = 0; kind < RULES_COUNT; kind++) {
        pass.cursors[kind] = policy_allocate(policy, n_starts, sizeof(uint32_t));
        if (!pass.cursors[kind])
            return -ENOMEM;
    }
    r = pass_rules(&pass, db);
    if (r < 0) {
        *ret_problem = "a rule names a type or class out of range";
        return r;
    }

    for (int kind = 0; kind < RULES_COUNT; kind++) {
        RuleTable *table = &policy->rules[kind];
        uint32_t *cursors = pass.cursors[kind];
        uint32_t sum = 0;

        for (uint32_t source = 0; source <= policy->n_types; source++) {
            uint32_t n = cursors[source];

            cursors[source] = sum;
            sum += n;
        }
        table->n_sources = policy->n_types;
        table->n_rules = sum;
        table->starts = cursors;
        table->rules = policy_allocate(policy, sum, sizeof(*table->rules));
        if (!table->rules)
            return -ENOMEM;
        if (is_conditional(kind)) {
            table->branches = policy_allocate(policy, sum, sizeof(*table->branches));
            if (!table->branches)
                return -ENOMEM;
        }
    }

    policy->n_ioctl_rules = pass.n_ioctl_rules;
    policy->ioctl_rules = policy_allocate(policy, pass.n_ioctl_rules, sizeof(*policy->ioctl_rules));
    if (!policy->ioctl_rules)
        return -ENOMEM;
    pass.n_ioctl_rules = 0;
    pass.filling = true;
    r = pass_rules(&pass, db);
    if (r < 0)
        return r;
    for (int kind = 0; kind < RULES_COUNT; kind++) {
        r = rule_table_sort(&policy->rules[kind]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- constraints -------------------------------------------------------- */

static int build_term(Policy *policy, const constraint_expr_t *expression, ConstraintTerm *term)
{
    uint32_t limit;
    int r;

    if (expression->expr_type < CEXPR_NOT || expression->expr_type > CEXPR_NAMES ||
        expression->op > CEXPR_INCOMP || expression->attr > UINT16_MAX)
        return -EBADMSG;
    *term = (ConstraintTerm){
        .kind = (uint8_t)expression->expr_type,
        .op = (uint8_t)expression->op,
        .attribute = (uint16_t)expression->attr,
    };
    if (expression->expr_type != CEXPR_NAMES)
        return 0;

    limit = expression->attr & CEXPR_USER   ? policy->n_users
            : expression->attr & CEXPR_ROLE ? policy->n_roles
                                            : policy->n_types;
    r = policy_build_span(policy, &expression->names, limit, &term->names);
    if (r < 0 || !expression->type_names || !(expression->attr & CEXPR_TYPE))
        return r;
    term->written_all = (expression->type_names->flags & TYPE_STAR) != 0;
    term->written_complement = (expression->type_names->flags & TYPE_COMP) != 0;
    r = policy_build_span(policy, &expression->type_names->types, policy->n_types, &term->written);
    if (r < 0)
        return r;
    return policy_build_span(policy, &expression->type_names->negset, policy->n_types,
                             &term->written_except);
}

static int build_constraint(Policy *policy, const constraint_node_t *node, Constraint *constraint)
{
    ConstraintTerm *terms;
    uint32_t n = 0;

    for (const constraint_expr_t *at = node->expr; at; at = at->next)
        n++;
    terms = policy_allocate(policy, n, sizeof(*terms));
    if (!terms)
        return -ENOMEM;
    n = 0;
    for (const constraint_expr_t *at = node->expr; at; at = at->next) {
        int r = build_term(policy, at, &terms[n++]);

        if (r < 0)
            return r;
    }
    *constraint = (Constraint){node->permissions, n, terms};
    return 0;
}

int policy_build_constraints(Policy *policy, const struct policydb *db, const char **ret_problem)
{
    if (policy->n_classes > 0 && !db->class_val_to_struct)
        return -EBADMSG;
    for (uint32_t class = 1; class <= policy->n_classes; class ++) {
        const class_datum_t *datum = db->class_val_to_struct[class - 1];
        Constraint *constraints;
        uint32_t n = 0;

        if (!datum)
            continue;
        for (const constraint_node_t *at = datum->constraints; at; at = at->next)
            n++;
        if (n == 0)
            continue;
        constraints = policy_allocate(policy, n, sizeof(*constraints));
        if (!constraints)
            return -ENOMEM;
        n = 0;
        for (const constraint_node_t *at = datum->constraints; at; at = at->next) {
            int r = build_constraint(policy, at, &constraints[n++]);

            if (r < 0)
                *ret_problem = "a constraint has a bad expression";
            if (r < 0)
                return r;
        }
        policy->classes[class - 1].constraints = constraints;
        policy->classes[class - 1].n_constraints = n;
    }
    return 0;
}
