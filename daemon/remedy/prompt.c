/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "daemon/remedy/prompt.h"

#define ACTION_PREFIX "org.selguard.remedy1."

static const char *const polkit_actions[ACTION_KIND_COUNT] = {
    [ACTION_SET_BOOLEAN] = ACTION_PREFIX "set-boolean",
    [ACTION_SET_PORT] = ACTION_PREFIX "set-port",
    [ACTION_SET_FILE_CONTEXT] = ACTION_PREFIX "set-file-context",
    [ACTION_RELABEL] = ACTION_PREFIX "relabel",
    [ACTION_INSTALL_MODULE] = ACTION_PREFIX "install-module",
    [ACTION_RELOAD_NGINX] = ACTION_PREFIX "reload-nginx",
};

const char *prompt_polkit_action(ActionKind kind)
{
    return (unsigned)kind < ACTION_KIND_COUNT ? polkit_actions[kind] : NULL;
}

const char **prompt_polkit_actions(const Plan *plan)
{
    const char **list = calloc(ACTION_KIND_COUNT + 1, sizeof(*list));
    size_t n = 0;

    for (size_t kind = 0; list && kind < ACTION_KIND_COUNT; kind++)
        for (size_t i = 0; i < plan->n_actions; i++)
            if (plan->actions[i].kind == kind && polkit_actions[kind]) {
                list[n++] = polkit_actions[kind];
                break;
            }
    return list;
}

/* Rules of a module that are told one by one. */
#define PROMPT_RULES_MAX 4u

static char *describe_rules(const CilModule *module)
{
    _cleanup_strv_ char **parts = calloc(1, sizeof(*parts));

    for (size_t i = 0; parts && i < module->n_rules && i < PROMPT_RULES_MAX; i++) {
        const CilRule *rule = &module->rules[i];
        _cleanup_free_ char *permissions = strv_join(rule->permissions, " ");
        _cleanup_free_ char *part =
            permissions ? format_string("%s to %s on %s (%s)", rule->source, permissions,
                                        rule->target, rule->target_class)
                        : NULL;

        if (!part || strv_append(&parts, part) < 0)
            return NULL;
    }
    if (parts && module->n_rules > PROMPT_RULES_MAX) {
        _cleanup_free_ char *rest =
            format_string("%zu more rules", module->n_rules - PROMPT_RULES_MAX);

        if (!rest || strv_append(&parts, rest) < 0)
            return NULL;
    }
    return parts ? strv_join(parts, ", ") : NULL;
}

/* A module's name says nothing of what it allows, and that is what is approved. */
static char *action_to_prompt(const Action *action)
{
    _cleanup_free_ char *words = action_to_words(action), *problem = NULL, *rules = NULL;
    CilModule module = {};

    if (!words || action->kind != ACTION_INSTALL_MODULE ||
        cil_read(strempty(action->cil), &module, &problem) < 0)
        return TAKE_POINTER(words);
    rules = describe_rules(&module);
    cil_module_clear(&module);
    return rules ? format_string("%s, which allows %s", words, rules) : NULL;
}

/* Joins one text for each action, as far as they fit. */
static char *join_actions(const Plan *plan, char *(*to_text)(const Action *), const char *start,
                          const char *separator, const char *end)
{
    char *joined = strdup(start);

    for (size_t i = 0; joined && i < plan->n_actions; i++) {
        _cleanup_free_ char *text = to_text(&plan->actions[i]);
        _cleanup_free_ char *old = joined;

        if (!text)
            return NULL;
        /* The first always stands: a change of which nothing is shown is not approved. */
        if (i > 0 && strlen(old) + strlen(separator) + strlen(text) > REMEDY_PROMPT_MAX)
            return format_string("%s%s… and %zu more%s", old, separator, plan->n_actions - i, end);
        joined = format_string("%s%s%s", old, i > 0 ? separator : "", text);
    }
    if (joined) {
        _cleanup_free_ char *old = joined;

        joined = format_string("%s%s", old, end);
    }
    return joined;
}

char *prompt_apply(const Plan *plan)
{
    return join_actions(plan, action_to_prompt, "Authentication is required to ", "; and to ", ".");
}

char *prompt_trial(const Plan *plan, uint32_t seconds)
{
    _cleanup_free_ char *end = format_string(", and to take that back after %u s.", seconds);

    return end ? join_actions(plan, action_to_prompt, "Authentication is required to ", "; and to ",
                              end)
               : NULL;
}

char *prompt_keep(const Plan *plan, uint64_t change_id)
{
    _cleanup_free_ char *start = format_string(
        "Authentication is required to make change %" PRIu64 " permanent, which is to ", change_id);

    return start ? join_actions(plan, action_to_prompt, start, "; and to ", ".") : NULL;
}

char *prompt_revert(const Plan *plan, uint64_t change_id)
{
    _cleanup_free_ char *start = format_string(
        "Authentication is required to undo change %" PRIu64 ", which was to ", change_id);

    return start ? join_actions(plan, action_to_prompt, start, "; and to ", ".") : NULL;
}

char *prompt_commands(const Plan *plan)
{
    return join_actions(plan, action_to_command, "", "; ", "");
}
