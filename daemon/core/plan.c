/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/plan.h"

#include <errno.h>
#include <inttypes.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static const char *const action_kinds[ACTION_KIND_COUNT] = {
    [ACTION_SET_BOOLEAN] = "set-boolean",
    [ACTION_SET_PORT] = "set-port",
    [ACTION_SET_FILE_CONTEXT] = "set-file-context",
    [ACTION_RELABEL] = "relabel",
    [ACTION_INSTALL_MODULE] = "install-module",
    [ACTION_RELOAD_NGINX] = "reload-nginx",
    [ACTION_ADVISE] = "advise",
};

DEFINE_ENUM_STRINGS(action_kind, ActionKind, action_kinds)

void action_clear(Action *action)
{
    free(action->name);
    free(action->protocol);
    free(action->type);
    free(action->regex);
    free(action->file_type);
    free(action->path);
    free(action->cil);
    free(action->text);
    strv_free(action->commands);
    *action = (Action){};
}

int action_copy(Action *ret_action, const Action *action)
{
    Action copy = {
        .kind = action->kind,
        .value = action->value,
        .low = action->low,
        .high = action->high,
        .recursive = action->recursive,
    };

    if (string_replace(&copy.name, action->name) < 0 ||
        string_replace(&copy.protocol, action->protocol) < 0 ||
        string_replace(&copy.type, action->type) < 0 ||
        string_replace(&copy.regex, action->regex) < 0 ||
        string_replace(&copy.file_type, action->file_type) < 0 ||
        string_replace(&copy.path, action->path) < 0 ||
        string_replace(&copy.cil, action->cil) < 0 ||
        string_replace(&copy.text, action->text) < 0 ||
        (action->commands && !(copy.commands = strv_copy(action->commands)))) {
        action_clear(&copy);
        return -ENOMEM;
    }
    *ret_action = copy;
    return 0;
}

static bool action_equal(const Action *a, const Action *b)
{
    if (a->kind != b->kind || a->value != b->value || a->low != b->low || a->high != b->high ||
        a->recursive != b->recursive || !streq_ptr(a->name, b->name) ||
        !streq_ptr(a->protocol, b->protocol) || !streq_ptr(a->type, b->type) ||
        !streq_ptr(a->regex, b->regex) || !streq_ptr(a->file_type, b->file_type) ||
        !streq_ptr(a->path, b->path) || !streq_ptr(a->cil, b->cil) || !streq_ptr(a->text, b->text))
        return false;
    if (strv_length(a->commands) != strv_length(b->commands))
        return false;
    for (size_t i = 0; i < strv_length(a->commands); i++)
        if (!streq(a->commands[i], b->commands[i]))
            return false;
    return true;
}

static char *port_range(const Action *action)
{
    return action->low == action->high ? format_string("%u", action->low)
                                       : format_string("%u-%u", action->low, action->high);
}

/* semanage's letter for a file type; semanage's own long names are accepted back by it. */
static const char *file_type_letter(const char *file_type)
{
    static const char *const letters[][2] = {
        {"all", "a"},   {"file", "f"},   {"dir", "d"},  {"char", "c"},
        {"block", "b"}, {"socket", "s"}, {"pipe", "p"}, {"symlink", "l"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(letters); i++)
        if (streq(letters[i][0], strempty(file_type)))
            return letters[i][1];
    return "a";
}

/* One line that writes the module and installs it. */
static char *install_command(const Action *action)
{
    _cleanup_strv_ char **lines = strv_split(strempty(action->cil), "\n");
    _cleanup_strv_ char **quoted = calloc(1, sizeof(*quoted));
    _cleanup_free_ char *name = shell_quote(action->name), *text = NULL;

    STRV_FOREACH (line, lines) {
        _cleanup_free_ char *word = shell_quote(*line);

        if (!word || !quoted || strv_append(&quoted, word) < 0)
            return NULL;
    }
    text = quoted ? strv_join(quoted, " ") : NULL;
    if (!lines || !text || !name)
        return NULL;
    return format_string("printf '%%s\\n' %s >%s.cil && semodule -i %s.cil", text, name, name);
}

char *action_to_command(const Action *action)
{
    _cleanup_free_ char *range = NULL, *quoted = NULL;

    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        quoted = shell_quote(action->name);
        return quoted ? format_string("setsebool -P %s %s", quoted, action->value ? "on" : "off")
                      : NULL;
    case ACTION_SET_PORT:
        range = port_range(action);
        /* -a fails where the policy has a record for exactly this port, -m where it has none. */
        return range ? format_string("semanage port -a -t %1$s -p %2$s %3$s || semanage port -m -t "
                                     "%1$s -p %2$s %3$s",
                                     action->type, action->protocol, range)
                     : NULL;
    case ACTION_SET_FILE_CONTEXT:
        quoted = shell_quote(action->regex);
        return quoted ? format_string("semanage fcontext -a -f %s -t %s %s",
                                      file_type_letter(action->file_type), action->type, quoted)
                      : NULL;
    case ACTION_RELABEL:
        quoted = shell_quote(action->path);
        return quoted
                   ? format_string("restorecon -v%s -F %s", action->recursive ? " -R" : "", quoted)
                   : NULL;
    case ACTION_INSTALL_MODULE:
        return install_command(action);
    case ACTION_RELOAD_NGINX:
        return strdup("nginx -t && systemctl reload-or-restart nginx");
    case ACTION_ADVISE:
        return action->commands && action->commands[0] ? strv_join(action->commands, " && ")
                                                       : strdup(strempty(action->text));
    case ACTION_KIND_COUNT:
        break;
    }
    return NULL;
}

char *action_to_words(const Action *action)
{
    _cleanup_free_ char *range = NULL;

    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        return format_string("turn the SELinux boolean %s %s, persistently", action->name,
                             action->value ? "on" : "off");
    case ACTION_SET_PORT:
        range = port_range(action);
        return range
                   ? format_string("label %s port %s as %s", action->protocol, range, action->type)
                   : NULL;
    case ACTION_SET_FILE_CONTEXT:
        return format_string("label %s matching %s as %s by default",
                             streq_ptr(action->file_type, "all") ? "everything"
                                                                 : strempty(action->file_type),
                             action->regex, action->type);
    case ACTION_RELABEL:
        return format_string("restore the default SELinux label of %s%s", action->path,
                             action->recursive ? " and everything below it" : "");
    case ACTION_INSTALL_MODULE:
        return format_string("install the SELinux policy module %s", action->name);
    case ACTION_RELOAD_NGINX:
        return strdup("test nginx's configuration and reload nginx");
    case ACTION_ADVISE:
        return strdup(strempty(action->text));
    case ACTION_KIND_COUNT:
        break;
    }
    return NULL;
}

int plan_add_action(Plan *plan, Action *action)
{
    Action *grown;

    if (plan->n_actions >= PLAN_ACTIONS_MAX)
        return -E2BIG;
    grown = reallocarray(plan->actions, plan->n_actions + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    plan->actions = grown;
    plan->actions[plan->n_actions++] = *action;
    *action = (Action){};
    return 0;
}

int plan_add_access(Plan *plan, const Access *access)
{
    Access *grown;
    int r;

    if (plan->n_accesses >= PLAN_ACCESSES_MAX)
        return -E2BIG;
    grown = reallocarray(plan->accesses, plan->n_accesses + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    plan->accesses = grown;
    r = access_copy(&plan->accesses[plan->n_accesses], access);
    if (r < 0)
        return r;
    plan->n_accesses++;
    return 0;
}

void plan_clear(Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        action_clear(&plan->actions[i]);
    free(plan->actions);
    for (size_t i = 0; i < plan->n_accesses; i++)
        access_clear(&plan->accesses[i]);
    free(plan->accesses);
    *plan = (Plan){};
}

int plan_copy(Plan *ret_plan, const Plan *plan)
{
    Plan copy = {};
    int r = 0;

    for (size_t i = 0; i < plan->n_actions && r >= 0; i++) {
        Action action = {};

        r = action_copy(&action, &plan->actions[i]);
        if (r >= 0)
            r = plan_add_action(&copy, &action);
        action_clear(&action);
    }
    for (size_t i = 0; i < plan->n_accesses && r >= 0; i++)
        r = plan_add_access(&copy, &plan->accesses[i]);
    if (r < 0) {
        plan_clear(&copy);
        return r;
    }
    *ret_plan = copy;
    return 0;
}

bool plan_equal(const Plan *a, const Plan *b)
{
    if (a->n_actions != b->n_actions || a->n_accesses != b->n_accesses)
        return false;
    for (size_t i = 0; i < a->n_actions; i++)
        if (!action_equal(&a->actions[i], &b->actions[i]))
            return false;
    for (size_t i = 0; i < a->n_accesses; i++)
        if (!access_equal(&a->accesses[i], &b->accesses[i]))
            return false;
    return true;
}
