/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, types, classes, roles, booleans and conditions. */
#include "daemon/selinux/policy-build.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"

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

    BITMAP_FOREACH(bitmap, bit)
    {
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
    BITMAP_FOREACH(bitmap, bit)
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
    BITMAP_FOREACH(bitmap, bit)
    {
        if (bit >= policy->n_categories)
            return -EBADMSG;
        bits[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    *ret_bits = bits;
    return 0;
}

/* --- names -------------------------------------------------------------- */

static const char *add_symbol(Policy *policy, SymbolKind kind, const char *name, uint32_t value)
{
    size_t length = strlen(name);
    const char *copy = policy_copy_string(policy, name, length);
    uint32_t slot;

    if (!copy)
        return NULL;
    slot = (uint32_t)hash_bytes(HASH_SEED + kind, name, length) & policy->symbols_mask;
    while (policy->symbols[slot].name)
        slot = (slot + 1) & policy->symbols_mask;
    policy->symbols[slot] = (Symbol){copy, (uint32_t)kind, value};
    return copy;
}

static uint32_t count_symbols(const symtab_t *table)
{
    return table->table ? table->table->nel : 0;
}

static int allocate_symbols(Policy *policy, const policydb_t *db)
{
    uint64_t n = 0;
    uint64_t slots = 64;

    for (unsigned i = 0; i < SYM_NUM; i++)
        n += count_symbols(&db->symtab[i]);
    while (slots < n + n / 2)
        slots *= 2;
    if (slots > UINT32_MAX)
        return -ENOMEM;
    policy->symbols = policy_allocate(policy, slots, sizeof(*policy->symbols));
    if (!policy->symbols)
        return -ENOMEM;
    policy->symbols_mask = (uint32_t)slots - 1;
    return 0;
}

/* Calls `take` for each name of a table. */
typedef int (*SymbolTaker)(Policy *policy, const policydb_t *db, const char *name,
                           const void *datum);

static int take_symbols(Policy *policy, const policydb_t *db, const symtab_t *table,
                        SymbolTaker take)
{
    if (!table->table)
        return 0;
    for (unsigned i = 0; i < table->table->size; i++)
        for (hashtab_ptr_t at = table->table->htable[i]; at; at = at->next) {
            int r;

            if (!at->key || !at->datum)
                return -EBADMSG;
            r = take(policy, db, at->key, at->datum);
            if (r < 0)
                return r;
        }
    return 0;
}

static int take_type(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const type_datum_t *type = datum;
    uint32_t value = type->s.value;
    const char *primary, *copy;

    if (value == 0 || value > policy->n_types)
        return -EBADMSG;
    copy = add_symbol(policy, SYMBOL_TYPE, name, value);
    if (!copy)
        return -ENOMEM;
    primary = db->sym_val_to_name[SYM_TYPES][value - 1];
    if (!primary || !streq(primary, name)) {
        policy->aliases[policy->n_aliases++] = (Alias){copy, value};
        return 0;
    }
    if (type->bounds > policy->n_types)
        return -EBADMSG;
    policy->types[value - 1] = (TypeInfo){
        .name = copy,
        .bounds = type->bounds,
        .is_attribute = type->flavor == TYPE_ATTRIB,
    };
    return 0;
}

static int take_boolean(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const cond_bool_datum_t *boolean = datum;
    uint32_t value = boolean->s.value;

    if (value == 0 || value > policy->n_booleans)
        return -EBADMSG;
    policy->booleans[value - 1] = add_symbol(policy, SYMBOL_BOOLEAN, name, value);
    policy->boolean_values[value - 1] = boolean->state != 0;
    return policy->booleans[value - 1] ? 0 : -ENOMEM;
}

static int take_user(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const user_datum_t *user = datum;
    UserInfo *info;
    int r;

    if (user->s.value == 0 || user->s.value > policy->n_users)
        return -EBADMSG;
    info = &policy->users[user->s.value - 1];
    info->name = add_symbol(policy, SYMBOL_USER, name, user->s.value);
    if (!info->name)
        return -ENOMEM;
    r = policy_build_span(policy, &user->roles.roles, policy->n_roles, &info->roles);
    for (unsigned i = 0; i < 2 && policy->mls && r >= 0; i++) {
        const mls_level_t *level = &user->exp_range.level[i];

        if (level->sens == 0 || level->sens > policy->n_sensitivities)
            return -EBADMSG;
        info->range[i].sensitivity = level->sens;
        r = policy_build_categories(policy, &level->cat, &info->range[i].categories);
    }
    return r;
}

static int take_role(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const role_datum_t *role = datum;
    RoleInfo *info;
    int r;

    if (role->s.value == 0 || role->s.value > policy->n_roles)
        return -EBADMSG;
    info = &policy->roles[role->s.value - 1];
    info->name = add_symbol(policy, SYMBOL_ROLE, name, role->s.value);
    if (!info->name)
        return -ENOMEM;
    r = policy_build_span(policy, &role->dominates, policy->n_roles, &info->dominates);
    if (r < 0)
        return r;
    return policy_build_span(policy, &role->types.types, policy->n_types, &info->types);
}

static int take_sensitivity(Policy *policy, const policydb_t *db, const char *name,
                            const void *datum)
{
    const level_datum_t *level = datum;
    const char *copy;
    uint32_t value;

    if (!level->level)
        return -EBADMSG;
    value = level->level->sens;
    if (value == 0 || value > policy->n_sensitivities)
        return -EBADMSG;
    copy = add_symbol(policy, SYMBOL_SENSITIVITY, name, value);
    if (!copy)
        return -ENOMEM;
    if (level->isalias)
        return 0;
    policy->sensitivities[value - 1].name = copy;
    return policy_build_categories(policy, &level->level->cat,
                                   &policy->sensitivities[value - 1].categories);
}

static int take_category(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const cat_datum_t *category = datum;
    const char *copy;

    if (category->s.value == 0 || category->s.value > policy->n_categories)
        return -EBADMSG;
    copy = add_symbol(policy, SYMBOL_CATEGORY, name, category->s.value);
    if (!copy)
        return -ENOMEM;
    if (!category->isalias)
        policy->categories[category->s.value - 1] = copy;
    return 0;
}

static int take_permissions(Policy *policy, const symtab_t *table, ClassInfo *class)
{
    if (!table->table)
        return 0;
    for (unsigned i = 0; i < table->table->size; i++)
        for (hashtab_ptr_t at = table->table->htable[i]; at; at = at->next) {
            const perm_datum_t *permission = at->datum;

            if (!at->key || !permission || permission->s.value == 0 || permission->s.value > 32)
                return -EBADMSG;
            class->permission_names[permission->s.value - 1] =
                policy_copy_string(policy, at->key, strlen(at->key));
            if (!class->permission_names[permission->s.value - 1])
                return -ENOMEM;
            class->permissions |= UINT32_C(1) << (permission->s.value - 1);
        }
    return 0;
}

static int take_class(Policy *policy, const policydb_t *db, const char *name, const void *datum)
{
    const class_datum_t *class = datum;
    ClassInfo *info;
    int r;

    if (class->s.value == 0 || class->s.value > policy->n_classes)
        return -EBADMSG;
    info = &policy->classes[class->s.value - 1];
    info->name = add_symbol(policy, SYMBOL_CLASS, name, class->s.value);
    if (!info->name)
        return -ENOMEM;
    r = take_permissions(policy, &class->permissions, info);
    if (r < 0 || !class->comdatum)
        return r;
    return take_permissions(policy, &class->comdatum->permissions, info);
}

static int build_names(Policy *policy, const policydb_t *db, const char **ret_problem)
{
    static const struct {
        unsigned table;
        SymbolTaker take;
        const char *problem;
    } tables[] = {
        {SYM_CLASSES, take_class, "a class or permission has a bad value"},
        {SYM_ROLES, take_role, "a role has a bad value"},
        {SYM_TYPES, take_type, "a type has a bad value"},
        {SYM_USERS, take_user, "a user has a bad value"},
        {SYM_BOOLS, take_boolean, "a boolean has a bad value"},
        {SYM_LEVELS, take_sensitivity, "a sensitivity has a bad value"},
        {SYM_CATS, take_category, "a category has a bad value"},
    };

    /* Values are kept in 16 bits, as in libsepol's own rule keys. */
    for (unsigned i = 0; i < ELEMENTS_OF(tables); i++)
        if (db->symtab[tables[i].table].nprim > UINT16_MAX)
            return corrupt(ret_problem, "it has too many names");
    if (!db->sym_val_to_name[SYM_TYPES] && db->p_types.nprim > 0)
        return corrupt(ret_problem, "types have no names");

    policy->n_classes = db->p_classes.nprim;
    policy->n_roles = db->p_roles.nprim;
    policy->n_types = db->p_types.nprim;
    policy->n_users = db->p_users.nprim;
    policy->n_booleans = db->p_bools.nprim;
    policy->n_sensitivities = db->p_levels.nprim;
    policy->n_categories = db->p_cats.nprim;

    policy->classes = policy_allocate(policy, policy->n_classes, sizeof(*policy->classes));
    policy->roles = policy_allocate(policy, policy->n_roles, sizeof(*policy->roles));
    policy->types = policy_allocate(policy, policy->n_types, sizeof(*policy->types));
    policy->users = policy_allocate(policy, policy->n_users, sizeof(*policy->users));
    policy->booleans = policy_allocate(policy, policy->n_booleans, sizeof(*policy->booleans));
    policy->boolean_values =
        policy_allocate(policy, policy->n_booleans, sizeof(*policy->boolean_values));
    policy->sensitivities =
        policy_allocate(policy, policy->n_sensitivities, sizeof(*policy->sensitivities));
    policy->categories = policy_allocate(policy, policy->n_categories, sizeof(*policy->categories));
    policy->aliases =
        policy_allocate(policy, count_symbols(&db->p_types), sizeof(*policy->aliases));
    if (!policy->classes || !policy->roles || !policy->types || !policy->users ||
        !policy->booleans || !policy->boolean_values || !policy->sensitivities ||
        !policy->categories || !policy->aliases || allocate_symbols(policy, db) < 0)
        return -ENOMEM;

    for (unsigned i = 0; i < ELEMENTS_OF(tables); i++) {
        int r = take_symbols(policy, db, &db->symtab[tables[i].table], tables[i].take);

        if (r < 0)
            *ret_problem = tables[i].problem;
        if (r < 0)
            return r;
    }
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
        BITMAP_FOREACH(&db->type_attr_map[type - 1], bit)
        {
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
        BITMAP_FOREACH(&db->type_attr_map[type - 1], bit)
        {
            values[total++] = (uint16_t)(bit + 1);
            if (!policy->types[type - 1].is_attribute)
                members[member_starts[bit + 1]++] = (uint16_t)type;
        }

    policy->attributes = (ValueMap){starts, values, n};
    policy->members = (ValueMap){member_starts, members, n};
    BITMAP_FOREACH(&db->permissive_map, bit)
    {
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
        build_names,        build_attributes,         build_roles,           build_conditions,
        policy_build_rules, policy_build_constraints, policy_build_networks,
    };
    uint32_t bit = 0;

    policy->version = db->policyvers;
    policy->mls = db->mls != 0;
    policy->handle_unknown = db->handle_unknown == SEPOL_ALLOW_UNKNOWN    ? POLICY_UNKNOWN_ALLOW
                             : db->handle_unknown == SEPOL_REJECT_UNKNOWN ? POLICY_UNKNOWN_REJECT
                                                                          : POLICY_UNKNOWN_DENY;
    BITMAP_FOREACH(&db->policycaps, bit)
    if (bit < 64)
        policy->capabilities |= UINT64_C(1) << bit;

    for (size_t i = 0; i < ELEMENTS_OF(steps); i++) {
        int r = steps[i](policy, db, ret_problem);

        if (r < 0)
            return r;
    }
    return 0;
}
