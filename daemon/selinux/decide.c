/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/decide.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/constraint.h"
#include "daemon/selinux/decide-internal.h"

static void permission_clear(DecidePermission *permission)
{
    free(permission->name);
    free(permission->conditions);
    strv_free(permission->constraints);
    *permission = (DecidePermission){};
}

void decision_clear(Decision *decision)
{
    for (size_t i = 0; i < decision->n_permissions; i++)
        permission_clear(&decision->permissions[i]);
    free(decision->permissions);
    free(decision->problem);
    *decision = (Decision){};
}

/* --- one permission ------------------------------------------------------ */

typedef struct ConditionSearch {
    const int8_t *states;
    uint32_t permission;
    DecidePermission *result;
} ConditionSearch;

static int note_inactive(uint32_t permissions, uint32_t branch, void *data)
{
    ConditionSearch *search = data;
    DecidePermission *result = search->result;
    DecideCondition *larger;

    if (!(permissions & search->permission) || search->states[branch >> 1] == (int8_t)(branch & 1))
        return 0;
    for (size_t i = 0; i < result->n_conditions; i++)
        if (result->conditions[i].condition == branch >> 1 &&
            result->conditions[i].branch == (branch & 1))
            return 0;
    larger = reallocarray(result->conditions, result->n_conditions + 1, sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    result->conditions = larger;
    larger[result->n_conditions++] = (DecideCondition){branch >> 1, branch & 1};
    return 0;
}

static int find_conditions(const Hypothesis *hypothesis, const Question *question,
                           uint32_t permission, DecidePermission *result)
{
    ConditionSearch search = {hypothesis->conditions, permission, result};

    return rule_table_visit(&hypothesis->policy->rules[RULES_ALLOW_CONDITIONAL],
                            hypothesis_attributes_of(hypothesis, question->source.type),
                            hypothesis_attributes_of(hypothesis, question->target.type),
                            question->class, note_inactive, &search);
}

static int find_constraints(const Hypothesis *hypothesis, const Question *question,
                            uint32_t permission, DecidePermission *result)
{
    const ClassInfo *info = &hypothesis->policy->classes[question->class - 1];

    for (uint32_t i = 0; i < info->n_constraints; i++) {
        const Constraint *constraint = &info->constraints[i];
        _cleanup_free_ char *text = NULL;

        if (!(constraint->permissions & permission) ||
            constraint_holds(hypothesis, constraint, &question->source, &question->target))
            continue;
        text = constraint_to_string(hypothesis->policy, constraint);
        if (!text)
            return -ENOMEM;
        if (!strv_contains(result->constraints, text) &&
            strv_append(&result->constraints, text) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int explain(const Hypothesis *hypothesis, const Question *question, const Layers *layers,
                   uint32_t permission, DecidePermission *result)
{
    int r;

    if (!(layers->rules & permission)) {
        r = find_conditions(hypothesis, question, permission, result);
        if (r < 0)
            return r;
        result->blocks |= result->n_conditions > 0 ? BLOCK_CONDITION : BLOCK_NO_RULE;
    }
    if (!(layers->constraints & permission)) {
        r = find_constraints(hypothesis, question, permission, result);
        if (r < 0)
            return r;
        result->blocks |= BLOCK_CONSTRAINT;
    }
    if (!(layers->roles & permission))
        result->blocks |= BLOCK_ROLE_TRANSITION;
    if (!(layers->bounds & permission))
        result->blocks |= BLOCK_BOUNDS;
    return 0;
}

/* --- the whole access ---------------------------------------------------- */

static uint32_t dontaudited(const Hypothesis *hypothesis, const Question *question)
{
    const RuleTable *rules = hypothesis->policy->rules;
    PolicySpan sources = hypothesis_attributes_of(hypothesis, question->source.type);
    PolicySpan targets = hypothesis_attributes_of(hypothesis, question->target.type);

    return rule_table_permissions(&rules[RULES_DONTAUDIT], sources, targets, question->class,
                                  /* states= */ NULL) |
           rule_table_permissions(&rules[RULES_DONTAUDIT_CONDITIONAL], sources, targets,
                                  question->class, hypothesis->conditions);
}

static bool has_xperm_rule(const Hypothesis *hypothesis, const Question *question)
{
    const RuleTable *rules = hypothesis->policy->rules;
    PolicySpan sources = hypothesis_attributes_of(hypothesis, question->source.type);
    PolicySpan targets = hypothesis_attributes_of(hypothesis, question->target.type);

    return rule_table_permissions(&rules[RULES_XPERM], sources, targets, question->class,
                                  /* states= */ NULL) != 0 ||
           rule_table_permissions(&rules[RULES_XPERM_CONDITIONAL], sources, targets,
                                  question->class, hypothesis->conditions) != 0;
}

static int decide_permission(const Hypothesis *hypothesis, const Question *question,
                             const Layers *layers, uint32_t silent, const char *name,
                             Decision *decision)
{
    DecidePermission *result = &decision->permissions[decision->n_permissions];
    uint32_t permission = policy_find_permission(hypothesis->policy, question->class, name);

    result->name = strdup(name);
    if (!result->name)
        return -ENOMEM;
    decision->n_permissions++;

    if (permission == 0) {
        result->allowed = hypothesis->policy->handle_unknown == POLICY_UNKNOWN_ALLOW;
        if (result->allowed)
            decision->unknown_allowed = true;
        else
            result->blocks = question->class == 0 ? BLOCK_UNKNOWN_CLASS : BLOCK_UNKNOWN_PERMISSION;
        return 0;
    }
    result->allowed = (layers_allowed(layers) & permission) != 0;
    if (result->allowed) {
        if (streq(name, "ioctl") && has_xperm_rule(hypothesis, question))
            decision->ioctl_filtered = true;
        return 0;
    }
    result->dontaudit = (silent & permission) != 0;
    return explain(hypothesis, question, layers, permission, result);
}

static int decide_question(const Hypothesis *hypothesis, const Question *question,
                           char *const *names, Decision *decision)
{
    Layers layers = {};
    uint32_t silent = 0;
    bool heard = false;

    decision->permissions = calloc(strv_length(names), sizeof(*decision->permissions));
    if (!decision->permissions)
        return -ENOMEM;
    decision->permissive = policy_type_is_permissive(hypothesis->policy, question->source.type);
    decision->bounding_type = policy_type_bounds(hypothesis->policy, question->source.type);
    if (question->class != 0) {
        layers = decide_layers(hypothesis, &question->source, &question->target, question->class);
        silent = dontaudited(hypothesis, question);
    }

    decision->allowed = true;
    for (size_t i = 0; names[i]; i++) {
        int r = decide_permission(hypothesis, question, &layers, silent, names[i], decision);

        if (r < 0)
            return r;
        if (decision->permissions[i].allowed)
            continue;
        decision->allowed = false;
        heard = heard || !decision->permissions[i].dontaudit;
    }
    decision->dontaudit = !decision->allowed && !heard;
    return 0;
}

static char *describe_bad_context(const char *whose, const char *context, int bad)
{
    switch (bad) {
    case CONTEXT_UNKNOWN_TYPE:
        return format_string("the type of the %s context %s is not in this policy", whose, context);
    case CONTEXT_UNKNOWN_USER:
        return format_string("the user of the %s context %s is not in this policy", whose, context);
    case CONTEXT_UNKNOWN_ROLE:
        return format_string("the role of the %s context %s is not in this policy", whose, context);
    case CONTEXT_UNKNOWN_RANGE:
        return format_string("the level of the %s context %s is not valid in this policy", whose,
                             context);
    case CONTEXT_NOT_AUTHORIZED:
        return format_string("the %s context %s is not valid in this policy: its user, role, type "
                             "and level may not go together",
                             whose, context);
    default:
        return format_string("the %s context %s is not one of this policy's form", whose, context);
    }
}

static bool has_empty_part(const Access *access)
{
    return !access->source_context || !*access->source_context || !access->target_context ||
           !*access->target_context || !access->target_class || !*access->target_class ||
           !access->permissions;
}

int decide_access(const Hypothesis *hypothesis, const Access *access, Decision *ret_decision)
{
    _cleanup_strv_ char **names = NULL;
    Decision decision = {};
    Question question = {};
    int bad = CONTEXT_OK;
    int r;

    if (has_empty_part(access))
        return -EINVAL;
    names = strv_split(access->permissions, " ");
    if (!names)
        return -ENOMEM;
    if (!names[0])
        return -EINVAL;

    r = question_resolve(hypothesis, access->source_context, access->target_context,
                         access->target_class, &question, &bad);
    if (r < 0)
        return r;
    decision.status = (DecideStatus)r;
    if (decision.status != DECIDE_OK) {
        bool source = r == DECIDE_BAD_SOURCE_CONTEXT || r == DECIDE_UNKNOWN_SOURCE_TYPE;

        decision.problem =
            describe_bad_context(source ? "source" : "target",
                                 source ? access->source_context : access->target_context, bad);
        if (!decision.problem)
            return -ENOMEM;
        *ret_decision = decision;
        return 0;
    }

    r = decide_question(hypothesis, &question, names, &decision);
    question_clear(&question);
    if (r < 0) {
        decision_clear(&decision);
        return r;
    }
    *ret_decision = decision;
    return 0;
}

int decide_is_allowed(const Hypothesis *hypothesis, const Access *access)
{
    const Policy *policy = hypothesis->policy;
    _cleanup_strv_ char **names = NULL;
    Question question = {};
    uint32_t wanted = 0;
    bool unknown = false;
    int r;

    if (has_empty_part(access))
        return -EINVAL;
    names = strv_split(access->permissions, " ");
    if (!names)
        return -ENOMEM;
    if (!names[0])
        return -EINVAL;
    r = question_resolve(hypothesis, access->source_context, access->target_context,
                         access->target_class, &question, /* ret_bad= */ NULL);
    if (r != DECIDE_OK)
        return r < 0 ? r : -ENODATA;

    STRV_FOREACH (name, names) {
        uint32_t permission = policy_find_permission(policy, question.class, *name);

        wanted |= permission;
        unknown = unknown || permission == 0;
    }
    r = !unknown || policy->handle_unknown == POLICY_UNKNOWN_ALLOW;
    if (r && wanted != 0) {
        Layers layers =
            decide_layers(hypothesis, &question.source, &question.target, question.class);

        r = (wanted & ~layers_allowed(&layers)) == 0;
    }
    question_clear(&question);
    return r;
}

const char *decide_status_to_string(DecideStatus status)
{
    static const char *const texts[DECIDE_STATUS_COUNT] = {
        [DECIDE_OK] = "ok",
        [DECIDE_BAD_SOURCE_CONTEXT] = "source context not valid in this policy",
        [DECIDE_BAD_TARGET_CONTEXT] = "target context not valid in this policy",
        [DECIDE_UNKNOWN_SOURCE_TYPE] = "source type not in this policy",
        [DECIDE_UNKNOWN_TARGET_TYPE] = "target type not in this policy",
    };

    return (unsigned)status < DECIDE_STATUS_COUNT ? texts[status] : NULL;
}

const char *decide_block_to_string(unsigned block)
{
    static const char *const texts[] = {
        "no rule",
        "conditional rule off",
        "constraint",
        "role transition",
        "type bounds",
        "class not in this policy",
        "permission not in this policy",
    };

    if (block == 0 || (size_t)__builtin_ctz(block) >= ELEMENTS_OF(texts))
        return NULL;
    return texts[__builtin_ctz(block)];
}
