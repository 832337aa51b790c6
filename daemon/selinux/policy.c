/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/policy.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/policy-internal.h"

#define TEXT_BLOCK_SIZE 16384u

struct PolicyBlock {
    PolicyBlock *next;
    size_t size;
    alignas(max_align_t) unsigned char memory[];
};

void *policy_allocate(Policy *policy, size_t n, size_t size)
{
    PolicyBlock *block;
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) ||
        __builtin_add_overflow(bytes, sizeof(*block), &bytes))
        return NULL;
    block = calloc(1, bytes);
    if (!block)
        return NULL;
    block->size = bytes;
    block->next = policy->blocks;
    policy->blocks = block;
    policy->memory += bytes;
    return block->memory;
}

void policy_release(Policy *policy, void *memory)
{
    PolicyBlock *block = policy->blocks;

    if (!block || block->memory != memory)
        return;
    policy->blocks = block->next;
    policy->memory -= block->size;
    free(block);
}

const char *policy_copy_string(Policy *policy, const char *text, size_t length)
{
    char *copy;

    if (length >= policy->text_room) {
        size_t size = length >= TEXT_BLOCK_SIZE ? length + 1 : TEXT_BLOCK_SIZE;

        policy->text = policy_allocate(policy, size, 1);
        policy->text_room = policy->text ? size : 0;
        if (!policy->text)
            return NULL;
    }
    copy = policy->text;
    memcpy(copy, text, length);
    copy[length] = '\0';
    policy->text += length + 1;
    policy->text_room -= length + 1;
    return copy;
}

Policy *policy_free(Policy *policy)
{
    if (!policy)
        return NULL;
    while (policy->blocks) {
        PolicyBlock *block = policy->blocks;

        policy->blocks = block->next;
        free(block);
    }
    free(policy);
    return NULL;
}

uint32_t policy_find_symbol(const Policy *policy, SymbolKind kind, const char *name, size_t length)
{
    uint32_t slot;

    if (!policy->symbols)
        return 0;
    slot = (uint32_t)hash_bytes(HASH_SEED + kind, name, length) & policy->symbols_mask;
    for (; policy->symbols[slot].name; slot = (slot + 1) & policy->symbols_mask) {
        const Symbol *symbol = &policy->symbols[slot];

        if (symbol->kind == kind && strncmp(symbol->name, name, length) == 0 &&
            symbol->name[length] == '\0')
            return symbol->value;
    }
    return 0;
}

unsigned policy_version(const Policy *policy)
{
    return policy->version;
}

bool policy_is_mls(const Policy *policy)
{
    return policy->mls;
}

PolicyUnknown policy_handle_unknown(const Policy *policy)
{
    return policy->handle_unknown;
}

bool policy_has_capability(const Policy *policy, unsigned capability)
{
    return capability < 64 && (policy->capabilities >> capability & 1);
}

size_t policy_memory(const Policy *policy)
{
    return policy->memory + sizeof(*policy);
}

size_t policy_n_rules(const Policy *policy)
{
    return policy->rules[RULES_ALLOW].n_rules;
}

size_t policy_n_conditional_rules(const Policy *policy)
{
    return policy->rules[RULES_ALLOW_CONDITIONAL].n_rules;
}

uint32_t policy_n_types(const Policy *policy)
{
    return policy->n_types;
}

uint32_t policy_find_type(const Policy *policy, const char *name)
{
    uint32_t type = policy_find_symbol(policy, SYMBOL_TYPE, name, strlen(name));

    return policy_type_is_attribute(policy, type) ? 0 : type;
}

uint32_t policy_find_attribute(const Policy *policy, const char *name)
{
    uint32_t type = policy_find_symbol(policy, SYMBOL_TYPE, name, strlen(name));

    return policy_type_is_attribute(policy, type) ? type : 0;
}

const char *policy_type_name(const Policy *policy, uint32_t type)
{
    return type > 0 && type <= policy->n_types ? policy->types[type - 1].name : NULL;
}

bool policy_type_is_attribute(const Policy *policy, uint32_t type)
{
    return type > 0 && type <= policy->n_types && policy->types[type - 1].is_attribute;
}

bool policy_type_is_permissive(const Policy *policy, uint32_t type)
{
    return type > 0 && type <= policy->n_types && policy->types[type - 1].is_permissive;
}

bool policy_type_is_from_mount(const Policy *policy, uint32_t type)
{
    return type > 0 && type <= policy->n_types && policy->types[type - 1].is_from_mount;
}

uint32_t policy_type_bounds(const Policy *policy, uint32_t type)
{
    return type > 0 && type <= policy->n_types ? policy->types[type - 1].bounds : 0;
}

bool policy_type_has_attribute(const Policy *policy, uint32_t type, uint32_t attribute)
{
    return policy_span_contains(policy_attributes_of(policy, type), attribute);
}

PolicySpan policy_attributes_of(const Policy *policy, uint32_t type)
{
    return value_map_get(&policy->attributes, type);
}

PolicySpan policy_types_of(const Policy *policy, uint32_t attribute)
{
    return value_map_get(&policy->members, attribute);
}

size_t policy_n_aliases(const Policy *policy)
{
    return policy->n_aliases;
}

void policy_get_alias(const Policy *policy, size_t index, const char **ret_name, uint32_t *ret_type)
{
    bool exists = index < policy->n_aliases;

    *ret_name = exists ? policy->aliases[index].name : NULL;
    *ret_type = exists ? policy->aliases[index].type : 0;
}

uint32_t policy_n_classes(const Policy *policy)
{
    return policy->n_classes;
}

uint32_t policy_find_class(const Policy *policy, const char *name)
{
    return policy_find_symbol(policy, SYMBOL_CLASS, name, strlen(name));
}

const char *policy_class_name(const Policy *policy, uint32_t class)
{
    return class > 0 && class <= policy->n_classes ? policy->classes[class - 1].name : NULL;
}

uint32_t policy_find_permission(const Policy *policy, uint32_t class, const char *name)
{
    if (class == 0 || class > policy->n_classes)
        return 0;
    for (unsigned i = 0; i < 32; i++) {
        const char *known = policy->classes[class - 1].permission_names[i];

        if (known && streq(known, name))
            return UINT32_C(1) << i;
    }
    return 0;
}

uint32_t policy_class_permissions(const Policy *policy, uint32_t class)
{
    return class > 0 && class <= policy->n_classes ? policy->classes[class - 1].permissions : 0;
}

const char *policy_permission_name(const Policy *policy, uint32_t class, uint32_t permission)
{
    if (class == 0 || class > policy->n_classes || permission == 0)
        return NULL;
    return policy->classes[class - 1].permission_names[__builtin_ctz(permission)];
}

char *policy_permissions_to_string(const Policy *policy, uint32_t class, uint32_t permissions)
{
    _cleanup_strv_ char **names = NULL;

    for (uint32_t rest = permissions; rest != 0; rest &= rest - 1) {
        const char *name = policy_permission_name(policy, class, rest);

        if (name && strv_append(&names, name) < 0)
            return NULL;
    }
    strv_sort(names);
    return strv_join(names, " ");
}

uint32_t policy_find_user(const Policy *policy, const char *name)
{
    return policy_find_symbol(policy, SYMBOL_USER, name, strlen(name));
}

uint32_t policy_find_role(const Policy *policy, const char *name)
{
    return policy_find_symbol(policy, SYMBOL_ROLE, name, strlen(name));
}

const char *policy_user_name(const Policy *policy, uint32_t user)
{
    return user > 0 && user <= policy->n_users ? policy->users[user - 1].name : NULL;
}

const char *policy_role_name(const Policy *policy, uint32_t role)
{
    return role > 0 && role <= policy->n_roles ? policy->roles[role - 1].name : NULL;
}

uint32_t policy_n_booleans(const Policy *policy)
{
    return policy->n_booleans;
}

uint32_t policy_find_boolean(const Policy *policy, const char *name)
{
    return policy_find_symbol(policy, SYMBOL_BOOLEAN, name, strlen(name));
}

const char *policy_boolean_name(const Policy *policy, uint32_t boolean)
{
    return boolean > 0 && boolean <= policy->n_booleans ? policy->booleans[boolean - 1] : NULL;
}

bool policy_boolean_value(const Policy *policy, uint32_t boolean)
{
    return boolean > 0 && boolean <= policy->n_booleans && policy->boolean_values[boolean - 1];
}

uint32_t policy_n_conditions(const Policy *policy)
{
    return policy->n_conditions;
}

PolicySpan policy_condition_booleans(const Policy *policy, uint32_t condition)
{
    if (condition >= policy->n_conditions)
        return (PolicySpan){NULL, 0};
    return policy->conditions[condition].booleans;
}
