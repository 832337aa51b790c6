/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and what belongs to each: classes, roles, types, users, booleans, levels. */
#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/policy-build.h"

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

static int take_boolean(Policy *policy, const policydb_t *db _unused_, const char *name,
                        const void *datum)
{
    const cond_bool_datum_t *boolean = datum;
    uint32_t value = boolean->s.value;

    if (value == 0 || value > policy->n_booleans)
        return -EBADMSG;
    policy->booleans[value - 1] = add_symbol(policy, SYMBOL_BOOLEAN, name, value);
    policy->boolean_values[value - 1] = boolean->state != 0;
    return policy->booleans[value - 1] ? 0 : -ENOMEM;
}

static int take_user(Policy *policy, const policydb_t *db _unused_, const char *name,
                     const void *datum)
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

static int take_role(Policy *policy, const policydb_t *db _unused_, const char *name,
                     const void *datum)
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

static int take_sensitivity(Policy *policy, const policydb_t *db _unused_, const char *name,
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

static int take_category(Policy *policy, const policydb_t *db _unused_, const char *name,
                         const void *datum)
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

static int take_class(Policy *policy, const policydb_t *db _unused_, const char *name,
                      const void *datum)
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

int policy_build_names(Policy *policy, const struct policydb *db, const char **ret_problem)
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
        if (db->symtab[tables[i].table].nprim > UINT16_MAX) {
            *ret_problem = "it has too many names";
            return -EBADMSG;
        }
    if (!db->sym_val_to_name[SYM_TYPES] && db->p_types.nprim > 0) {
        *ret_problem = "types have no names";
        return -EBADMSG;
    }

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
