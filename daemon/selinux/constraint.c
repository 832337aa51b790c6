/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/constraint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/libsepol.h"

/* --- evaluation --------------------------------------------------------- */

static bool level_equal(const SecurityContext *a, unsigned i, const SecurityContext *b, unsigned j)
{
    return a->sensitivity[i] == b->sensitivity[j] &&
           memcmp(a->categories[i], b->categories[j], a->n_category_words * sizeof(uint64_t)) == 0;
}

static bool level_dominates(const SecurityContext *a, unsigned i, const SecurityContext *b,
                            unsigned j)
{
    if (a->sensitivity[i] < b->sensitivity[j])
        return false;
    for (uint32_t word = 0; word < a->n_category_words; word++)
        if (b->categories[j][word] & ~a->categories[i][word])
            return false;
    return true;
}

static int compare_levels(uint8_t op, const SecurityContext *a, unsigned i,
                          const SecurityContext *b, unsigned j)
{
    if (!a->categories[0] || !b->categories[0])
        return -EBADMSG;
    switch (op) {
    case CEXPR_EQ:
        return level_equal(a, i, b, j);
    case CEXPR_NEQ:
        return !level_equal(a, i, b, j);
    case CEXPR_DOM:
        return level_dominates(a, i, b, j);
    case CEXPR_DOMBY:
        return level_dominates(b, j, a, i);
    case CEXPR_INCOMP:
        return !level_dominates(a, i, b, j) && !level_dominates(b, j, a, i);
    default:
        return -EBADMSG;
    }
}

static bool role_dominates(const Policy *policy, uint32_t a, uint32_t b)
{
    return policy_span_contains(policy->roles[a - 1].dominates, b);
}

static int compare_roles(const Policy *policy, uint8_t op, uint32_t a, uint32_t b)
{
    switch (op) {
    case CEXPR_DOM:
        return role_dominates(policy, a, b);
    case CEXPR_DOMBY:
        return role_dominates(policy, b, a);
    case CEXPR_INCOMP:
        return !role_dominates(policy, a, b) && !role_dominates(policy, b, a);
    case CEXPR_EQ:
        return a == b;
    case CEXPR_NEQ:
        return a != b;
    default:
        return -EBADMSG;
    }
}

static int compare_values(uint8_t op, uint32_t a, uint32_t b)
{
    if (op != CEXPR_EQ && op != CEXPR_NEQ)
        return -EBADMSG;
    return (a == b) == (op == CEXPR_EQ);
}

static int compare_attributes(const Policy *policy, const ConstraintTerm *term,
                              const SecurityContext *source, const SecurityContext *target)
{
    switch (term->attribute) {
    case CEXPR_USER:
        return compare_values(term->op, source->user, target->user);
    case CEXPR_TYPE:
        return compare_values(term->op, source->type, target->type);
    case CEXPR_ROLE:
        return compare_roles(policy, term->op, source->role, target->role);
    case CEXPR_L1L2:
        return compare_levels(term->op, source, 0, target, 0);
    case CEXPR_L1H2:
        return compare_levels(term->op, source, 0, target, 1);
    case CEXPR_H1L2:
        return compare_levels(term->op, source, 1, target, 0);
    case CEXPR_H1H2:
        return compare_levels(term->op, source, 1, target, 1);
    case CEXPR_L1H1:
        return compare_levels(term->op, source, 0, source, 1);
    case CEXPR_L2H2:
        return compare_levels(term->op, target, 0, target, 1);
    default:
        return -EBADMSG;
    }
}

/* The compiled set of names cannot hold a type that only the hypothesis has; the set as
 * it was written tells where its attributes would have put it. */
static bool names_added_type(const Hypothesis *hypothesis, const ConstraintTerm *term,
                             uint32_t type)
{
    PolicySpan attributes = hypothesis_attributes_of(hypothesis, type);
    bool named = term->written_all;

    for (size_t i = 0; i < attributes.n && !named; i++)
        named = policy_span_contains(term->written, attributes.values[i]);
    for (size_t i = 0; i < attributes.n && named; i++)
        named = !policy_span_contains(term->written_except, attributes.values[i]);
    return named != term->written_complement;
}

static int test_names(const Hypothesis *hypothesis, const ConstraintTerm *term,
                      const SecurityContext *source, const SecurityContext *target)
{
    const SecurityContext *context = term->attribute & CEXPR_TARGET ? target : source;
    bool named;

    if (term->attribute & CEXPR_XTARGET || (term->op != CEXPR_EQ && term->op != CEXPR_NEQ))
        return -EBADMSG;
    if (term->attribute & CEXPR_USER)
        named = policy_span_contains(term->names, context->user);
    else if (term->attribute & CEXPR_ROLE)
        named = policy_span_contains(term->names, context->role);
    else if (!(term->attribute & CEXPR_TYPE))
        return -EBADMSG;
    else if (context->type > hypothesis->policy->n_types)
        named = names_added_type(hypothesis, term, context->type);
    else
        named = policy_span_contains(term->names, context->type);
    return named == (term->op == CEXPR_EQ);
}

bool constraint_holds(const Hypothesis *hypothesis, const Constraint *constraint,
                      const SecurityContext *source, const SecurityContext *target)
{
    bool stack[CEXPR_MAXDEPTH];
    int top = -1;

    for (uint32_t i = 0; i < constraint->n_terms; i++) {
        const ConstraintTerm *term = &constraint->terms[i];
        int value;

        if (term->kind == CEXPR_NOT) {
            if (top < 0)
                return false;
            stack[top] = !stack[top];
            continue;
        }
        if (term->kind == CEXPR_AND || term->kind == CEXPR_OR) {
            if (top < 1)
                return false;
            top--;
            stack[top] = term->kind == CEXPR_AND ? stack[top] && stack[top + 1]
                                                 : stack[top] || stack[top + 1];
            continue;
        }
        if (top == CEXPR_MAXDEPTH - 1)
            return false;
        value = term->kind == CEXPR_NAMES
                    ? test_names(hypothesis, term, source, target)
                    : compare_attributes(hypothesis->policy, term, source, target);
        if (value < 0)
            return false;
        stack[++top] = value != 0;
    }
    return top == 0 && stack[0];
}

/* --- text --------------------------------------------------------------- */

static const char *op_text(uint8_t op)
{
    static const char *const texts[] = {
        [CEXPR_EQ] = "==",       [CEXPR_NEQ] = "!=",        [CEXPR_DOM] = "dom",
        [CEXPR_DOMBY] = "domby", [CEXPR_INCOMP] = "incomp",
    };

    return op < ELEMENTS_OF(texts) && texts[op] ? texts[op] : "?";
}

static char *render_attributes(const ConstraintTerm *term)
{
    static const struct {
        uint16_t attribute;
        const char *left;
        const char *right;
    } pairs[] = {
        {CEXPR_USER, "u1", "u2"}, {CEXPR_ROLE, "r1", "r2"}, {CEXPR_TYPE, "t1", "t2"},
        {CEXPR_L1L2, "l1", "l2"}, {CEXPR_L1H2, "l1", "h2"}, {CEXPR_H1L2, "h1", "l2"},
        {CEXPR_H1H2, "h1", "h2"}, {CEXPR_L1H1, "l1", "h1"}, {CEXPR_L2H2, "l2", "h2"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(pairs); i++)
        if (pairs[i].attribute == term->attribute)
            return format_string("%s %s %s", pairs[i].left, op_text(term->op), pairs[i].right);
    return strdup("?");
}

static const char *name_of(const Policy *policy, uint16_t attribute, uint32_t value)
{
    if (attribute & CEXPR_USER)
        return policy_user_name(policy, value);
    if (attribute & CEXPR_ROLE)
        return policy_role_name(policy, value);
    return policy_type_name(policy, value);
}

static void print_names(FILE *stream, const Policy *policy, const ConstraintTerm *term)
{
    bool written = term->written.n > 0 || term->written_except.n > 0 || term->written_all;
    PolicySpan names = written ? term->written : term->names;
    size_t shown = 0;

    (void)fprintf(stream, "%s{", written && term->written_complement ? "~" : "");
    if (written && term->written_all)
        (void)fprintf(stream, " *");
    for (size_t i = 0; i < names.n && shown < POLICY_CONSTRAINT_NAMES_MAX; i++, shown++)
        (void)fprintf(stream, " %s", strempty(name_of(policy, term->attribute, names.values[i])));
    if (names.n > shown)
        (void)fprintf(stream, " and %zu more", names.n - shown);
    for (size_t i = 0; written && i < term->written_except.n && i < POLICY_CONSTRAINT_NAMES_MAX;
         i++)
        (void)fprintf(stream, " -%s",
                      strempty(name_of(policy, term->attribute, term->written_except.values[i])));
    (void)fprintf(stream, " }");
}

static char *render_names(const Policy *policy, const ConstraintTerm *term)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    (void)fprintf(stream, "%c%c %s ",
                  term->attribute & CEXPR_USER   ? 'u'
                  : term->attribute & CEXPR_ROLE ? 'r'
                                                 : 't',
                  term->attribute & CEXPR_TARGET ? '2' : '1', op_text(term->op));
    print_names(stream, policy, term);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

typedef struct Rendered {
    char *text;
    uint8_t kind;
} Rendered;

static bool needs_parentheses(const Rendered *operand, uint8_t parent)
{
    return (operand->kind == CEXPR_AND || operand->kind == CEXPR_OR) && operand->kind != parent;
}

static char *render_not(const Rendered *operand)
{
    bool closed = needs_parentheses(operand, CEXPR_NOT);

    return format_string("not %s%s%s", closed ? "(" : "", operand->text, closed ? ")" : "");
}

static char *render_binary(const Rendered *left, uint8_t kind, const Rendered *right)
{
    bool left_closed = needs_parentheses(left, kind);
    bool right_closed = needs_parentheses(right, kind);

    return format_string("%s%s%s %s %s%s%s", left_closed ? "(" : "", left->text,
                         left_closed ? ")" : "", kind == CEXPR_AND ? "and" : "or",
                         right_closed ? "(" : "", right->text, right_closed ? ")" : "");
}

/* Returns the stack's new height, -EBADMSG or -ENOMEM. */
static int render_term(const Policy *policy, const ConstraintTerm *term, Rendered *stack,
                       int height)
{
    int operands = term->kind == CEXPR_NOT                             ? 1
                   : term->kind == CEXPR_AND || term->kind == CEXPR_OR ? 2
                                                                       : 0;
    Rendered result = {.kind = term->kind};

    if (height < operands || height - operands >= CEXPR_MAXDEPTH)
        return -EBADMSG;
    if (operands == 1)
        result.text = render_not(&stack[height - 1]);
    else if (operands == 2)
        result.text = render_binary(&stack[height - 2], term->kind, &stack[height - 1]);
    else if (term->kind == CEXPR_NAMES)
        result.text = render_names(policy, term);
    else
        result.text = render_attributes(term);
    if (!result.text)
        return -ENOMEM;

    for (int i = 0; i < operands; i++)
        free(stack[--height].text);
    stack[height] = result;
    return height + 1;
}

char *constraint_to_string(const Policy *policy, const Constraint *constraint)
{
    Rendered stack[CEXPR_MAXDEPTH] = {};
    char *text = NULL;
    int height = 0;
    int r = 0;

    for (uint32_t i = 0; i < constraint->n_terms && r >= 0; i++) {
        r = render_term(policy, &constraint->terms[i], stack, height);
        if (r >= 0)
            height = r;
    }
    if (r >= 0 && height == 1)
        text = TAKE_POINTER(stack[0].text);
    else if (r != -ENOMEM)
        text = strdup("(an expression that cannot be evaluated)");
    for (int i = 0; i < height; i++)
        free(stack[i].text);
    return text;
}
