/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/pre-approval.h"

#include <pwd.h>
#include <stdint.h>

#include "daemon/core/text.h"

static bool is_user(const char *user, uid_t uid)
{
    const struct passwd *entry;
    uint64_t number;

    if (parse_number(user, 0, UINT32_MAX - 1, &number) >= 0)
        return number == uid;
    entry = getpwnam(user);
    return entry && entry->pw_uid == uid;
}

static bool is_inside(const char *path, const char *tree)
{
    size_t length = strlen(tree);

    return strncmp(path, tree, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static const PreApproval *find_rule(const Config *config, const Action *action, uid_t uid)
{
    if (action->kind != ACTION_RELABEL)
        return NULL;
    for (size_t i = 0; i < config->n_pre_approved; i++)
        if (is_inside(action->path, config->pre_approved[i].path) &&
            is_user(config->pre_approved[i].user, uid))
            return &config->pre_approved[i];
    return NULL;
}

char *pre_approval_find(const Config *config, const Plan *plan, uid_t uid)
{
    const PreApproval *first = NULL;

    for (size_t i = 0; config && i < plan->n_actions; i++) {
        const PreApproval *rule = find_rule(config, &plan->actions[i], uid);

        if (!rule)
            return NULL;
        first = first ? first : rule;
    }
    return first ? format_string("PreApproved=relabel %s %s", first->path, first->user) : NULL;
}
