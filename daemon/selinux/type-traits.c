/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/type-traits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/exposure-internal.h"

/* --- what one domain may do ----------------------------------------------- */

typedef struct ClassRules {
    const Policy *policy;
    uint32_t class;
    uint32_t allowed;
} ClassRules;

static ClassRules rules_for(const Hypothesis *hypothesis, uint32_t domain, uint32_t type,
                            const char *class_name)
{
    uint32_t class = policy_find_class(hypothesis->policy, class_name);

    return (ClassRules){
        .policy = hypothesis->policy,
        .class = class,
        .allowed = class != 0 ? decide_allowed_by_rules(hypothesis, domain, type, class) : 0,
    };
}

static bool may(const ClassRules *rules, const char *permission)
{
    return (rules->allowed & policy_find_permission(rules->policy, rules->class, permission)) != 0;
}

int type_use_read(const Hypothesis *hypothesis, const char *domain, const char *type,
                  TypeUse *ret_use)
{
    uint32_t source = hypothesis_find_type(hypothesis, domain);
    uint32_t target = hypothesis_find_type(hypothesis, type);
    ClassRules file, dir, link, socket;

    if (source == 0 || target == 0)
        return -ENOENT;
    file = rules_for(hypothesis, source, target, "file");
    dir = rules_for(hypothesis, source, target, "dir");
    link = rules_for(hypothesis, source, target, "lnk_file");
    socket = rules_for(hypothesis, source, target, "sock_file");
    *ret_use = (TypeUse){
        .file_read = may(&file, "open") && may(&file, "read") && may(&file, "getattr"),
        .file_write = may(&file, "open") && (may(&file, "write") || may(&file, "append")),
        .file_create = may(&file, "create") && may(&file, "write"),
        .file_map = may(&file, "map"),
        .file_execute = may(&file, "execute") && may(&file, "execute_no_trans"),
        .dir_search = may(&dir, "search"),
        .dir_list = may(&dir, "open") && may(&dir, "read"),
        .dir_write = may(&dir, "write") && may(&dir, "add_name") && may(&dir, "remove_name"),
        .symlink_read = may(&link, "read"),
        .socket_connect = may(&socket, "write"),
        .socket_create = may(&socket, "create"),
    };
    return 0;
}

/* --- what kind of type it is ---------------------------------------------- */

static bool has_attribute(const Hypothesis *hypothesis, uint32_t type, const char *name)
{
    uint32_t attribute = policy_find_attribute(hypothesis->policy, name);

    return attribute != 0 &&
           policy_span_contains(hypothesis_attributes_of(hypothesis, type), attribute);
}

/* The policy has the attribute, and the type does not. */
static bool lacks_attribute(const Hypothesis *hypothesis, uint32_t type, const char *name)
{
    return policy_find_attribute(hypothesis->policy, name) != 0 &&
           !has_attribute(hypothesis, type, name);
}

static bool ends_like_a_secret(const char *name)
{
    static const char *const endings[] = {
        "_key_t",      "_keys_t",        "_keytab_t", "_private_t", "_secret_t",
        "_secrets_t",  "_credentials_t", "_passwd_t", "shadow_t",   "ssh_home_t",
        "_key_file_t", "_cert_key_t",    "dnssec_t",
    };
    size_t length = strlen(name);

    for (size_t i = 0; i < ELEMENTS_OF(endings); i++) {
        size_t ending = strlen(endings[i]);

        if (length >= ending && streq(name + length - ending, endings[i]))
            return true;
    }
    return false;
}

static bool policy_marks_secrets(const Policy *policy)
{
    return policy_find_attribute(policy, "security_file_type") != 0 ||
           policy_find_attribute(policy, "auth_file_type") != 0 ||
           policy_find_attribute(policy, "non_security_file_type") != 0 ||
           policy_find_attribute(policy, "non_auth_file_type") != 0;
}

static bool is_secret_by_attributes(const Hypothesis *hypothesis, uint32_t type)
{
    return has_attribute(hypothesis, type, "security_file_type") ||
           has_attribute(hypothesis, type, "auth_file_type") ||
           lacks_attribute(hypothesis, type, "non_security_file_type") ||
           lacks_attribute(hypothesis, type, "non_auth_file_type");
}

/* A type whose objects some file system may hold. */
static bool can_be_stored(const Hypothesis *hypothesis, uint32_t type, uint32_t n_types,
                          uint32_t *row)
{
    uint32_t class = policy_find_class(hypothesis->policy, "filesystem");
    uint32_t associate = policy_find_permission(hypothesis->policy, class, "associate");

    if (associate == 0)
        return false;
    exposure_fill_row(hypothesis, type, class, n_types, row);
    for (uint32_t target = 1; target <= n_types; target++)
        if (row[target] & associate)
            return true;
    return false;
}

/* Domains by attribute; in a policy without one, whatever may act on itself as a process. */
static bool is_domain(const Hypothesis *hypothesis, uint32_t type)
{
    uint32_t process = hypothesis->policy->process_class;

    if (policy_type_is_attribute(hypothesis->policy, type))
        return false;
    if (policy_find_attribute(hypothesis->policy, "domain") != 0)
        return has_attribute(hypothesis, type, "domain");
    return process != 0 && decide_allowed_by_rules(hypothesis, type, type, process) != 0;
}

/* Whether a domain may open and read files of the types, by value. */
static void fill_readable(const Hypothesis *hypothesis, uint32_t domain, uint32_t n_types,
                          uint32_t *row)
{
    const Policy *policy = hypothesis->policy;
    const uint32_t file = policy_find_class(policy, "file");
    const uint32_t open = policy_find_permission(policy, file, "open");
    const uint32_t read = policy_find_permission(policy, file, "read");

    exposure_fill_row(hypothesis, domain, file, n_types, row);
    for (uint32_t type = 1; type <= n_types; type++)
        row[type] = (row[type] & open) != 0 && (row[type] & read) != 0;
}

/* Who reads nearly every type of file that anybody reads, but not this one, was kept from it. */
static int is_kept_from_broad_readers(const Hypothesis *hypothesis, uint32_t type, uint32_t n_types)
{
    const size_t cells = (size_t)n_types + 1;
    _cleanup_free_ uint32_t *row = calloc(2 * cells, sizeof(*row));
    uint32_t *read_by_any = row + cells;
    uint32_t n_read = 0, n_broad = 0, n_kept = 0;

    if (!row)
        return -ENOMEM;
    for (uint32_t domain = 1; domain <= n_types; domain++) {
        if (!is_domain(hypothesis, domain))
            continue;
        fill_readable(hypothesis, domain, n_types, row);
        for (uint32_t target = 1; target <= n_types; target++)
            read_by_any[target] |= row[target];
    }
    for (uint32_t target = 1; target <= n_types; target++)
        n_read += read_by_any[target];
    for (uint32_t domain = 1; domain <= n_types; domain++) {
        uint32_t n = 0;

        if (!is_domain(hypothesis, domain))
            continue;
        fill_readable(hypothesis, domain, n_types, row);
        for (uint32_t target = 1; target <= n_types; target++)
            n += row[target];
        if (5 * (uint64_t)n < 4 * (uint64_t)n_read)
            continue;
        n_broad++;
        n_kept += row[type] == 0;
    }
    return n_broad > 0 && 2 * n_kept > n_broad;
}

static int holds_secrets(const Hypothesis *hypothesis, uint32_t type, uint32_t n_types)
{
    if (ends_like_a_secret(strempty(hypothesis_type_name(hypothesis, type))))
        return true;
    return policy_marks_secrets(hypothesis->policy)
               ? is_secret_by_attributes(hypothesis, type)
               : is_kept_from_broad_readers(hypothesis, type, n_types);
}

static bool is_unlabelled(const Hypothesis *hypothesis, uint32_t type)
{
    const uint32_t *initial = hypothesis->policy->initial_types;

    return type == initial[INITIAL_SID_UNLABELED] || type == initial[INITIAL_SID_FILE];
}

static void count_users(const Hypothesis *hypothesis, uint32_t type, uint32_t n_types,
                        uint32_t *column, TypeTraits *traits)
{
    const Policy *policy = hypothesis->policy;
    uint32_t file = policy_find_class(policy, "file");
    uint32_t open = policy_find_permission(policy, file, "open");
    uint32_t read = policy_find_permission(policy, file, "read");
    uint32_t write = policy_find_permission(policy, file, "write") |
                     policy_find_permission(policy, file, "append");

    if (file != 0)
        exposure_fill_column(hypothesis, type, file, n_types, column);
    for (uint32_t domain = 1; domain <= n_types; domain++) {
        if (!is_domain(hypothesis, domain))
            continue;
        traits->domains++;
        if (file == 0 || !(column[domain] & open))
            continue;
        traits->readers += (column[domain] & read) != 0;
        traits->writers += (column[domain] & write) != 0;
    }
}

int type_traits_read(const Hypothesis *hypothesis, const char *type, TypeTraits *ret_traits)
{
    uint32_t value = hypothesis_find_type(hypothesis, type);
    uint32_t n_types = hypothesis_n_types(hypothesis);
    _cleanup_free_ uint32_t *cells = NULL;
    TypeTraits traits = {};
    int secrets = 0;

    if (value == 0)
        return -ENOENT;
    cells = calloc((size_t)n_types + 1, sizeof(*cells));
    if (!cells)
        return -ENOMEM;
    traits.is_domain = is_domain(hypothesis, value);
    traits.is_port_type = has_attribute(hypothesis, value, "port_type");
    traits.is_file_type = can_be_stored(hypothesis, value, n_types, cells);
    traits.is_unlabelled = is_unlabelled(hypothesis, value);
    traits.is_from_mount = policy_type_is_from_mount(hypothesis->policy, value);
    if (traits.is_file_type)
        secrets = holds_secrets(hypothesis, value, n_types);
    if (secrets < 0)
        return secrets;
    traits.holds_secrets = secrets > 0;
    count_users(hypothesis, value, n_types, cells, &traits);
    *ret_traits = traits;
    return 0;
}

bool type_traits_suit_files(const TypeTraits *traits)
{
    return traits->is_file_type && !traits->is_domain && !traits->is_unlabelled &&
           !traits->is_from_mount;
}
