/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Actions with any strings in them, in every export format. The input is a list of actions: one
 * byte for the kind, then as many strings as it has, each ended by a NUL. Whatever they hold, the
 * structure of the output stays: only the lines that belong there, and nothing of a string
 * outside its quotation.
 */
#include <errno.h>
#include <stdint.h>

#include "daemon/core/export.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

typedef struct Script {
    const uint8_t *data;
    size_t size;
} Script;

static char *take_string(Script *script)
{
    const uint8_t *end = memchr(script->data, 0, script->size);
    size_t length = end ? (size_t)(end - script->data) : script->size;
    char *text = strndup((const char *)script->data, length);

    require(text);
    script->data += length + (end ? 1 : 0);
    script->size -= length + (end ? 1 : 0);
    return text;
}

static void read_action(Script *script, Action *action)
{
    static const char *const protocols[] = {"tcp", "udp", "dccp", "x;id"};
    static const char *const file_types[] = {"all", "file", "socket", "a'"};
    uint8_t head = *script->data++;

    script->size--;
    action->kind = (ActionKind)(head % ACTION_KIND_COUNT);
    action->value = action->recursive = head & 0x80;
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        action->name = take_string(script);
        break;
    case ACTION_SET_PORT:
        action->protocol = strdup(protocols[head >> 4 & 3]);
        action->low = head;
        action->high = (uint16_t)(head + (head >> 6));
        action->type = take_string(script);
        break;
    case ACTION_SET_FILE_CONTEXT:
        action->file_type = strdup(file_types[head >> 4 & 3]);
        action->regex = take_string(script);
        action->type = take_string(script);
        break;
    case ACTION_RELABEL:
        action->path = take_string(script);
        break;
    case ACTION_INSTALL_MODULE:
        action->name = take_string(script);
        action->cil = take_string(script);
        break;
    case ACTION_ADVISE:
        action->text = take_string(script);
        break;
    case ACTION_RELOAD_NGINX:
    case ACTION_KIND_COUNT:
        break;
    }
}

/* No control byte but the line end, and tabs where a module may have them. */
static void check_bytes(const char *text, bool ascii)
{
    require(utf8_is_valid(text));
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        require((*p >= 0x20 || *p == '\n' || *p == '\t') && *p != 0x7f && (!ascii || *p < 0x80));
}

/* What a shell would make of a line: nothing but words, and the ending that is ours. */
static void check_shell_words(const char *line)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_ ";
    const char *ending = " 2>/dev/null ||";
    size_t length = strlen(line), ending_length = strlen(ending);
    bool quoted = false;

    if (length > ending_length && streq(line + length - ending_length, ending))
        length -= ending_length;
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\'')
            quoted = !quoted;
        else if (!quoted && line[i] == '\\')
            require(line[++i] == '\'');
        else
            require(quoted || strchr(plain, line[i]));
    }
    require(!quoted);
}

static void check_shell(const char *text)
{
    static const char *const fixed[] = {
        "",
        "set -eu",
        "work=$(mktemp -d)",
        "trap 'rm -rf \"$work\"' EXIT",
        "nginx -t",
        "#!/bin/sh",
        "systemctl reload-or-restart nginx",
    };
    static const char *const commands[] = {
        "setsebool -P ", "semanage port -",       "semanage fcontext -",
        "restorecon ",   "    semanage port -m ", "    semanage fcontext -m ",
    };
    _cleanup_free_ char *copy = strdup(text), *delimiter = NULL;
    char *rest = copy, *line;

    require(copy);
    while ((line = strsep(&rest, "\n"))) {
        bool known = line[0] == '#';

        if (delimiter) {
            if (streq(line, delimiter)) {
                free(delimiter);
                delimiter = NULL;
            }
            continue;
        }
        for (size_t i = 0; i < ELEMENTS_OF(fixed); i++)
            known = known || streq(line, fixed[i]);
        for (size_t i = 0; !known && i < ELEMENTS_OF(commands); i++)
            if (starts_with(line, commands[i])) {
                check_shell_words(line);
                known = true;
            }
        if (!known && starts_with(line, "cat >\"$work\"/")) {
            const char *mark = strstr(line, ".cil <<'END_OF_MODULE_");

            require(mark);
            delimiter = strndup(mark + strlen(".cil <<'"), strlen(mark + strlen(".cil <<'")) - 1);
            require(delimiter);
        } else if (!known) {
            require(starts_with(line, "semodule -i \"$work\"/"));
        }
    }
    require(!delimiter);
}

static void check_lines(const char *text, const char *const *starts, size_t n_starts)
{
    _cleanup_free_ char *copy = strdup(text);
    char *rest = copy, *line;

    require(copy);
    while ((line = strsep(&rest, "\n"))) {
        bool known = line[0] == '\0';

        for (size_t i = 0; !known && i < n_starts; i++)
            known = starts_with(line, starts[i]);
        require(known);
    }
}

static void check_export(ExportFormat format, const Export *exported)
{
    static const char *const semanage[] = {"boolean -m --o", "port -a -t ", "fcontext -a -f "};
    static const char *const ansible[] = {
        "---",
        "# ",
        "selinux_modules:",
        "selinux_booleans:",
        "selinux_ports:",
        "selinux_fcontexts:",
        "selinux_restore_dirs:",
        "  - name: \"",
        "  - ports: \"",
        "  - target: \"",
        "  - target: !unsafe \"",
        "  - path: \"",
        "  - \"/",
        "    state: ",
        "    persistent: true",
        "    proto: \"",
        "    setype: \"",
        "    ftype: \"",
    };

    check_bytes(exported->text, /* ascii= */ false);
    switch (format) {
    case EXPORT_SHELL:
        check_shell(exported->text);
        break;
    case EXPORT_SEMANAGE:
        check_lines(exported->text, semanage, ELEMENTS_OF(semanage));
        break;
    case EXPORT_ANSIBLE:
        check_lines(exported->text, ansible, ELEMENTS_OF(ansible));
        break;
    case EXPORT_CIL:
    case EXPORT_FORMAT_COUNT:
        break;
    }
    require(strv_length(exported->names) == strv_length(exported->contents));
    STRV_FOREACH (name, exported->names)
        require(!strchr(*name, '/') && (*name)[0] != '.' && (*name)[0] != '-');
    STRV_FOREACH (command, exported->after)
        require(!strchr(*command, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Script script = {data, size};
    Plan plan = {0};
    const Action **actions = NULL;
    size_t n_actions = 0;

    while (script.size > 0 && plan.n_actions < 16) {
        Action action = {0};

        read_action(&script, &action);
        require(plan_add_action(&plan, &action) >= 0);
    }
    require(export_select(&plan, 1, &actions, &n_actions) == 0);
    for (int format = 0; format < EXPORT_FORMAT_COUNT; format++) {
        _cleanup_free_ char *problem = NULL;
        Export exported = {0};
        int r = export_write((ExportFormat)format, actions, n_actions, "fuzz", &exported, &problem);

        if (r == 0)
            check_export((ExportFormat)format, &exported);
        else
            require((r == -EINVAL || r == -ENODATA) && problem && !exported.text);
        export_clear(&exported);
    }
    free(actions);
    plan_clear(&plan);
    return 0;
}
