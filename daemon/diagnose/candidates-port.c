/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Candidates for a port: another label for it, alone or with the booleans that the label then
 * needs; and a type of its own (candidates-own-port.c).
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-port-internal.h"
#include "daemon/selinux/boolean-sets.h"
#include "daemon/selinux/decide.h"

/* Labels tried at the most: a web server may bind only a handful of port types. */
#define LABELS_MAX 4u

int port_label_to_action(const PortContext *context, const char *type, Plan *plan)
{
    Action action = {
        .kind = ACTION_SET_PORT,
        .low = context->question->port,
        .high = context->question->port,
    };
    int r = string_replace(&action.protocol, context->protocol);

    if (r >= 0)
        r = string_replace(&action.type, type);
    if (r >= 0)
        r = plan_add_action(plan, &action);
    action_clear(&action);
    return r;
}

/* --- another label -------------------------------------------------------- */

static bool is_allowed(const PortContext *context, const Hypothesis *hypothesis)
{
    Access access = {};
    bool allowed = operation_resolve(context->question, hypothesis, &access) >= 0 &&
                   decide_is_allowed(hypothesis, &access) > 0;

    access_clear(&access);
    return allowed;
}

/* The relabel together with a set of booleans; `set` NULL: alone. */
static int submit_label(Diagnosis *diagnosis, const PortContext *context, const char *type,
                        const Hypothesis *labelled, const BooleanSet *set)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(labelled);
    _cleanup_free_ char *booleans = NULL;
    Fix fix = {.reversible = true};
    int r = after ? 0 : -ENOMEM;

    if (r >= 0 && set)
        r = boolean_set_apply(set, after);
    if (r >= 0 && set)
        r = boolean_set_to_actions(set, &fix.plan, &booleans);
    if (r >= 0)
        r = port_label_to_action(context, type, &fix.plan);
    if (r >= 0) {
        fix.summary =
            format_string("label %s port %u as %s%s%s", context->protocol, context->question->port,
                          type, set ? ", and turn " : "", set ? booleans : "");
        if (!fix.summary)
            r = -ENOMEM;
    }
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit(diagnosis, context->base, &fix, after);
}

/* A set that helps without the label as well needs no label. */
static bool set_suffices(const PortContext *context, const BooleanSet *set)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *alone = hypothesis_copy(context->base->current);

    return alone && boolean_set_apply(set, alone) >= 0 && is_allowed(context, alone);
}

/* People are told to relabel the port and then find that nothing changed. */
static int refuse_label_alone(Diagnosis *diagnosis, const PortContext *context, const char *type,
                              bool with_boolean)
{
    Plan plan = {};
    _cleanup_free_ char *words = NULL, *reason = NULL;
    int r = port_label_to_action(context, type, &plan);

    if (r >= 0)
        words = action_to_words(&plan.actions[0]);
    plan_clear(&plan);
    reason =
        format_string("by itself it changes nothing: the policy does not let %s use %s "
                      "unconditionally%s",
                      context->domain, type, with_boolean ? ", only together with a boolean" : "");
    if (r < 0 || !words || !reason)
        return -ENOMEM;
    r = diagnosis_add_refusal(diagnosis, words, reason);
    return r == -E2BIG ? 0 : r;
}

static int find_sets(const PortContext *context, const Hypothesis *labelled, BooleanSets *ret_sets)
{
    Access access = {};
    int r = operation_resolve(context->question, labelled, &access);

    if (r >= 0)
        r = boolean_sets_find(labelled, &access, 1, ret_sets);
    access_clear(&access);
    return r;
}

static int try_label(Diagnosis *diagnosis, const PortContext *context, const char *type)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *labelled = hypothesis_copy(context->base->current);
    const uint16_t port = context->question->port;
    BooleanSets sets = {};
    bool offered = false;
    int r = labelled ? hypothesis_set_port(labelled, context->question->protocol, port, port, type)
                     : -ENOMEM;

    if (r < 0)
        return r;
    if (is_allowed(context, labelled))
        return submit_label(diagnosis, context, type, labelled, /* set= */ NULL);
    r = find_sets(context, labelled, &sets);
    for (size_t i = 0; r >= 0 && i < sets.n_sets; i++) {
        if (set_suffices(context, &sets.sets[i]))
            continue;
        r = submit_label(diagnosis, context, type, labelled, &sets.sets[i]);
        offered = true;
    }
    boolean_sets_clear(&sets);
    return r < 0 ? r : refuse_label_alone(diagnosis, context, type, offered);
}

/* Port types that serve the web: those that the server itself may bind. Of these the ones
 * named for HTTP, where the policy has them; a DNS or database label on a web backend would
 * only mislead the next reader. */
static int find_web_types(const PortContext *context, const char *ret_types[LABELS_MAX],
                          size_t *ret_n)
{
    static const char *const preferred[] = {"http_port_t", "http_cache_port_t"};
    const Hypothesis *current = context->base->current;
    PortReach reach = {};
    size_t n = 0;
    int r = port_reach(current, context->domain, context->question->protocol, "name_bind", &reach);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (size_t p = 0; p < ELEMENTS_OF(preferred); p++)
        for (size_t i = 0; i < reach.n_types; i++)
            if (reach.types[i] != context->label.type &&
                streq(hypothesis_type_name(current, reach.types[i]), preferred[p]))
                ret_types[n++] = hypothesis_type_name(current, reach.types[i]);
    for (size_t i = 0; n == 0 && i < reach.n_types && i < LABELS_MAX; i++)
        if (reach.types[i] != context->label.type)
            ret_types[n++] = hypothesis_type_name(current, reach.types[i]);
    port_reach_clear(&reach);
    *ret_n = n;
    return 0;
}

static int add_labels(Diagnosis *diagnosis, const PortContext *context)
{
    const char *types[LABELS_MAX];
    size_t n = 0;
    int r = find_web_types(context, types, &n);

    for (size_t i = 0; i < n && r >= 0; i++)
        r = try_label(diagnosis, context, types[i]);
    return r;
}

int candidates_add_ports(Diagnosis *diagnosis, const CandidateContext *base)
{
    PortContext context = {.base = base, .question = &base->operation->questions[0]};
    int r;

    if (!context.question->is_port)
        return 0;
    context.protocol = port_protocol_to_string(context.question->protocol);
    r = context_type_copy(context.question->access.source_context, context.domain,
                          sizeof(context.domain));
    if (r >= 0)
        r = port_find_label(base->current, context.question->protocol, context.question->port,
                            &context.label);
    if (r < 0)
        return r;
    /* The remedy service would refuse it. */
    if (port_belongs_to_service(context.question->port, context.label.type_name)) {
        _cleanup_free_ char *action =
            format_string("label %s port %u", context.protocol, context.question->port);
        _cleanup_free_ char *reason =
            format_string("the port belongs to a system service (%s); its label is left alone",
                          context.label.type_name);

        return action && reason ? diagnosis_add_refusal(diagnosis, action, reason) : -ENOMEM;
    }
    r = add_labels(diagnosis, &context);
    return r < 0 ? r : candidates_add_own_port(diagnosis, &context);
}
