/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last resort: one allow rule in a module of its own, for just the access that was denied.
 * Only where nothing smaller was found, and never onto a type that holds secrets.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates.h"
#include "daemon/selinux/type-traits.h"

static int write_plan(Fix *fix, const Access *access, const char *source, const char *target)
{
    Action action = {.kind = ACTION_INSTALL_MODULE};
    int r;

    action.name = format_string("selguard_%s_%s_%s", source, target, access->target_class);
    action.cil = format_string("(allow %s %s (%s (%s)))\n", source, target, access->target_class,
                               access->permissions);
    fix->summary = format_string("allow %s this one access to %s in a policy module of its own",
                                 source, target);
    r = action.name && action.cil && fix->summary ? plan_add_action(&fix->plan, &action) : -ENOMEM;
    action_clear(&action);
    return r;
}

int candidates_add_module(Diagnosis *diagnosis, const CandidateContext *context)
{
    const Access *access = &context->operation->questions[0].access;
    _cleanup_(hypothesis_cleanup) Hypothesis *after = NULL;
    char source[256], target[256];
    Fix fix = {.reversible = true};
    TypeTraits traits;
    int r;

    r = context_type_copy(access->source_context, source, sizeof(source));
    if (r >= 0)
        r = context_type_copy(access->target_context, target, sizeof(target));
    if (r < 0)
        return r;
    /* A process or a port holds none, whatever attributes it lacks. */
    if (type_traits_read(context->current, target, &traits) >= 0 && traits.holds_secrets &&
        !traits.is_domain && !traits.is_port_type)
        return diagnosis_add_refusal(diagnosis, "a policy module that allows it",
                                     "the type holds secrets: a web server has no business there");
    after = hypothesis_copy(context->current);
    r = after
            ? hypothesis_add_allow(after, source, target, access->target_class, access->permissions)
            : -ENOMEM;
    if (r == -ENOENT)
        return 0;
    if (r >= 0)
        r = write_plan(&fix, access, source, target);
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit(diagnosis, context, &fix, after, /* relabel= */ NULL);
}
