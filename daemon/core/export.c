/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/export.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/export-internal.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

static const char *const export_formats[EXPORT_FORMAT_COUNT] = {
    [EXPORT_SHELL] = "shell",
    [EXPORT_SEMANAGE] = "semanage",
    [EXPORT_ANSIBLE] = "ansible",
    [EXPORT_CIL] = "cil",
};

DEFINE_ENUM_STRINGS(export_format, ExportFormat, export_formats)

static const struct {
    const char *file_name;
    int (*write)(FILE *stream, const ExportInput *input, Export *exported, char **ret_problem);
} writers[EXPORT_FORMAT_COUNT] = {
    [EXPORT_SHELL] = {"selguard.sh", export_write_shell},
    [EXPORT_SEMANAGE] = {"selguard.semanage", export_write_semanage},
    [EXPORT_ANSIBLE] = {"selguard-vars.yml", export_write_ansible},
    [EXPORT_CIL] = {"selguard.cil", export_write_cil},
};

/* The order in which they must be done: a label may use a module's type. */
static const ActionKind order[] = {
    ACTION_INSTALL_MODULE, ACTION_SET_BOOLEAN,  ACTION_SET_PORT, ACTION_SET_FILE_CONTEXT,
    ACTION_RELABEL,        ACTION_RELOAD_NGINX, ACTION_ADVISE,
};

/* --- what may be exported at all ------------------------------------------ */

/* As policy languages have identifiers; none begins like an option or leads out of a directory. */
static bool is_identifier(const char *text)
{
    if (!text || !(isalpha((unsigned char)*text) || *text == '_') || strlen(text) > EXPORT_NAME_MAX)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
            return false;
    return true;
}

/* Without control bytes, broken UTF-8 and what reorders text before the reader's eyes. */
static int check_is_plain(const char *text)
{
    _cleanup_free_ char *escaped = text ? escape_for_terminal(text) : NULL;

    if (!text)
        return -EINVAL;
    if (!escaped)
        return -ENOMEM;
    return streq(text, escaped) ? 0 : -EINVAL;
}

static int check_path(const char *text)
{
    return text && text[0] == '/' && strlen(text) <= PLAN_STRING_MAX ? check_is_plain(text)
                                                                     : -EINVAL;
}

/* CIL has lines; what stands between their ends is plain. */
static int check_cil(const char *text)
{
    _cleanup_strv_ char **lines = text ? strv_split(text, "\n\t") : NULL;
    int r = 0;

    if (!text || strlen(text) > PLAN_CIL_MAX)
        return -EINVAL;
    if (!lines)
        return -ENOMEM;
    STRV_FOREACH (line, lines) {
        r = check_is_plain(*line);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_protocol(const char *text)
{
    static const char *const protocols[] = {"tcp", "udp", "dccp", "sctp"};

    for (size_t i = 0; text && i < ELEMENTS_OF(protocols); i++)
        if (streq(text, protocols[i]))
            return true;
    return false;
}

static int check_action(const Action *action)
{
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        return is_identifier(action->name) ? 0 : -EINVAL;
    case ACTION_SET_PORT:
        return is_protocol(action->protocol) && is_identifier(action->type) &&
                       action->low <= action->high
                   ? 0
                   : -EINVAL;
    case ACTION_SET_FILE_CONTEXT:
        return is_identifier(action->type) && export_file_type_letter(action->file_type)
                   ? check_path(action->regex)
                   : -EINVAL;
    case ACTION_RELABEL:
        return check_path(action->path);
    case ACTION_INSTALL_MODULE:
        return is_identifier(action->name) ? check_cil(action->cil) : -EINVAL;
    case ACTION_RELOAD_NGINX:
    case ACTION_ADVISE:
        return 0;
    case ACTION_KIND_COUNT:
        break;
    }
    return -EINVAL;
}

/* --- for the writers ------------------------------------------------------- */

char export_file_type_letter(const char *file_type)
{
    static const char *const words[] = {"all",   "file",   "dir",  "char",
                                        "block", "socket", "pipe", "symlink"};
    static const char letters[] = {'a', 'f', 'd', 'c', 'b', 's', 'p', 'l'};

    for (size_t i = 0; file_type && i < ELEMENTS_OF(words); i++)
        if (streq(words[i], file_type))
            return letters[i];
    return '\0';
}

char *export_port_range(const Action *action)
{
    return action->low == action->high ? format_string("%u", action->low)
                                       : format_string("%u-%u", action->low, action->high);
}

bool export_has_kind(const ExportInput *input, ActionKind kind)
{
    for (size_t i = 0; i < input->n_actions; i++)
        if (input->actions[i]->kind == kind)
            return true;
    return false;
}

int export_add_file(Export *exported, const char *name, const char *content)
{
    int r = strv_append(&exported->contents, content);

    return r < 0 ? r : strv_append(&exported->names, name);
}

int export_add_module(Export *exported, const Action *module)
{
    _cleanup_free_ char *name = format_string("%s.cil", module->name);

    return name ? export_add_file(exported, name, module->cil) : -ENOMEM;
}

int export_add_commands(Export *exported, const Action *action)
{
    _cleanup_free_ char *command = NULL, *escaped = NULL;

    if (action->kind == ACTION_ADVISE) {
        escaped = escape_for_terminal(strempty(action->text));
        command = escaped ? format_string("# by hand: %s", escaped) : NULL;
    } else if (action->kind == ACTION_RELABEL) {
        escaped = shell_quote(action->path);
        command = escaped ? format_string("restorecon %s-F -v %s", action->recursive ? "-R " : "",
                                          escaped)
                          : NULL;
    } else {
        command = action_to_command(action);
    }
    return command ? strv_append(&exported->after, command) : -ENOMEM;
}

/* --- the whole -------------------------------------------------------------- */

void export_clear(Export *exported)
{
    free(exported->text);
    free(exported->file_name);
    strv_free(exported->names);
    strv_free(exported->contents);
    strv_free(exported->before);
    strv_free(exported->after);
    *exported = (Export){};
}

static bool same_target(const Action *a, const Action *b)
{
    return a->kind == b->kind && streq_ptr(a->name, b->name) &&
           streq_ptr(a->protocol, b->protocol) && a->low == b->low && a->high == b->high &&
           streq_ptr(a->regex, b->regex) && streq_ptr(a->file_type, b->file_type) &&
           streq_ptr(a->path, b->path) && streq_ptr(a->text, b->text);
}

int export_select(const Plan *plans, size_t n_plans, const Action ***ret_actions,
                  size_t *ret_n_actions)
{
    const Action **actions;
    size_t n = 0;

    for (size_t i = 0; i < n_plans; i++)
        n += plans[i].n_actions;
    actions = calloc(n + 1, sizeof(*actions));
    if (!actions)
        return -ENOMEM;
    n = 0;
    for (size_t i = 0; i < n_plans; i++)
        for (size_t k = 0; k < plans[i].n_actions; k++) {
            const Action *action = &plans[i].actions[k];
            size_t kept = 0;

            for (size_t m = 0; m < n; m++)
                if (!same_target(actions[m], action))
                    actions[kept++] = actions[m];
            actions[kept++] = action;
            n = kept;
        }
    *ret_actions = actions;
    *ret_n_actions = n;
    return 0;
}

static int sort_and_check(const Action *const *actions, size_t n_actions, const Action **sorted,
                          char **ret_problem)
{
    size_t n = 0;

    for (size_t i = 0; i < n_actions; i++) {
        int r = check_action(actions[i]);

        if (r == -EINVAL)
            *ret_problem =
                format_string("Action %zu (%s) has a name, a path or a module that cannot be "
                              "written down safely.",
                              i + 1, strempty(action_kind_to_string(actions[i]->kind)));
        if (r < 0)
            return r;
    }
    for (size_t k = 0; k < ELEMENTS_OF(order); k++)
        for (size_t i = 0; i < n_actions; i++)
            if (actions[i]->kind == order[k])
                sorted[n++] = actions[i];
    return 0;
}

int export_write(ExportFormat format, const Action *const *actions, size_t n_actions,
                 const char *title, Export *ret_export, char **ret_problem)
{
    _cleanup_free_ const Action **sorted = calloc(n_actions + 1, sizeof(*sorted));
    _cleanup_free_ char *escaped = escape_for_terminal(title);
    _cleanup_(export_clear) Export exported = {};
    ExportInput input = {.actions = sorted, .n_actions = n_actions, .title = escaped};
    FILE *stream;
    size_t size;
    int r;

    if (!sorted || !escaped)
        return -ENOMEM;
    r = sort_and_check(actions, n_actions, sorted, ret_problem);
    if (r < 0)
        return r;
    exported.file_name = strdup(writers[format].file_name);
    stream = open_memstream(&exported.text, &size);
    if (!stream || !exported.file_name) {
        if (stream)
            (void)fclose(stream);
        return -ENOMEM;
    }
    r = writers[format].write(stream, &input, &exported, ret_problem);
    if (fclose(stream) != 0 && r >= 0)
        r = -ENOMEM;
    if (r < 0)
        return r;
    *ret_export = exported;
    exported = (Export){};
    return 0;
}
