/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/boolean-assignment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_part_of(const Assignment *a, const Assignment *b)
{
    uint32_t j = 0;

    if (a->n_terms > b->n_terms)
        return false;
    for (uint32_t i = 0; i < a->n_terms; i++) {
        while (j < b->n_terms && b->terms[j] < a->terms[i])
            j++;
        if (j == b->n_terms || b->terms[j] != a->terms[i])
            return false;
    }
    return true;
}

AssignmentResult assignment_add(const Hypothesis *hypothesis, Assignment *assignment,
                                uint32_t boolean, bool value)
{
    uint32_t term = boolean << 1 | (value ? 1u : 0u);
    uint32_t at = 0;

    while (at < assignment->n_terms && assignment->terms[at] >> 1 < boolean)
        at++;
    if (at < assignment->n_terms && assignment->terms[at] >> 1 == boolean)
        return assignment->terms[at] == term ? ASSIGNMENT_OK : ASSIGNMENT_CONFLICT;
    if (assignment->n_terms == ASSIGNMENT_TERMS_MAX)
        return ASSIGNMENT_TOO_LARGE;
    if (hypothesis_boolean(hypothesis, boolean) != value) {
        if (assignment->n_changes == POLICY_BOOLEAN_SET_MAX)
            return ASSIGNMENT_TOO_LARGE;
        assignment->n_changes++;
    }
    memmove(assignment->terms + at + 1, assignment->terms + at,
            (assignment->n_terms - at) * sizeof(term));
    assignment->terms[at] = term;
    assignment->n_terms++;
    return ASSIGNMENT_OK;
}

int assignment_list_add(AssignmentList *list, const Assignment *assignment, bool *complete)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++)
        if (is_part_of(&list->items[i], assignment))
            return 0;
    for (size_t i = 0; i < list->n; i++)
        if (!is_part_of(assignment, &list->items[i]))
            list->items[kept++] = list->items[i];
    list->n = kept;
    if (list->n == POLICY_ASSIGNMENTS_MAX) {
        *complete = false;
        return 0;
    }
    if ((list->n & (list->n - 1)) == 0) {
        Assignment *larger =
            reallocarray(list->items, list->n == 0 ? 1 : list->n * 2, sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        list->items = larger;
    }
    list->items[list->n++] = *assignment;
    return 0;
}
