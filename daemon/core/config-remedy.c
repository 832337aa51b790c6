/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/config-remedy.h"

#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/plan.h"
#include "daemon/core/text.h"

void config_remedy_clear(Config *config)
{
    strv_free(config->denied_booleans);
    strv_free(config->denied_types);
    strv_free(config->allowed_actions);
    for (size_t i = 0; i < config->n_pre_approved; i++) {
        free(config->pre_approved[i].path);
        free(config->pre_approved[i].user);
    }
    free(config->pre_approved);
}

static int add_words(char ***list, char *const *words)
{
    for (; *words; words++) {
        int r = strv_length(*list) < CONFIG_LIST_MAX ? strv_append(list, *words) : -E2BIG;

        if (r < 0)
            return r;
    }
    return 0;
}

static int add_kinds(Config *config, char *const *words)
{
    for (char *const *word = words; *word; word++) {
        ActionKind kind;

        if (action_kind_from_string(*word, &kind) < 0 || kind == ACTION_ADVISE)
            return -EINVAL;
    }
    return words[0] ? add_words(&config->allowed_actions, words) : -EINVAL;
}

/* An absolute path of plain components, as the service will see it in a plan. */
static bool is_plain_path(const char *path)
{
    return path[0] == '/' && path[1] != '\0' && !strstr(path, "//") && !strstr(path, "/./") &&
           !strstr(path, "/../") && path[strlen(path) - 1] != '/' && path[strlen(path) - 1] != '.';
}

/* "relabel PATH USER", and nothing else. */
static int add_rule(Config *config, char *const *words)
{
    PreApproval rule = {}, *grown;

    if (strv_length(words) != 3 || !streq(words[0], "relabel") || !is_plain_path(words[1]))
        return -EINVAL;
    if (config->n_pre_approved >= CONFIG_LIST_MAX)
        return -E2BIG;
    grown = reallocarray(config->pre_approved, config->n_pre_approved + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    config->pre_approved = grown;
    if (string_replace(&rule.path, words[1]) < 0 || string_replace(&rule.user, words[2]) < 0) {
        free(rule.path);
        return -ENOMEM;
    }
    config->pre_approved[config->n_pre_approved++] = rule;
    return 0;
}

static int set_limit(ExposureLimit *limit, const char *value)
{
    uint64_t number;

    if (parse_number(value, 0, UINT32_MAX, &number) < 0)
        return -EINVAL;
    *limit = (ExposureLimit){.set = true, .value = (uint32_t)number};
    return 0;
}

int config_remedy_set(Config *config, const char *key, const char *value)
{
    _cleanup_strv_ char **words = strv_split(value, " \t");

    if (!words)
        return -ENOMEM;
    if (streq(key, "DeniedBooleans"))
        return add_words(&config->denied_booleans, words);
    if (streq(key, "DeniedTypes"))
        return add_words(&config->denied_types, words);
    if (streq(key, "AllowedActions"))
        return add_kinds(config, words);
    if (streq(key, "PreApproved"))
        return add_rule(config, words);
    if (streq(key, "MaximumDomains"))
        return set_limit(&config->maximum_domains, value);
    if (streq(key, "MaximumPorts"))
        return set_limit(&config->maximum_ports, value);
    if (streq(key, "MaximumAccesses"))
        return set_limit(&config->maximum_accesses, value);
    return -ENOENT;
}
