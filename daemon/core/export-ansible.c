/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variables for the Ansible role linux-system-roles.selinux, and a playbook that runs it.
 *
 * The role installs modules after it labels ports, so the playbook runs it twice: a port's type
 * may come from a module. It hands selinux_restore_dirs to restorecon through Ansible's own
 * splitting of words, so only paths without anything to split or to expand are put there.
 */
#include <errno.h>

#include "daemon/core/export-internal.h"
#include "daemon/core/macro.h"

/* A double-quoted scalar in ASCII. The text is valid UTF-8 without control bytes. */
static void write_string(FILE *stream, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    if (strstr(text, "{{") || strstr(text, "{%") || strstr(text, "{#"))
        (void)fputs("!unsafe ", stream);
    (void)fputc('"', stream);
    while (*p) {
        size_t length = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
        uint32_t code = length == 1 ? *p : *p & (0x7fU >> length);

        for (size_t i = 1; i < length; i++)
            code = code << 6 | (p[i] & 0x3fU);
        if (code == '"' || code == '\\')
            (void)fprintf(stream, "\\%c", (char)code);
        else if (code < 0x80)
            (void)fputc((int)code, stream);
        else if (code < 0x10000)
            (void)fprintf(stream, "\\u%04x", code);
        else
            (void)fprintf(stream, "\\U%08x", code);
        p += length;
    }
    (void)fputc('"', stream);
}

static bool is_plain_path(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:@_";

    return path[strspn(path, plain)] == '\0';
}

static int write_item(FILE *stream, const Action *action)
{
    _cleanup_free_ char *range = NULL;

    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        (void)fputs("  - name: ", stream);
        write_string(stream, action->name);
        (void)fprintf(stream, "\n    state: %s\n    persistent: true\n",
                      action->value ? "true" : "false");
        return 0;
    case ACTION_SET_PORT:
        range = export_port_range(action);
        if (!range)
            return -ENOMEM;
        (void)fputs("  - ports: ", stream);
        write_string(stream, range);
        (void)fprintf(stream, "\n    proto: \"%s\"\n    setype: ", action->protocol);
        write_string(stream, action->type);
        (void)fputs("\n    state: \"present\"\n", stream);
        return 0;
    case ACTION_SET_FILE_CONTEXT:
        (void)fputs("  - target: ", stream);
        write_string(stream, action->regex);
        (void)fprintf(stream, "\n    ftype: \"%c\"\n    setype: ",
                      export_file_type_letter(action->file_type));
        write_string(stream, action->type);
        (void)fputs("\n    state: \"present\"\n", stream);
        return 0;
    case ACTION_RELABEL:
        (void)fputs("  - ", stream);
        write_string(stream, action->path);
        (void)fputc('\n', stream);
        return 0;
    case ACTION_INSTALL_MODULE:
        (void)fprintf(stream, "  - path: \"%s.cil\"\n    state: \"enabled\"\n", action->name);
        return 0;
    case ACTION_RELOAD_NGINX:
    case ACTION_ADVISE:
    case ACTION_KIND_COUNT:
        break;
    }
    return 0;
}

static bool belongs_into_list(const Action *action, ActionKind kind)
{
    return action->kind == kind && (kind != ACTION_RELABEL || is_plain_path(action->path));
}

static int write_list(FILE *stream, const ExportInput *input, ActionKind kind, const char *name)
{
    bool started = false;
    int r = 0;

    for (size_t i = 0; i < input->n_actions && r >= 0; i++) {
        if (!belongs_into_list(input->actions[i], kind))
            continue;
        if (!started)
            (void)fprintf(stream, "%s:\n", name);
        started = true;
        r = write_item(stream, input->actions[i]);
    }
    return r;
}

static int add_playbook(const ExportInput *input, Export *exported)
{
    static const char head[] =
        "---\n"
        "# The role has other names, too: rhel-system-roles.selinux, or with a collection\n"
        "# redhat.rhel_system_roles.selinux; give the one that is there with\n"
        "#   ansible-playbook -e selguard_role=NAME selguard.yml\n"
        "- name: SELinux settings for nginx\n"
        "  hosts: all\n"
        "  become: true\n"
        "  vars_files:\n"
        "    - selguard-vars.yml\n"
        "  tasks:\n";
    static const char modules_first[] =
        "    - name: Install policy modules, whose types the labels may need\n"
        "      ansible.builtin.include_role:\n"
        "        name: \"{{ selguard_role | default('linux-system-roles.selinux') }}\"\n"
        "      vars:\n"
        "        selinux_booleans: []\n"
        "        selinux_ports: []\n"
        "        selinux_fcontexts: []\n"
        "        selinux_restore_dirs: []\n";
    static const char all[] =
        "    - name: Apply booleans, labels and modules\n"
        "      ansible.builtin.include_role:\n"
        "        name: \"{{ selguard_role | default('linux-system-roles.selinux') }}\"\n";
    _cleanup_free_ char *text = format_string(
        "%s%s%s", head, export_has_kind(input, ACTION_INSTALL_MODULE) ? modules_first : "", all);

    return text ? export_add_file(exported, "selguard.yml", text) : -ENOMEM;
}

int export_write_ansible(FILE *stream, const ExportInput *input, Export *exported,
                         char **ret_problem _unused_)
{
    static const struct {
        ActionKind kind;
        const char *name;
    } lists[] = {
        {ACTION_INSTALL_MODULE, "selinux_modules"}, {ACTION_SET_BOOLEAN, "selinux_booleans"},
        {ACTION_SET_PORT, "selinux_ports"},         {ACTION_SET_FILE_CONTEXT, "selinux_fcontexts"},
        {ACTION_RELABEL, "selinux_restore_dirs"},
    };
    int r = 0;

    (void)fprintf(stream,
                  "---\n# nginx-selguard: %s\n"
                  "# Variables of the role linux-system-roles.selinux.\n",
                  input->title);
    for (size_t i = 0; i < ELEMENTS_OF(lists) && r >= 0; i++)
        r = write_list(stream, input, lists[i].kind, lists[i].name);
    for (size_t i = 0; i < input->n_actions && r >= 0; i++) {
        const Action *action = input->actions[i];

        if (action->kind == ACTION_INSTALL_MODULE)
            r = export_add_module(exported, action);
        else if (action->kind == ACTION_RELOAD_NGINX || action->kind == ACTION_ADVISE ||
                 (action->kind == ACTION_RELABEL && !is_plain_path(action->path)))
            r = export_add_commands(exported, action);
    }
    return r < 0 ? r : add_playbook(input, exported);
}
