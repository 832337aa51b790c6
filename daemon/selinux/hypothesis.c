/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/hypothesis.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/access.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/hypothesis-internal.h"

Hypothesis *hypothesis_free(Hypothesis *hypothesis)
{
    if (!hypothesis)
        return NULL;
    for (size_t i = 0; i < hypothesis->n_files; i++) {
        free(hypothesis->files[i].path);
        free(hypothesis->files[i].context);
    }
    for (size_t i = 0; i < hypothesis->n_types; i++) {
        free(hypothesis->types[i].name);
        free(hypothesis->types[i].attributes);
    }
    free(hypothesis->booleans);
    free(hypothesis->conditions);
    free(hypothesis->ports);
    free(hypothesis->files);
    free(hypothesis->types);
    free(hypothesis->rules);
    free(hypothesis);
    return NULL;
}

static void evaluate_conditions(Hypothesis *hypothesis)
{
    for (uint32_t i = 0; i < hypothesis->policy->n_conditions; i++)
        hypothesis->conditions[i] =
            (int8_t)policy_condition_evaluate(hypothesis->policy, i, hypothesis->booleans);
}

Hypothesis *hypothesis_new(const Policy *policy)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = calloc(1, sizeof(*hypothesis));

    if (!hypothesis)
        return NULL;
    hypothesis->policy = policy;
    /* One more each, so that no allocation is empty. */
    hypothesis->booleans = calloc((size_t)policy->n_booleans + 1, sizeof(bool));
    hypothesis->conditions = calloc((size_t)policy->n_conditions + 1, sizeof(int8_t));
    if (!hypothesis->booleans || !hypothesis->conditions)
        return NULL;
    memcpy(hypothesis->booleans, policy->boolean_values, policy->n_booleans * sizeof(bool));
    evaluate_conditions(hypothesis);
    return TAKE_POINTER(hypothesis);
}

/* A list that may be empty: NULL only if out of memory. */
static void *copy_items(const void *items, size_t n, size_t size)
{
    void *copy = calloc(n + 1, size);

    if (copy && n > 0)
        memcpy(copy, items, n * size);
    return copy;
}

static int copy_types(Hypothesis *copy, const Hypothesis *hypothesis)
{
    copy->types = calloc(hypothesis->n_types + 1, sizeof(*copy->types));
    if (!copy->types)
        return -ENOMEM;
    for (size_t i = 0; i < hypothesis->n_types; i++) {
        const AddedType *from = &hypothesis->types[i];
        AddedType *to = &copy->types[copy->n_types++];

        to->name = strdup(from->name);
        to->attributes =
            copy_items(from->attributes, from->n_attributes, sizeof(*from->attributes));
        to->n_attributes = from->n_attributes;
        if (!to->name || !to->attributes)
            return -ENOMEM;
    }
    return 0;
}

static int copy_files(Hypothesis *copy, const Hypothesis *hypothesis)
{
    copy->files = calloc(hypothesis->n_files + 1, sizeof(*copy->files));
    if (!copy->files)
        return -ENOMEM;
    for (size_t i = 0; i < hypothesis->n_files; i++) {
        copy->files[i] = hypothesis->files[i];
        copy->files[i].path = strdup(hypothesis->files[i].path);
        copy->files[i].context =
            hypothesis->files[i].context ? strdup(hypothesis->files[i].context) : NULL;
        copy->n_files++;
        if (!copy->files[i].path || (hypothesis->files[i].context && !copy->files[i].context))
            return -ENOMEM;
    }
    return 0;
}

Hypothesis *hypothesis_copy(const Hypothesis *hypothesis)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *copy = hypothesis_new(hypothesis->policy);

    if (!copy)
        return NULL;
    memcpy(copy->booleans, hypothesis->booleans, hypothesis->policy->n_booleans * sizeof(bool));
    evaluate_conditions(copy);
    copy->ports = copy_items(hypothesis->ports, hypothesis->n_ports, sizeof(*copy->ports));
    copy->rules = copy_items(hypothesis->rules, hypothesis->n_rules, sizeof(*copy->rules));
    if (!copy->ports || !copy->rules || copy_types(copy, hypothesis) < 0 ||
        copy_files(copy, hypothesis) < 0)
        return NULL;
    copy->n_ports = hypothesis->n_ports;
    copy->n_rules = hypothesis->n_rules;
    return TAKE_POINTER(copy);
}

const Policy *hypothesis_policy(const Hypothesis *hypothesis)
{
    return hypothesis->policy;
}

/* --- booleans ----------------------------------------------------------- */

int hypothesis_set_boolean_value(Hypothesis *hypothesis, uint32_t boolean, bool value)
{
    const Policy *policy = hypothesis->policy;

    if (boolean == 0 || boolean > policy->n_booleans)
        return -EINVAL;
    hypothesis->booleans[boolean - 1] = value;
    for (uint32_t i = 0; i < policy->n_conditions; i++)
        if (policy_span_contains(policy->conditions[i].booleans, boolean))
            hypothesis->conditions[i] =
                (int8_t)policy_condition_evaluate(policy, i, hypothesis->booleans);
    return 0;
}

int hypothesis_set_boolean(Hypothesis *hypothesis, const char *name, bool value)
{
    uint32_t boolean = policy_find_boolean(hypothesis->policy, name);

    return boolean == 0 ? -ENOENT : hypothesis_set_boolean_value(hypothesis, boolean, value);
}

bool hypothesis_boolean(const Hypothesis *hypothesis, uint32_t boolean)
{
    return boolean > 0 && boolean <= hypothesis->policy->n_booleans &&
           hypothesis->booleans[boolean - 1];
}

/* --- types -------------------------------------------------------------- */

uint32_t hypothesis_n_types(const Hypothesis *hypothesis)
{
    return hypothesis->policy->n_types + (uint32_t)hypothesis->n_types;
}

uint32_t hypothesis_find_type(const Hypothesis *hypothesis, const char *name)
{
    for (size_t i = 0; i < hypothesis->n_types; i++)
        if (streq(hypothesis->types[i].name, name))
            return hypothesis->policy->n_types + (uint32_t)i + 1;
    return policy_find_type(hypothesis->policy, name);
}

static const AddedType *added_type(const Hypothesis *hypothesis, uint32_t type)
{
    uint32_t n = hypothesis->policy->n_types;

    return type > n && type - n <= hypothesis->n_types ? &hypothesis->types[type - n - 1] : NULL;
}

const char *hypothesis_type_name(const Hypothesis *hypothesis, uint32_t type)
{
    const AddedType *added = added_type(hypothesis, type);

    return added ? added->name : policy_type_name(hypothesis->policy, type);
}

PolicySpan hypothesis_attributes_of(const Hypothesis *hypothesis, uint32_t type)
{
    const AddedType *added = added_type(hypothesis, type);

    return added ? (PolicySpan){added->attributes, added->n_attributes}
                 : policy_attributes_of(hypothesis->policy, type);
}

static int compare_values(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Room for one more; returns the (perhaps moved) list, or NULL if out of memory. */
static void *grow(void *items, size_t n, size_t size)
{
    return reallocarray(items, n + 1, size);
}

int hypothesis_add_type(Hypothesis *hypothesis, const char *name, char *const *attributes)
{
    const Policy *policy = hypothesis->policy;
    size_t n = strv_length(attributes);
    uint32_t value = hypothesis_n_types(hypothesis) + 1;
    _cleanup_free_ uint16_t *values = NULL;
    _cleanup_free_ char *copy = NULL;
    AddedType *types;
    size_t n_distinct = 0;

    if (hypothesis->n_types >= POLICY_HYPOTHESIS_ITEMS_MAX || value > UINT16_MAX)
        return -E2BIG;
    if (policy_find_symbol(policy, SYMBOL_TYPE, name, strlen(name)) != 0 ||
        hypothesis_find_type(hypothesis, name) != 0)
        return -EEXIST;

    values = calloc(n + 1, sizeof(*values));
    copy = strdup(name);
    if (!values || !copy)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        uint32_t attribute = policy_find_attribute(policy, attributes[i]);

        if (attribute == 0)
            return -ENOENT;
        values[i] = (uint16_t)attribute;
    }
    values[n] = (uint16_t)value;
    qsort(values, n + 1, sizeof(*values), compare_values);
    for (size_t i = 0; i <= n; i++)
        if (n_distinct == 0 || values[n_distinct - 1] != values[i])
            values[n_distinct++] = values[i];

    types = grow(hypothesis->types, hypothesis->n_types, sizeof(*types));
    if (!types)
        return -ENOMEM;
    hypothesis->types = types;
    types[hypothesis->n_types++] = (AddedType){
        .name = TAKE_POINTER(copy),
        .attributes = TAKE_POINTER(values),
        .n_attributes = n_distinct,
    };
    return 0;
}

/* --- rules -------------------------------------------------------------- */

static uint32_t find_type_or_attribute(const Hypothesis *hypothesis, const char *name)
{
    uint32_t type = hypothesis_find_type(hypothesis, name);

    return type != 0 ? type : policy_find_attribute(hypothesis->policy, name);
}

int hypothesis_add_allow(Hypothesis *hypothesis, const char *source, const char *target,
                         const char *class_name, const char *permissions)
{
    const Policy *policy = hypothesis->policy;
    _cleanup_strv_ char **names = NULL;
    AddedRule rule = {};
    AddedRule *rules;

    if (hypothesis->n_rules >= POLICY_HYPOTHESIS_ITEMS_MAX)
        return -E2BIG;
    rule.source = find_type_or_attribute(hypothesis, source);
    rule.target = streq(target, "self") ? 0 : find_type_or_attribute(hypothesis, target);
    rule.class = policy_find_class(policy, class_name);
    if (rule.source == 0 || (rule.target == 0 && !streq(target, "self")) || rule.class == 0)
        return -ENOENT;

    names = strv_split(permissions, " ");
    if (!names)
        return -ENOMEM;
    STRV_FOREACH (name, names) {
        uint32_t permission = policy_find_permission(policy, rule.class, *name);

        if (permission == 0)
            return -ENOENT;
        rule.permissions |= permission;
    }
    if (rule.permissions == 0)
        return -EINVAL;

    rules = grow(hypothesis->rules, hypothesis->n_rules, sizeof(*rules));
    if (!rules)
        return -ENOMEM;
    hypothesis->rules = rules;
    rules[hypothesis->n_rules++] = rule;
    return 0;
}

/* --- ports -------------------------------------------------------------- */

static const char *const protocol_names[PORT_PROTOCOL_COUNT] = {
    [PORT_TCP] = "tcp",
    [PORT_UDP] = "udp",
    [PORT_DCCP] = "dccp",
    [PORT_SCTP] = "sctp",
};

const char *port_protocol_to_string(PortProtocol protocol)
{
    return (unsigned)protocol < PORT_PROTOCOL_COUNT ? protocol_names[protocol] : NULL;
}

int port_protocol_from_string(const char *text, PortProtocol *ret_protocol)
{
    for (unsigned i = 0; text && i < PORT_PROTOCOL_COUNT; i++)
        if (streq(protocol_names[i], text)) {
            *ret_protocol = (PortProtocol)i;
            return 0;
        }
    return -EINVAL;
}

int hypothesis_set_port(Hypothesis *hypothesis, PortProtocol protocol, uint16_t low, uint16_t high,
                        const char *type)
{
    uint32_t value = hypothesis_find_type(hypothesis, type);
    PortOverride *ports;

    if ((unsigned)protocol >= PORT_PROTOCOL_COUNT || low > high)
        return -EINVAL;
    if (value == 0)
        return -ENOENT;
    if (hypothesis->n_ports >= POLICY_HYPOTHESIS_ITEMS_MAX)
        return -E2BIG;
    ports = grow(hypothesis->ports, hypothesis->n_ports, sizeof(*ports));
    if (!ports)
        return -ENOMEM;
    hypothesis->ports = ports;
    ports[hypothesis->n_ports++] = (PortOverride){protocol, low, high, value};
    return 0;
}

/* --- files -------------------------------------------------------------- */

/* `path` is absolute. Takes over `context`, also on failure. */
static int set_file(Hypothesis *hypothesis, const char *path, bool recursive, uint32_t type,
                    char *context)
{
    _cleanup_free_ char *owned = context, *copy = NULL;
    size_t length = strlen(path);
    FileOverride *files;

    if (hypothesis->n_files >= POLICY_HYPOTHESIS_ITEMS_MAX)
        return -E2BIG;
    while (length > 0 && path[length - 1] == '/')
        length--;
    copy = strndup(path, length);
    files = copy ? grow(hypothesis->files, hypothesis->n_files, sizeof(*files)) : NULL;
    if (!files)
        return -ENOMEM;
    hypothesis->files = files;
    files[hypothesis->n_files++] = (FileOverride){
        .path = TAKE_POINTER(copy),
        .recursive = recursive,
        .type = type,
        .context = TAKE_POINTER(owned),
    };
    return 0;
}

int hypothesis_set_file_type(Hypothesis *hypothesis, const char *path, bool recursive,
                             const char *type)
{
    uint32_t value = hypothesis_find_type(hypothesis, type);

    if (path[0] != '/')
        return -EINVAL;
    return value == 0 ? -ENOENT : set_file(hypothesis, path, recursive, value, /* context= */ NULL);
}

int hypothesis_set_file_context(Hypothesis *hypothesis, const char *path, bool recursive,
                                const char *context)
{
    size_t length;
    char *copy;

    if (path[0] != '/' || !context_type(context, &length))
        return -EINVAL;
    copy = strdup(context);
    return copy ? set_file(hypothesis, path, recursive, 0, copy) : -ENOMEM;
}

static bool covers_path(const FileOverride *file, const char *path)
{
    size_t length = strlen(file->path);

    if (strncmp(file->path, path, length) != 0)
        return false;
    path += length;
    if (*path == '\0')
        return true;
    return *path == '/' && (file->recursive || path[1] == '\0');
}

char *hypothesis_file_context(const Hypothesis *hypothesis, const char *path, const char *context)
{
    size_t length;

    if (!context_type(context, &length))
        return NULL;
    /* The latest wins. */
    for (size_t i = hypothesis->n_files; i > 0; i--) {
        const FileOverride *file = &hypothesis->files[i - 1];

        if (covers_path(file, path) && file->context)
            return strdup(file->context);
        if (covers_path(file, path))
            return context_with_type(context, hypothesis_type_name(hypothesis, file->type));
    }
    return strdup(context);
}
