/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process behind a Unix socket: where neither a label nor a boolean lets nginx connect to its
 * domain, one rule does, as a part of the fix for the socket.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates.h"
#include "daemon/diagnose/module-text.h"
#include "daemon/selinux/decide.h"

static const Access *peer_access(const CandidateContext *context)
{
    const Operation *operation = context->operation;

    return operation->peer_question > 0 ? &operation->questions[operation->peer_question].access
                                        : NULL;
}

static int peer_types(const Access *access, PeerRule *ret_rule)
{
    int r = context_type_copy(access->source_context, ret_rule->source, sizeof(ret_rule->source));

    return r < 0 ? r
                 : context_type_copy(access->target_context, ret_rule->target,
                                     sizeof(ret_rule->target));
}

bool peer_rule_find(const CandidateContext *context, const Hypothesis *hypothesis,
                    PeerRule *ret_rule)
{
    const Access *access = peer_access(context);

    return access && decide_is_allowed(hypothesis, access) == 0 &&
           peer_types(access, ret_rule) >= 0;
}

bool peer_needs_type(const CandidateContext *context, const char *old_type, const char *new_type)
{
    static const struct {
        const char *class, *permissions[4];
    } needed[] = {
        {"dir", {"search", "write", "add_name", "remove_name"}},
        {"sock_file", {"create", "unlink", "setattr", "getattr"}},
    };
    const Hypothesis *current = context->current;
    const Policy *policy = hypothesis_policy(current);
    const Access *access = peer_access(context);
    const uint32_t before = policy_find_type(policy, old_type);
    const uint32_t after = policy_find_type(policy, new_type);
    PeerRule rule;
    uint32_t peer;

    if (!access || peer_types(access, &rule) < 0)
        return false;
    peer = policy_find_type(policy, rule.target);
    for (size_t i = 0; i < ELEMENTS_OF(needed); i++) {
        const uint32_t class = policy_find_class(policy, needed[i].class);
        uint32_t wanted = 0;

        for (size_t p = 0; p < ELEMENTS_OF(needed[i].permissions); p++)
            wanted |= policy_find_permission(policy, class, needed[i].permissions[p]);
        if (wanted & decide_allowed_by_rules(current, peer, before, class) &
            ~decide_allowed_by_rules(current, peer, after, class))
            return true;
    }
    return false;
}

int peer_rule_assume(const PeerRule *rule, Hypothesis *hypothesis)
{
    return hypothesis_add_allow(hypothesis, rule->source, rule->target, "unix_stream_socket",
                                "connectto");
}

int peer_rule_to_action(const PeerRule *rule, Plan *plan, char **ret_words)
{
    _cleanup_free_ char *name = module_name(rule->source, rule->target, "unix_stream_socket");
    _cleanup_free_ char *cil =
        module_rule(rule->source, rule->target, "unix_stream_socket", "connectto");
    _cleanup_free_ char *words = format_string("allow %s to connect to %s in a policy module of "
                                               "its own",
                                               rule->source, rule->target);
    int r = name && cil && words ? module_to_action(name, cil, plan) : -ENOMEM;

    if (r >= 0)
        *ret_words = TAKE_POINTER(words);
    return r;
}
