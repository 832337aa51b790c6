/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The computation itself, layer by layer. */
#include <errno.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/selinux/constraint.h"
#include "daemon/selinux/decide-internal.h"

uint32_t decide_allowed_unconditionally(const Hypothesis *hypothesis, uint32_t source,
                                        uint32_t target, uint32_t class)
{
    PolicySpan sources = hypothesis_attributes_of(hypothesis, source);
    PolicySpan targets = hypothesis_attributes_of(hypothesis, target);
    uint32_t allowed;

    allowed = rule_table_permissions(&hypothesis->policy->rules[RULES_ALLOW], sources, targets,
                                     class, /* states= */ NULL);
    for (size_t i = 0; i < hypothesis->n_rules; i++) {
        const AddedRule *rule = &hypothesis->rules[i];

        if (added_rule_matches(rule, source, sources, target, targets, class))
            allowed |= rule->permissions;
    }
    return allowed;
}

uint32_t decide_allowed_by_rules(const Hypothesis *hypothesis, uint32_t source, uint32_t target,
                                 uint32_t class)
{
    return decide_allowed_unconditionally(hypothesis, source, target, class) |
           rule_table_permissions(&hypothesis->policy->rules[RULES_ALLOW_CONDITIONAL],
                                  hypothesis_attributes_of(hypothesis, source),
                                  hypothesis_attributes_of(hypothesis, target), class,
                                  hypothesis->conditions);
}

static uint32_t allowed_by_constraints(const Hypothesis *hypothesis, const SecurityContext *source,
                                       const SecurityContext *target, uint32_t class)
{
    const ClassInfo *info = &hypothesis->policy->classes[class - 1];
    uint32_t allowed = ~UINT32_C(0);

    for (uint32_t i = 0; i < info->n_constraints; i++)
        if (info->constraints[i].permissions & allowed &&
            !constraint_holds(hypothesis, &info->constraints[i], source, target))
            allowed &= ~info->constraints[i].permissions;
    return allowed;
}

static uint32_t allowed_by_roles(const Policy *policy, const SecurityContext *source,
                                 const SecurityContext *target, uint32_t class)
{
    uint32_t wanted = source->role << 16 | target->role;

    if (class != policy->process_class || source->role == target->role)
        return ~UINT32_C(0);
    for (size_t i = 0; i < policy->n_role_allows; i++)
        if (policy->role_allows[i] == wanted)
            return ~UINT32_C(0);
    return ~policy->process_transitions;
}

static Layers layers_at_depth(const Hypothesis *hypothesis, const SecurityContext *source,
                              const SecurityContext *target, uint32_t class, unsigned depth)
{
    Layers layers = {
        .rules = decide_allowed_by_rules(hypothesis, source->type, target->type, class),
        .constraints = allowed_by_constraints(hypothesis, source, target, class),
        .roles = allowed_by_roles(hypothesis->policy, source, target, class),
        .bounds = ~UINT32_C(0),
    };
    uint32_t bound = policy_type_bounds(hypothesis->policy, source->type);

    /* A bounded domain may do no more than the one that bounds it: to the target, or to what
     * bounds that (the kernel's type_attribute_bounds_av()). */
    if (bound != 0 && depth < POLICY_BOUNDS_DEPTH_MAX) {
        uint32_t target_bound = policy_type_bounds(hypothesis->policy, target->type);
        SecurityContext upper_source = *source;
        SecurityContext upper_target = *target;
        Layers upper;

        upper_source.type = bound;
        if (target_bound != 0)
            upper_target.type = target_bound;
        upper = layers_at_depth(hypothesis, &upper_source, &upper_target, class, depth + 1);
        layers.bounds = layers_allowed(&upper);
    } else if (bound != 0) {
        layers.bounds = 0;
    }
    return layers;
}

Layers decide_layers(const Hypothesis *hypothesis, const SecurityContext *source,
                     const SecurityContext *target, uint32_t class)
{
    return layers_at_depth(hypothesis, source, target, class, 0);
}

void question_clear(Question *question)
{
    security_context_clear(&question->source);
    security_context_clear(&question->target);
}

int question_resolve(const Hypothesis *hypothesis, const char *source_context,
                     const char *target_context, const char *target_class, Question *ret_question,
                     int *ret_bad)
{
    const Policy *policy = hypothesis->policy;
    Question question = {};
    int r;

    r = security_context_parse(policy, hypothesis, source_context, &question.source);
    if (r < 0)
        return r;
    if (r != CONTEXT_OK) {
        if (ret_bad)
            *ret_bad = r;
        return r == CONTEXT_UNKNOWN_TYPE ? DECIDE_UNKNOWN_SOURCE_TYPE : DECIDE_BAD_SOURCE_CONTEXT;
    }
    r = security_context_parse(policy, hypothesis, target_context, &question.target);
    if (r != CONTEXT_OK) {
        question_clear(&question);
        if (r < 0)
            return r;
        if (ret_bad)
            *ret_bad = r;
        return r == CONTEXT_UNKNOWN_TYPE ? DECIDE_UNKNOWN_TARGET_TYPE : DECIDE_BAD_TARGET_CONTEXT;
    }
    question.class = policy_find_class(policy, target_class);
    *ret_question = question;
    return DECIDE_OK;
}
