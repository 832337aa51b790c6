/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/candidates.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/fix.h"
#include "daemon/selinux/boolean-sets.h"

static char *describe_plan(const Plan *plan)
{
    _cleanup_strv_ char **commands = NULL;

    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *command = action_to_command(&plan->actions[i]);

        if (!command || strv_append(&commands, command) < 0)
            return NULL;
    }
    return strv_join(commands, " && ");
}

int candidate_submit(Diagnosis *diagnosis, const CandidateContext *context, Fix *fix,
                     const Hypothesis *after)
{
    _cleanup_free_ char *refusal = NULL;
    bool failed;
    int r = fix_evaluate(fix, context->operation, context->current, after);

    if (r < 0 || !fix->proven)
        goto finish;
    refusal = fix_find_refusal(fix, context->denied_booleans, &failed);
    if (failed) {
        r = -ENOMEM;
    } else if (refusal) {
        _cleanup_free_ char *what = describe_plan(&fix->plan);

        r = what ? diagnosis_add_refusal(diagnosis, what, refusal) : -ENOMEM;
    } else {
        r = diagnosis_add_fix(diagnosis, fix);
    }
finish:
    fix_clear(fix);
    return r == -E2BIG ? 0 : r; /* the list is full: what comes later is dropped */
}

static int describe_boolean_set(const BooleanSet *set, char **ret_summary)
{
    _cleanup_strv_ char **parts = NULL;

    for (size_t i = 0; i < set->n_changes; i++) {
        _cleanup_free_ char *part =
            format_string("%s %s", set->changes[i].name, set->changes[i].value ? "on" : "off");

        if (!part || strv_append(&parts, part) < 0)
            return -ENOMEM;
    }
    {
        _cleanup_free_ char *list = strv_join(parts, " and ");

        *ret_summary = list ? format_string("turn the %s %s",
                                            set->n_changes == 1 ? "boolean" : "booleans", list)
                            : NULL;
    }
    return *ret_summary ? 0 : -ENOMEM;
}

static int fix_from_boolean_set(const BooleanSet *set, Fix *ret_fix)
{
    Fix fix = {.reversible = true};
    int r = describe_boolean_set(set, &fix.summary);

    for (size_t i = 0; i < set->n_changes && r >= 0; i++) {
        Action action = {.kind = ACTION_SET_BOOLEAN, .value = set->changes[i].value};

        r = string_replace(&action.name, set->changes[i].name);
        if (r >= 0)
            r = plan_add_action(&fix.plan, &action);
        action_clear(&action);
    }
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    *ret_fix = fix;
    return 0;
}

static int submit_boolean_set(Diagnosis *diagnosis, const CandidateContext *context,
                              const BooleanSet *set)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(context->current);
    Fix fix = {};
    int r;

    if (!after)
        return -ENOMEM;
    r = boolean_set_apply(set, after);
    if (r >= 0)
        r = fix_from_boolean_set(set, &fix);
    return r < 0 ? r : candidate_submit(diagnosis, context, &fix, after);
}

int candidates_add_booleans(Diagnosis *diagnosis, const CandidateContext *context)
{
    const Operation *operation = context->operation;
    Access accesses[OPERATION_QUESTIONS_MAX] = {};
    size_t n = 0;
    BooleanSets sets = {};
    int r = 0;

    for (; n < operation->n_questions; n++) {
        r = operation_resolve(&operation->questions[n], context->current, &accesses[n]);
        if (r < 0)
            break;
    }
    if (r >= 0)
        r = boolean_sets_find(context->current, accesses, n, &sets);
    for (size_t i = 0; i < n; i++)
        access_clear(&accesses[i]);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sets.n_sets && r >= 0; i++)
        r = submit_boolean_set(diagnosis, context, &sets.sets[i]);
    if (r >= 0 && !sets.complete)
        r = diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes),
                               "There may be more sets of booleans than were searched.");
    boolean_sets_clear(&sets);
    return r;
}
