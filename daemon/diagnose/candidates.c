/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/candidates.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/fix.h"
#include "daemon/selinux/boolean-sets.h"
#include "daemon/selinux/module-check.h"

static char *describe_plan(const Plan *plan)
{
    _cleanup_strv_ char **parts = NULL;

    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *words = action_to_words(&plan->actions[i]);

        if (!words || strv_append(&parts, words) < 0)
            return NULL;
    }
    return strv_join(parts, ", and ");
}

/* A sentence (the caller frees it) if a module of the plan would not be what was judged; NULL if
 * it is. 0 or -ENOMEM. */
static int check_modules(const Fix *fix, const CandidateContext *context, const Hypothesis *after,
                         char **ret_problem)
{
    for (size_t i = 0; i < fix->plan.n_actions; i++) {
        const Action *action = &fix->plan.actions[i];
        _cleanup_free_ char *problem = NULL;
        int r = action->kind == ACTION_INSTALL_MODULE
                    ? module_check(context->current, after, action->cil, &problem)
                    : 0;

        if (r < 0 && r != -EBADMSG)
            return r;
        if (r < 0) {
            *ret_problem = format_string("the module %s is of no use here: %s", action->name,
                                         strempty(problem));
            return *ret_problem ? 0 : -ENOMEM;
        }
    }
    return 0;
}

int candidate_submit_labels(Diagnosis *diagnosis, const CandidateContext *context, Fix *fix,
                            const Hypothesis *after, const ExposureRelabel *relabels,
                            size_t n_relabels)
{
    _cleanup_free_ char *refusal = NULL;
    bool failed;
    int r = fix_evaluate(fix, context->operation, context->current, after, relabels, n_relabels);

    if (r < 0 || !fix->proven)
        goto finish;
    refusal = fix_find_refusal(fix, context->denied_booleans, &failed);
    if (failed)
        r = -ENOMEM;
    else if (!refusal)
        r = check_modules(fix, context, after, &refusal);
    if (r < 0)
        goto finish;
    if (refusal) {
        _cleanup_free_ char *what = describe_plan(&fix->plan);

        r = what ? diagnosis_add_refusal(diagnosis, what, refusal) : -ENOMEM;
    } else {
        r = diagnosis_add_fix(diagnosis, fix);
    }
finish:
    fix_clear(fix);
    return r == -E2BIG ? 0 : r; /* the list is full: what comes later is dropped */
}

int candidate_submit(Diagnosis *diagnosis, const CandidateContext *context, Fix *fix,
                     const Hypothesis *after)
{
    return candidate_submit_labels(diagnosis, context, fix, after, /* relabels= */ NULL, 0);
}

int boolean_set_to_actions(const BooleanSet *set, Plan *plan, char **ret_words)
{
    _cleanup_strv_ char **parts = NULL;
    char *words;
    int r = 0;

    for (size_t i = 0; i < set->n_changes && r >= 0; i++) {
        const BooleanChange *change = &set->changes[i];
        Action action = {.kind = ACTION_SET_BOOLEAN, .value = change->value};
        _cleanup_free_ char *part =
            format_string("%s %s", change->name, change->value ? "on" : "off");

        r = part ? strv_append(&parts, part) : -ENOMEM;
        if (r >= 0)
            r = string_replace(&action.name, change->name);
        if (r >= 0)
            r = plan_add_action(plan, &action);
        action_clear(&action);
    }
    if (r < 0)
        return r;
    words = strv_join(parts, " and ");
    if (!words)
        return -ENOMEM;
    *ret_words = words;
    return 0;
}

static int submit_boolean_set(Diagnosis *diagnosis, const CandidateContext *context,
                              const BooleanSet *set)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(context->current);
    _cleanup_free_ char *words = NULL;
    Fix fix = {.reversible = true};
    int r = after ? boolean_set_apply(set, after) : -ENOMEM;

    if (r >= 0)
        r = boolean_set_to_actions(set, &fix.plan, &words);
    if (r >= 0) {
        fix.summary =
            format_string("turn the %s %s", set->n_changes == 1 ? "boolean" : "booleans", words);
        if (!fix.summary)
            r = -ENOMEM;
    }
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit(diagnosis, context, &fix, after);
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
