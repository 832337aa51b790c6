/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/cil.h"

#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"

typedef struct CilReader {
    const char *at;
    unsigned line;
    CilModule module;
    const char *fault; /* of the first error */
} CilReader;

static void rule_clear(CilRule *rule)
{
    free(rule->source);
    free(rule->target);
    free(rule->target_class);
    strv_free(rule->permissions);
    *rule = (CilRule){};
}

void cil_module_clear(CilModule *module)
{
    free(module->type);
    strv_free(module->attributes);
    for (size_t i = 0; i < module->n_rules; i++)
        rule_clear(&module->rules[i]);
    free(module->rules);
    *module = (CilModule){};
}

static int fail(CilReader *reader, int error, const char *fault)
{
    if (!reader->fault)
        reader->fault = fault;
    return error;
}

/* --- tokens --------------------------------------------------------------- */

static void skip_blanks(CilReader *reader)
{
    for (; *reader->at == ' ' || *reader->at == '\n'; reader->at++)
        reader->line += *reader->at == '\n';
}

static bool next_is(CilReader *reader, char token)
{
    skip_blanks(reader);
    return *reader->at == token;
}

static int take(CilReader *reader, char token)
{
    if (!next_is(reader, token))
        return fail(reader, -EINVAL,
                    token == '(' ? "\"(\" is expected here" : "\")\" is expected here");
    reader->at++;
    return 0;
}

static size_t name_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* The name belongs to the caller. */
static int take_name(CilReader *reader, char **ret_name)
{
    size_t length;

    skip_blanks(reader);
    length = name_length(reader->at);
    if (length == 0 || (*reader->at >= '0' && *reader->at <= '9'))
        return fail(reader, -EINVAL, "a name is expected here");
    if (length > CIL_NAME_MAX)
        return fail(reader, -E2BIG, "the name is too long");
    *ret_name = strndup(reader->at, length);
    if (!*ret_name)
        return -ENOMEM;
    reader->at += length;
    return 0;
}

/* The name of the type that the module declares, which must come first. */
static int take_own_type(CilReader *reader)
{
    _cleanup_free_ char *name = NULL;
    int r = take_name(reader, &name);

    if (r < 0)
        return r;
    if (!reader->module.type || !streq(reader->module.type, name))
        return fail(reader, -EINVAL, "this may only be about the type declared before it");
    return 0;
}

/* --- statements ------------------------------------------------------------- */

static int read_type(CilReader *reader)
{
    if (reader->module.type)
        return fail(reader, -EINVAL, "only one type may be declared");
    return take_name(reader, &reader->module.type);
}

static int read_role(CilReader *reader)
{
    _cleanup_free_ char *role = NULL;
    int r = take_name(reader, &role);

    if (r < 0)
        return r;
    if (!streq(role, "object_r"))
        return fail(reader, -EINVAL, "only the role object_r is permitted");
    r = take_own_type(reader);
    if (r >= 0)
        reader->module.has_role = true;
    return r;
}

static int read_attribute(CilReader *reader)
{
    _cleanup_free_ char *attribute = NULL;
    int r = take_name(reader, &attribute);

    if (r < 0)
        return r;
    if (strv_length(reader->module.attributes) >= CIL_ATTRIBUTES_MAX)
        return fail(reader, -E2BIG, "there are too many attributes");
    if ((r = take(reader, '(')) < 0 || (r = take_own_type(reader)) < 0 ||
        (r = take(reader, ')')) < 0)
        return r;
    return strv_append(&reader->module.attributes, attribute);
}

static int read_permissions(CilReader *reader, CilRule *rule)
{
    int r = take(reader, '(');

    if (r < 0)
        return r;
    do {
        _cleanup_free_ char *permission = NULL;

        r = take_name(reader, &permission);
        if (r < 0)
            return r;
        if (strv_length(rule->permissions) >= 32) /* a class has no more */
            return fail(reader, -E2BIG, "there are too many permissions");
        r = strv_append(&rule->permissions, permission);
        if (r < 0)
            return r;
    } while (!next_is(reader, ')'));
    return take(reader, ')');
}

static int read_rule_parts(CilReader *reader, CilRule *rule)
{
    int r;

    if ((r = take_name(reader, &rule->source)) < 0 || (r = take_name(reader, &rule->target)) < 0 ||
        (r = take(reader, '(')) < 0 || (r = take_name(reader, &rule->target_class)) < 0 ||
        (r = read_permissions(reader, rule)) < 0)
        return r;
    return take(reader, ')');
}

static int read_rule(CilReader *reader)
{
    CilModule *module = &reader->module;
    CilRule *grown, rule = {};
    int r;

    if (module->n_rules >= CIL_RULES_MAX)
        return fail(reader, -E2BIG, "there are too many rules");
    grown = reallocarray(module->rules, module->n_rules + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    module->rules = grown;
    r = read_rule_parts(reader, &rule);
    if (r < 0) {
        rule_clear(&rule);
        return r;
    }
    module->rules[module->n_rules++] = rule;
    return 0;
}

static const struct {
    const char *keyword;
    int (*read)(CilReader *reader);
} statements[] = {
    {"type", read_type},
    {"roletype", read_role},
    {"typeattributeset", read_attribute},
    {"allow", read_rule},
};

static int read_statement(CilReader *reader)
{
    _cleanup_free_ char *keyword = NULL;
    int r = take(reader, '(');

    if (r >= 0)
        r = take_name(reader, &keyword);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTS_OF(statements); i++)
        if (streq(statements[i].keyword, keyword)) {
            r = statements[i].read(reader);
            return r < 0 ? r : take(reader, ')');
        }
    return fail(reader, -EINVAL, "such a statement is not permitted");
}

int cil_read(const char *text, CilModule *ret_module, char **ret_problem)
{
    CilReader reader = {.at = text, .line = 1};
    int r = 0;

    if (strlen(text) > PLAN_CIL_MAX)
        r = fail(&reader, -E2BIG, "the module is too large");
    while (r >= 0 && !next_is(&reader, '\0'))
        r = read_statement(&reader);
    if (r >= 0 && reader.module.n_rules == 0)
        r = fail(&reader, -EINVAL, "there is no rule");
    if (r >= 0 && reader.module.type && !reader.module.has_role)
        r = fail(&reader, -EINVAL, "the type has no role");
    if (r >= 0) {
        *ret_module = reader.module;
        return 0;
    }
    cil_module_clear(&reader.module);
    if (reader.fault) {
        *ret_problem = format_string("line %u: %s", reader.line, reader.fault);
        if (!*ret_problem)
            return -ENOMEM;
    }
    return r;
}
