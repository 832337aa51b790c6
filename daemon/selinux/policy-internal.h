/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the policy view; for this folder only. All arrays are blocks owned by the
 * Policy (policy_allocate()), so that building has no clean-up of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/selinux/policy.h"
#include "daemon/selinux/rule-table.h"

struct policydb;

/* An operator or operand of a boolean expression in reverse Polish order; `kind` as
 * libsepol's COND_*. */
typedef struct ConditionTerm {
    uint16_t kind;
    uint16_t boolean;
} ConditionTerm;

typedef struct Condition {
    const ConditionTerm *terms;
    uint32_t n_terms;
    PolicySpan booleans;
} Condition;

/* A term of a constraint in reverse Polish order; `kind`, `attribute` and `op` as
 * libsepol's CEXPR_*. */
typedef struct ConstraintTerm {
    uint8_t kind;
    uint8_t op;
    uint16_t attribute;
    PolicySpan names;          /* users, roles or types, attributes expanded */
    PolicySpan written;        /* types as the source has them, may hold attributes */
    PolicySpan written_except; /* likewise, excluded */
    bool written_all;          /* "*" */
    bool written_complement;   /* "~" */
} ConstraintTerm;

typedef struct Constraint {
    uint32_t permissions;
    uint32_t n_terms;
    const ConstraintTerm *terms;
} Constraint;

typedef struct ClassInfo {
    const char *name; /* NULL: no class has this value */
    const char *permission_names[32];
    uint32_t permissions;
    const Constraint *constraints;
    uint32_t n_constraints;
} ClassInfo;

typedef struct TypeInfo {
    const char *name;
    uint32_t bounds;
    bool is_attribute;
    bool is_permissive;
    bool is_from_mount;
} TypeInfo;

/* Sets of values, one per key, packed: those of key k are values[starts[k - 1]] up to
 * values[starts[k]]. */
typedef struct ValueMap {
    const uint32_t *starts;
    const uint16_t *values;
    uint32_t n;
} ValueMap;

typedef struct RoleInfo {
    const char *name;
    PolicySpan dominates;
    PolicySpan types; /* that may have the role */
} RoleInfo;

/* Categories as bits, category - 1 up; as many words as policy_category_words() says. */
typedef struct LevelInfo {
    uint32_t sensitivity;
    const uint64_t *categories;
} LevelInfo;

typedef struct UserInfo {
    const char *name;
    PolicySpan roles;
    LevelInfo range[2]; /* lowest and highest level; without MLS all zero */
} UserInfo;

typedef struct SensitivityInfo {
    const char *name;
    const uint64_t *categories; /* that may go with it */
} SensitivityInfo;

typedef struct PortRecord {
    uint8_t protocol; /* IPPROTO_* */
    uint16_t low;
    uint16_t high;
    uint32_t type;
    const char *context;
} PortRecord;

typedef struct NodeRecord {
    uint8_t length; /* 4 or 16 */
    uint8_t address[16];
    uint8_t mask[16];
    const char *context;
} NodeRecord;

typedef struct NetifRecord {
    const char *name;
    const char *context;
} NetifRecord;

typedef enum SymbolKind {
    SYMBOL_TYPE, /* types, aliases and attributes share their names */
    SYMBOL_CLASS,
    SYMBOL_ROLE,
    SYMBOL_USER,
    SYMBOL_BOOLEAN,
    SYMBOL_SENSITIVITY,
    SYMBOL_CATEGORY,
} SymbolKind;

typedef struct Symbol {
    const char *name; /* NULL: the slot is free */
    uint32_t kind;
    uint32_t value;
} Symbol;

typedef struct Alias {
    const char *name;
    uint32_t type;
} Alias;

/* The commands that an allowxperm rule lists: of one driver (the upper byte), or all of every
 * driver in the set. In the rule tables such a rule has its index here, plus one, in place of
 * permissions. */
typedef struct IoctlRule {
    bool whole_drivers;
    uint8_t driver;
    uint32_t set[8]; /* bit n: function n of the driver, or driver n */
} IoctlRule;

typedef enum RuleKind {
    RULES_ALLOW,
    RULES_ALLOW_CONDITIONAL,
    RULES_DONTAUDIT,
    RULES_DONTAUDIT_CONDITIONAL,
    RULES_XPERM,
    RULES_XPERM_CONDITIONAL,
    RULES_COUNT,
} RuleKind;

/* Initial SIDs, as the kernel numbers them (security/selinux/include/flask.h). */
typedef enum InitialSid {
    INITIAL_SID_UNLABELED = 3,
    INITIAL_SID_FILE = 5,
    INITIAL_SID_PORT = 9,
    INITIAL_SID_NETIF = 10,
    INITIAL_SID_NODE = 12,
    INITIAL_SID_COUNT = 32,
} InitialSid;

typedef struct PolicyBlock PolicyBlock;

struct Policy {
    PolicyBlock *blocks;
    size_t memory;
    char *text; /* free room for names */
    size_t text_room;

    unsigned version;
    bool mls;
    PolicyUnknown handle_unknown;
    uint64_t capabilities;

    uint32_t n_types;
    TypeInfo *types; /* by value - 1, as all below */
    ValueMap attributes;
    ValueMap members;
    Alias *aliases;
    size_t n_aliases;

    uint32_t n_classes;
    ClassInfo *classes;
    uint32_t n_roles;
    RoleInfo *roles;
    uint32_t n_users;
    UserInfo *users;
    uint32_t n_sensitivities;
    SensitivityInfo *sensitivities;
    uint32_t n_categories;
    const char **categories;

    uint32_t process_class;
    uint32_t process_transitions; /* transition | dyntransition */
    uint32_t *role_allows;        /* from << 16 | to */
    size_t n_role_allows;

    uint32_t n_booleans;
    const char **booleans;
    bool *boolean_values;
    uint32_t n_conditions;
    Condition *conditions;

    RuleTable rules[RULES_COUNT];
    IoctlRule *ioctl_rules; /* what the rules of the two xperm tables point at */
    size_t n_ioctl_rules;

    PortRecord *ports;
    size_t n_ports;
    NodeRecord *nodes;
    size_t n_nodes;
    NetifRecord *netifs;
    size_t n_netifs;
    const char *initial_contexts[INITIAL_SID_COUNT];
    uint32_t initial_types[INITIAL_SID_COUNT];

    Symbol *symbols;
    uint32_t symbols_mask;
};

/* A number of an image: 32-bit little endian. */
uint32_t policy_image_number(const unsigned char *bytes);
/* The bytes of an image, which the caller frees. Returns 0, -EBADMSG for what is no image of a
 * policy, -EFBIG, -ENOMEM, or the errno of open() or read(). */
int policy_image_read(const char *path, void **ret_image, size_t *ret_size);

/* A view of what libsepol's CIL compiler made, for that version, without MLS and with unknown
 * permissions denied. Returns 0, -ENOMEM, or -EBADMSG. */
struct sepol_policydb;
int policy_view_compiled(const struct sepol_policydb *db, unsigned version, Policy **ret_policy);

/* Zeroed room for `n` elements, freed with the policy. NULL if out of memory. */
void *policy_allocate(Policy *policy, size_t n, size_t size);
/* Gives back the newest block before anything else was allocated. */
void policy_release(Policy *policy, void *memory);
const char *policy_copy_string(Policy *policy, const char *text, size_t length);
/* The value of a symbol, or 0. */
uint32_t policy_find_symbol(const Policy *policy, SymbolKind kind, const char *name, size_t length);

/* Fills an empty policy from libsepol's. Returns 0, -ENOMEM, or -EBADMSG with a
 * reason in *ret_problem (static). */
int policy_build(Policy *policy, const struct policydb *db, const char **ret_problem);
int policy_build_names(Policy *policy, const struct policydb *db, const char **ret_problem);
int policy_build_rules(Policy *policy, const struct policydb *db, const char **ret_problem);
int policy_build_constraints(Policy *policy, const struct policydb *db, const char **ret_problem);
int policy_build_networks(Policy *policy, const struct policydb *db, const char **ret_problem);

/* The role of objects: any type may have it, and any user. */
#define OBJECT_ROLE 1u

static inline size_t policy_category_words(const Policy *policy)
{
    return ((size_t)policy->n_categories + 63) / 64;
}

/* Whether b has every bit of a. */
static inline bool category_bits_within(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t i = 0; i < words; i++)
        if (a[i] & ~b[i])
            return false;
    return true;
}

static inline PolicySpan value_map_get(const ValueMap *map, uint32_t key)
{
    if (key == 0 || key > map->n)
        return (PolicySpan){NULL, 0};
    return (PolicySpan){map->values + map->starts[key - 1],
                        map->starts[key] - map->starts[key - 1]};
}

static inline bool policy_span_contains(PolicySpan span, uint32_t value)
{
    size_t low = 0;
    size_t high = span.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (span.values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < span.n && span.values[low] == value;
}
