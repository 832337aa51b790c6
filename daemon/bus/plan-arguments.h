/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of each kind of action, as a table: what D-Bus messages and change records
 * are written and read by. plan-bus.h has the same as text.
 */
#pragma once

#include <stddef.h>

#include "daemon/core/plan.h"

/* How an argument travels, and what its text may hold. */
typedef enum ArgumentForm {
    FORM_BOOLEAN, /* b, a bool */
    FORM_PORT,    /* q, an uint16_t */
    FORM_STRING,  /* s, a char *: one line, not empty, PLAN_STRING_MAX */
    FORM_TEXT,    /* s, a char *: may be empty and have newlines and tabs, PLAN_STRING_MAX */
    FORM_MODULE,  /* s, a char *: not empty, may have newlines and tabs, PLAN_CIL_MAX */
    FORM_LIST,    /* as, a char **: each as FORM_TEXT, at most PLAN_ACTIONS_MAX */
} ArgumentForm;

typedef struct Argument {
    const char *name; /* NULL ends the list */
    ArgumentForm form;
    size_t offset; /* of the member in Action */
} Argument;

#define ARGUMENTS_MAX 4

/* The arguments of a valid kind, in the order in which they are written; the entry after
 * the last has no name. */
const Argument *action_arguments(ActionKind kind);

/* The argument of that name with its index, or NULL. */
const Argument *action_argument_find(ActionKind kind, const char *name, size_t *ret_index);

/* Where in the action the argument's value is. */
void *action_argument_member(const Argument *argument, const Action *action);

/* NULL if a value of this form may have this text, else a sentence's end ("is too long"),
 * with *ret_error -EINVAL or -E2BIG. */
const char *argument_text_fault(ArgumentForm form, const char *text, int *ret_error);
