/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boolean expressions of conditional rules. */
#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/libsepol.h"
#include "daemon/selinux/policy-internal.h"

int policy_condition_evaluate(const Policy *policy, uint32_t condition, const bool *values)
{
    bool stack[COND_EXPR_MAXDEPTH];
    const Condition *expression;
    int top = -1;

    if (condition >= policy->n_conditions)
        return -1;
    expression = &policy->conditions[condition];
    for (uint32_t i = 0; i < expression->n_terms; i++) {
        const ConditionTerm *term = &expression->terms[i];

        if (term->kind == COND_BOOL) {
            if (top == COND_EXPR_MAXDEPTH - 1)
                return -1;
            stack[++top] = values[term->boolean - 1];
            continue;
        }
        if (term->kind == COND_NOT) {
            if (top < 0)
                return -1;
            stack[top] = !stack[top];
            continue;
        }
        if (top < 1)
            return -1;
        top--;
        switch (term->kind) {
        case COND_OR:
            stack[top] = stack[top] || stack[top + 1];
            break;
        case COND_AND:
            stack[top] = stack[top] && stack[top + 1];
            break;
        case COND_XOR:
        case COND_NEQ:
            stack[top] = stack[top] != stack[top + 1];
            break;
        case COND_EQ:
            stack[top] = stack[top] == stack[top + 1];
            break;
        default:
            return -1;
        }
    }
    return top == 0 ? stack[0] : -1;
}

typedef struct Rendered {
    char *text;
    uint16_t kind; /* of its outermost operator */
} Rendered;

static const char *operator_text(uint16_t kind)
{
    switch (kind) {
    case COND_OR:
        return "||";
    case COND_AND:
        return "&&";
    case COND_XOR:
        return "^";
    case COND_EQ:
        return "==";
    case COND_NEQ:
        return "!=";
    default:
        return NULL;
    }
}

/* Parentheses wherever the reader would have to know a precedence. */
static bool needs_parentheses(const Rendered *operand, uint16_t parent)
{
    if (operand->kind == COND_BOOL || operand->kind == COND_NOT)
        return false;
    return operand->kind != parent || (parent != COND_AND && parent != COND_OR);
}

static char *render_binary(const Rendered *left, uint16_t kind, const Rendered *right)
{
    bool left_closed = needs_parentheses(left, kind);
    bool right_closed = needs_parentheses(right, kind);

    return format_string("%s%s%s %s %s%s%s", left_closed ? "(" : "", left->text,
                         left_closed ? ")" : "", operator_text(kind), right_closed ? "(" : "",
                         right->text, right_closed ? ")" : "");
}

static char *render_not(const Rendered *operand)
{
    bool closed = needs_parentheses(operand, COND_NOT);

    return format_string("!%s%s%s", closed ? "(" : "", operand->text, closed ? ")" : "");
}

/* Returns the stack's new height, -EBADMSG or -ENOMEM. */
static int render_term(const Policy *policy, const ConditionTerm *term, Rendered *stack, int height)
{
    Rendered result = {.kind = term->kind};
    int operands = term->kind == COND_BOOL ? 0 : term->kind == COND_NOT ? 1 : 2;

    if (height < operands || height - operands >= COND_EXPR_MAXDEPTH)
        return -EBADMSG;
    if (operands == 0)
        result.text = strdup(strempty(policy_boolean_name(policy, term->boolean)));
    else if (operands == 1)
        result.text = render_not(&stack[height - 1]);
    else
        result.text = render_binary(&stack[height - 2], term->kind, &stack[height - 1]);
    if (!result.text)
        return -ENOMEM;

    for (int i = 0; i < operands; i++)
        free(stack[--height].text);
    stack[height] = result;
    return height + 1;
}

char *policy_condition_to_string(const Policy *policy, uint32_t condition)
{
    Rendered stack[COND_EXPR_MAXDEPTH] = {};
    const Condition *expression;
    char *text = NULL;
    int height = 0;
    int r = 0;

    if (condition >= policy->n_conditions)
        return strdup("(no such condition)");
    expression = &policy->conditions[condition];
    for (uint32_t i = 0; i < expression->n_terms && r >= 0; i++) {
        r = render_term(policy, &expression->terms[i], stack, height);
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
