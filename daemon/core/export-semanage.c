/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines for `semanage import`, which makes one transaction of them, and CIL.
 *
 * semanage splits a line at white space as Python understands it, and takes a quotation mark
 * anywhere in a word for the start of a quotation (mkargv() in its source). So a rule with
 * either cannot be carried. There are no comments.
 */
#include <errno.h>

#include "daemon/core/export-internal.h"
#include "daemon/core/macro.h"

/* White space beyond ASCII, in UTF-8: U+0085 U+00A0 U+1680 U+2000–200A U+2028 U+2029 U+202F
 * U+205F U+3000. */
static bool has_wide_space(const char *text)
{
    static const char *const spaces[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < ELEMENTS_OF(spaces); i++)
        if (strstr(text, spaces[i]))
            return true;
    for (; *p; p++)
        if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8a)
            return true;
    return false;
}

static int write_file_context(FILE *stream, const Action *action, char **ret_problem)
{
    if (strpbrk(action->regex, " \t'\"") || has_wide_space(action->regex)) {
        *ret_problem = format_string("semanage import cannot carry the blanks or quotation marks "
                                     "of %s: export it for the shell.",
                                     action->regex);
        return -EINVAL;
    }
    (void)fprintf(stream, "fcontext -a -f %c -t %s '%s'\n",
                  export_file_type_letter(action->file_type), action->type, action->regex);
    return 0;
}

static int write_port(FILE *stream, const Action *action)
{
    _cleanup_free_ char *range = export_port_range(action);

    if (!range)
        return -ENOMEM;
    (void)fprintf(stream, "port -a -t %s -p %s %s\n", action->type, action->protocol, range);
    return 0;
}

/* The types of a new module are known to semanage only once it is installed. */
static int add_module(Export *exported, const Action *action)
{
    _cleanup_free_ char *command = format_string("semodule -i %s.cil", action->name);
    int r = export_add_module(exported, action);

    if (!command)
        return -ENOMEM;
    return r < 0 ? r : strv_append(&exported->before, command);
}

int export_write_semanage(FILE *stream, const ExportInput *input, Export *exported,
                          char **ret_problem)
{
    int r = 0;

    for (size_t i = 0; i < input->n_actions && r >= 0; i++) {
        const Action *action = input->actions[i];

        switch (action->kind) {
        case ACTION_INSTALL_MODULE:
            r = add_module(exported, action);
            break;
        case ACTION_SET_BOOLEAN:
            (void)fprintf(stream, "boolean -m --%s %s\n", action->value ? "on" : "off",
                          action->name);
            break;
        case ACTION_SET_PORT:
            r = write_port(stream, action);
            break;
        case ACTION_SET_FILE_CONTEXT:
            r = write_file_context(stream, action, ret_problem);
            break;
        case ACTION_RELABEL:
        case ACTION_RELOAD_NGINX:
        case ACTION_ADVISE:
        case ACTION_KIND_COUNT:
            r = export_add_commands(exported, action);
            break;
        }
    }
    return r;
}

/* --- CIL --------------------------------------------------------------------- */

int export_write_cil(FILE *stream, const ExportInput *input, Export *exported, char **ret_problem)
{
    int r = 0;

    if (!export_has_kind(input, ACTION_INSTALL_MODULE)) {
        *ret_problem = strdup("There is no policy module in it: booleans, ports and labels are no "
                              "part of a module. Export it in another format.");
        return -ENODATA;
    }
    (void)fprintf(stream, "; nginx-selguard: %s\n", input->title);
    for (size_t i = 0; i < input->n_actions && r >= 0; i++) {
        const Action *action = input->actions[i];

        if (action->kind == ACTION_INSTALL_MODULE)
            (void)fprintf(stream, "\n; module %s\n%s\n", action->name, action->cil);
        else if (action->kind == ACTION_RELABEL || action->kind == ACTION_ADVISE ||
                 action->kind == ACTION_RELOAD_NGINX)
            r = export_add_commands(exported, action);
        else {
            _cleanup_free_ char *command = action_to_command(action);

            r = command ? strv_append(&exported->after, command) : -ENOMEM;
        }
    }
    return r;
}
