/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A script that can be run again, and how to take it back, as comments. */
#include <errno.h>

#include "daemon/core/export-internal.h"
#include "daemon/core/macro.h"

/* A line that does not occur in the text, to end it by. */
static char *find_delimiter(const char *text)
{
    _cleanup_strv_ char **lines = strv_split(text, "\n");

    for (unsigned n = 0; lines; n++) {
        char *delimiter = format_string("END_OF_MODULE_%u", n);

        if (!delimiter || !strv_contains(lines, delimiter))
            return delimiter;
        free(delimiter);
    }
    return NULL;
}

static int write_module(FILE *stream, const Action *action)
{
    _cleanup_free_ char *delimiter = find_delimiter(action->cil);
    size_t length = strlen(action->cil);

    if (!delimiter)
        return -ENOMEM;
    (void)fprintf(stream, "cat >\"$work\"/%s.cil <<'%s'\n%s%s%s\n", action->name, delimiter,
                  action->cil, length > 0 && action->cil[length - 1] == '\n' ? "" : "\n",
                  delimiter);
    (void)fprintf(stream, "semodule -i \"$work\"/%s.cil\n", action->name);
    return 0;
}

static int write_action(FILE *stream, const Action *action)
{
    _cleanup_free_ char *range = NULL, *quoted = NULL;

    switch (action->kind) {
    case ACTION_INSTALL_MODULE:
        return write_module(stream, action);
    case ACTION_SET_BOOLEAN:
        (void)fprintf(stream, "setsebool -P %s %s\n", action->name, action->value ? "on" : "off");
        return 0;
    case ACTION_SET_PORT:
        range = export_port_range(action);
        if (!range)
            return -ENOMEM;
        /* Older versions of semanage do not turn the one into the other by themselves. */
        (void)fprintf(stream,
                      "semanage port -a -t %1$s -p %2$s %3$s 2>/dev/null ||\n"
                      "    semanage port -m -t %1$s -p %2$s %3$s\n",
                      action->type, action->protocol, range);
        return 0;
    case ACTION_SET_FILE_CONTEXT:
        quoted = shell_quote(action->regex);
        if (!quoted)
            return -ENOMEM;
        (void)fprintf(stream,
                      "semanage fcontext -a -f %1$c -t %2$s %3$s 2>/dev/null ||\n"
                      "    semanage fcontext -m -f %1$c -t %2$s %3$s\n",
                      export_file_type_letter(action->file_type), action->type, quoted);
        return 0;
    case ACTION_RELABEL:
        quoted = shell_quote(action->path);
        if (!quoted)
            return -ENOMEM;
        (void)fprintf(stream, "restorecon %s-F -v %s\n", action->recursive ? "-R " : "", quoted);
        return 0;
    case ACTION_RELOAD_NGINX:
        (void)fputs("nginx -t\nsystemctl reload-or-restart nginx\n", stream);
        return 0;
    case ACTION_ADVISE:
    case ACTION_KIND_COUNT:
        break;
    }
    return 0;
}

static int write_undo(FILE *stream, const Action *action)
{
    _cleanup_free_ char *range = NULL, *quoted = NULL;

    switch (action->kind) {
    case ACTION_INSTALL_MODULE:
        (void)fprintf(stream, "#   semodule -r %s\n", action->name);
        return 0;
    case ACTION_SET_BOOLEAN:
        (void)fprintf(stream, "#   setsebool -P %s %s   # if it was %s before\n", action->name,
                      action->value ? "off" : "on", action->value ? "off" : "on");
        return 0;
    case ACTION_SET_PORT:
        range = export_port_range(action);
        if (!range)
            return -ENOMEM;
        (void)fprintf(stream, "#   semanage port -d -p %s %s\n", action->protocol, range);
        return 0;
    case ACTION_SET_FILE_CONTEXT:
        quoted = shell_quote(action->regex);
        if (!quoted)
            return -ENOMEM;
        (void)fprintf(stream, "#   semanage fcontext -d -f %c %s\n",
                      export_file_type_letter(action->file_type), quoted);
        return 0;
    case ACTION_RELABEL:
        quoted = shell_quote(action->path);
        if (!quoted)
            return -ENOMEM;
        (void)fprintf(stream, "#   restorecon %s-F -v %s   # last\n",
                      action->recursive ? "-R " : "", quoted);
        return 0;
    case ACTION_RELOAD_NGINX:
    case ACTION_ADVISE:
    case ACTION_KIND_COUNT:
        break;
    }
    return 0;
}

int export_write_shell(FILE *stream, const ExportInput *input, Export *exported _unused_,
                       char **ret_problem _unused_)
{
    int r = 0;

    (void)fprintf(stream,
                  "#!/bin/sh\n# nginx-selguard: %s\n"
                  "# To be run as root; running it again does no harm.\nset -eu\n",
                  input->title);
    if (export_has_kind(input, ACTION_INSTALL_MODULE))
        (void)fputs("work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n", stream);
    for (size_t i = 0; i < input->n_actions && r >= 0; i++) {
        _cleanup_free_ char *words = action_to_words(input->actions[i]);
        _cleanup_free_ char *escaped = words ? escape_for_terminal(words) : NULL;

        if (!escaped)
            return -ENOMEM;
        (void)fprintf(stream, "\n# %s%s\n",
                      input->actions[i]->kind == ACTION_ADVISE ? "By hand: " : "", escaped);
        r = write_action(stream, input->actions[i]);
    }
    (void)fputs("\n# To take it back, with what there was before put in its place:\n", stream);
    for (size_t i = input->n_actions; i > 0 && r >= 0; i--)
        r = write_undo(stream, input->actions[i - 1]);
    return r;
}
