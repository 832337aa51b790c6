/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last resort: allow rules in a module of their own, for just what the operation is denied.
 * Only where nothing smaller was found, and never onto a type that holds secrets or that
 * everything without a label has.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates.h"
#include "daemon/diagnose/module-text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/type-traits.h"

typedef struct Rule {
    char target[256];
    char *class;
    char **permissions;
} Rule;

typedef struct Rules {
    Rule items[OPERATION_QUESTIONS_MAX];
    size_t n;
    char source[256];
    bool hopeless; /* something other than a missing rule stands in the way */
} Rules;

static void rules_clear(Rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free(rules->items[i].class);
        strv_free(rules->items[i].permissions);
    }
    rules->n = 0;
}

static int find_rule(Rules *rules, const char *target, const char *class, Rule **ret_rule)
{
    Rule *rule = rules->items;

    for (; rule < rules->items + rules->n; rule++)
        if (streq(rule->target, target) && streq(rule->class, class)) {
            *ret_rule = rule;
            return 0;
        }
    *rule = (Rule){.class = strdup(class)};
    if (!rule->class)
        return -ENOMEM;
    memcpy(rule->target, target, strlen(target) + 1);
    rules->n++;
    *ret_rule = rule;
    return 0;
}

static int take_denied(Rules *rules, const Access *access, const Decision *decision)
{
    char target[256];
    Rule *rule = NULL;
    int r = context_type_copy(access->target_context, target, sizeof(target));

    for (size_t i = 0; r >= 0 && i < decision->n_permissions; i++) {
        const DecidePermission *permission = &decision->permissions[i];

        if (permission->allowed)
            continue;
        rules->hopeless |= (permission->blocks & ~(unsigned)(BLOCK_NO_RULE | BLOCK_CONDITION)) != 0;
        if (!rule)
            r = find_rule(rules, target, access->target_class, &rule);
        if (r >= 0 && !strv_contains(rule->permissions, permission->name))
            r = strv_append(&rule->permissions, permission->name);
    }
    return r;
}

/* What the policy denies of the operation, merged by target and class. */
static int collect(const CandidateContext *context, Rules *rules)
{
    const Operation *operation = context->operation;
    int r = context_type_copy(operation->questions[0].access.source_context, rules->source,
                              sizeof(rules->source));

    for (size_t i = 0; r >= 0 && i < operation->n_questions; i++) {
        Decision decision = {};
        Access access = {};

        r = operation_resolve(&operation->questions[i], context->current, &access);
        if (r >= 0)
            r = decide_access(context->current, &access, &decision);
        if (r >= 0 && decision.status != DECIDE_OK)
            rules->hopeless = true;
        else if (r >= 0)
            r = take_denied(rules, &access, &decision);
        decision_clear(&decision);
        access_clear(&access);
    }
    return r;
}

/* A clause (the caller frees it) if nothing may be allowed onto the type; NULL if it may. */
static char *find_objection(const CandidateContext *context, const Rule *rule)
{
    TypeTraits traits;

    if (type_traits_read(context->current, rule->target, &traits) < 0 || traits.is_domain ||
        traits.is_port_type)
        return NULL; /* a process or a port holds none, whatever attributes it lacks */
    if (traits.holds_secrets)
        return format_string("%s holds secrets: a web server has no business there", rule->target);
    if (traits.is_unlabelled)
        return format_string("%s is what everything without a label of its own has: label the "
                             "object instead",
                             rule->target);
    return NULL;
}

static int assume(const Rules *rules, Hypothesis *after)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < rules->n; i++) {
        _cleanup_free_ char *permissions = strv_join(rules->items[i].permissions, " ");

        r = permissions ? hypothesis_add_allow(after, rules->source, rules->items[i].target,
                                               rules->items[i].class, permissions)
                        : -ENOMEM;
    }
    return r;
}

static int write_module(const Rules *rules, char **ret_cil)
{
    _cleanup_strv_ char **lines = calloc(1, sizeof(*lines));
    char *cil;

    for (size_t i = 0; lines && i < rules->n; i++) {
        const Rule *rule = &rules->items[i];
        _cleanup_free_ char *permissions = strv_join(rule->permissions, " ");
        _cleanup_free_ char *line =
            permissions ? module_rule(rules->source, rule->target, rule->class, permissions) : NULL;

        if (!line || strv_append(&lines, line) < 0)
            return -ENOMEM;
    }
    cil = lines ? strv_join(lines, "") : NULL;
    if (!cil)
        return -ENOMEM;
    *ret_cil = cil;
    return 0;
}

static int write_plan(const Rules *rules, Fix *fix)
{
    const Rule *first = &rules->items[0];
    const bool single = rules->n == 1 && strv_length(first->permissions) == 1;
    _cleanup_free_ char *name = module_name(rules->source, first->target, first->class);
    _cleanup_free_ char *cil = NULL;
    int r = name ? write_module(rules, &cil) : -ENOMEM;

    if (r >= 0)
        r = module_to_action(name, cil, &fix->plan);
    if (r < 0)
        return r;
    fix->summary = format_string(single ? "allow %s this one access to %s in a policy module of "
                                          "its own"
                                        : "allow %s what this takes, first of all on %s, in a "
                                          "policy module of its own",
                                 rules->source, first->target);
    return fix->summary ? 0 : -ENOMEM;
}

static int submit(Diagnosis *diagnosis, const CandidateContext *context, const Rules *rules)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(context->current);
    Fix fix = {.reversible = true};
    int r = after ? assume(rules, after) : -ENOMEM;

    if (r == -ENOENT || r == -EINVAL)
        return 0; /* about a class that this policy does not have */
    if (r >= 0)
        r = write_plan(rules, &fix);
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit(diagnosis, context, &fix, after);
}

int candidates_add_module(Diagnosis *diagnosis, const CandidateContext *context)
{
    _cleanup_free_ Rules *rules = calloc(1, sizeof(*rules));
    int r = rules ? collect(context, rules) : -ENOMEM;

    for (size_t i = 0; r >= 0 && i < rules->n; i++) {
        _cleanup_free_ char *objection = find_objection(context, &rules->items[i]);

        if (!objection)
            continue;
        r = diagnosis_add_refusal(diagnosis, "a policy module that allows it", objection);
        goto finish;
    }
    if (r >= 0 && rules->n > 0 && !rules->hopeless)
        r = submit(diagnosis, context, rules);
finish:
    if (rules)
        rules_clear(rules);
    return r;
}
