/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fnmatch.h>

#include "daemon/core/boolean-rules.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-check-internal.h"

typedef struct ActionCheck {
    int (*request)(const Action *action, const Config *config, char **ret_refusal);
    int (*state)(const Action *action, const ActionState *state, char **ret_refusal);
} ActionCheck;

int refuse(char **ret_refusal, int error, char *sentence)
{
    if (!sentence)
        return -ENOMEM;
    *ret_refusal = sentence;
    return error;
}

bool identifier_is_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_-.";
    size_t length = strlen(name);

    return length > 0 && length <= REMEDY_BOOLEAN_NAME_MAX && strchr(letters, name[0]) &&
           strspn(name, others) == length;
}

static int boolean_check_request(const Action *action, const Config *config, char **ret_refusal)
{
    const char *reason;

    if (!action->name || !identifier_is_valid(action->name))
        return refuse(ret_refusal, -EINVAL, strdup("this is not the name of a boolean."));
    reason = boolean_rules_find_denied(action->name, action->value,
                                       config ? config->denied_booleans : NULL);
    if (reason)
        return refuse(ret_refusal, -EPERM,
                      format_string("the boolean %s is never turned %s by this service: %s.",
                                    action->name, action->value ? "on" : "off", reason));
    return 0;
}

/* What the policy view found in the way. */
static int obstacle_check_state(const Action *action _unused_, const ActionState *state,
                                char **ret_refusal)
{
    if (state->obstacle[0] == '\0')
        return 0;
    return refuse(ret_refusal, -EPERM, strdup(state->obstacle));
}

static int boolean_check_state(const Action *action, const ActionState *state, char **ret_refusal)
{
    if (!state->known)
        return refuse(ret_refusal, -EPERM,
                      format_string("the policy has no boolean %s.", action->name));
    return obstacle_check_state(action, state, ret_refusal);
}

/* It has no arguments that could be wrong. */
static int reload_check_request(const Action *action _unused_, const Config *config _unused_,
                                char **ret_refusal _unused_)
{
    return 0;
}

/* The permitted actions. A kind is added by filling in its row. */
static const ActionCheck action_checks[ACTION_KIND_COUNT] = {
    [ACTION_SET_BOOLEAN] = {boolean_check_request, boolean_check_state},
    [ACTION_SET_PORT] = {port_check_request, obstacle_check_state},
    [ACTION_SET_FILE_CONTEXT] = {file_context_check_request, obstacle_check_state},
    [ACTION_RELABEL] = {relabel_check_request, obstacle_check_state},
    [ACTION_INSTALL_MODULE] = {module_check_request, obstacle_check_state},
    [ACTION_RELOAD_NGINX] = {reload_check_request, obstacle_check_state},
    [ACTION_ADVISE] = {NULL, NULL}, /* advice is for a person: nothing here may carry it out */
};

bool plan_check_supported(ActionKind kind)
{
    return (unsigned)kind < ACTION_KIND_COUNT && action_checks[kind].request;
}

bool plan_check_type_denied(const char *type, const Config *config)
{
    STRV_FOREACH (pattern, config ? config->denied_types : NULL)
        if (fnmatch(*pattern, type, 0) == 0)
            return true;
    return false;
}

/* What this site does not want, whatever it is. */
static int check_site(const Action *action, const Config *config, char **ret_refusal)
{
    const char *kind = action_kind_to_string(action->kind);

    if (config && config->allowed_actions && !strv_contains(config->allowed_actions, kind))
        return refuse(ret_refusal, -EPERM,
                      format_string("the site does not permit %s (AllowedActions=).", kind));
    if (action->type && plan_check_type_denied(action->type, config))
        return refuse(ret_refusal, -EPERM,
                      format_string("the site does not permit %s (DeniedTypes=).", action->type));
    return 0;
}

int plan_check_action(const Action *action, const Config *config, char **ret_refusal)
{
    int r;

    if (action->kind == ACTION_ADVISE)
        return refuse(ret_refusal, -EOPNOTSUPP,
                      strdup("advice is for a person to follow; it cannot be applied."));
    if (!plan_check_supported(action->kind))
        return refuse(ret_refusal, -EOPNOTSUPP,
                      format_string("%s is not supported by this version.",
                                    strempty(action_kind_to_string(action->kind))));
    r = check_site(action, config, ret_refusal);
    return r < 0 ? r : action_checks[action->kind].request(action, config, ret_refusal);
}

int plan_check_action_state(const Action *action, const ActionState *state, char **ret_refusal)
{
    if (!plan_check_supported(action->kind))
        return refuse(ret_refusal, -EOPNOTSUPP, strdup("not supported by this version."));
    return action_checks[action->kind].state(action, state, ret_refusal);
}

/* Puts the index before an action's refusal. */
static int refuse_at(char **ret_refusal, int error, size_t index, char **refusal)
{
    if (!*refusal)
        return error;
    return refuse(ret_refusal, error, format_string("Action %zu: %s", index, *refusal));
}

/* libsemanage takes no two local records that overlap. */
static int check_port_overlap(const Plan *plan, char **ret_refusal)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        for (size_t j = i + 1; j < plan->n_actions; j++) {
            const Action *a = &plan->actions[i], *b = &plan->actions[j];

            if (a->kind == ACTION_SET_PORT && b->kind == ACTION_SET_PORT &&
                streq(a->protocol, b->protocol) && a->low <= b->high && b->low <= a->high)
                return refuse(ret_refusal, -EINVAL,
                              format_string("Actions %zu and %zu are about the same ports.", i, j));
        }
    return 0;
}

int plan_check(const Plan *plan, const Config *config, char **ret_refusal)
{
    _cleanup_free_ char *common = NULL;
    int r;

    if (plan->n_actions == 0)
        return refuse(ret_refusal, -EINVAL, strdup("The plan has no action."));
    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *refusal = NULL;

        r = plan_check_action(&plan->actions[i], config, &refusal);
        if (r < 0)
            return refuse_at(ret_refusal, r, i, &refusal);
    }
    r = plan_common_object(plan, plan, &common);
    if (r < 0)
        return r;
    if (r > 0)
        return refuse(ret_refusal, -EINVAL, format_string("The plan names %s twice.", common));
    return check_port_overlap(plan, ret_refusal);
}

int plan_check_states(const Plan *plan, const ActionState *states, char **ret_refusal)
{
    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *refusal = NULL;
        int r = plan_check_action_state(&plan->actions[i], &states[i], &refusal);

        if (r < 0)
            return refuse_at(ret_refusal, r, i, &refusal);
    }
    return 0;
}
