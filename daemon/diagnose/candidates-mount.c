/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system in which no file can be labelled: all in it has the label that it was mounted with,
 * or the one that the policy gives its kind. What helps is another mount: advice, since whoever
 * else uses it is concerned.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-file-internal.h"

static bool is_about_labels(const char *option)
{
    return streq(option, "seclabel") || starts_with(option, "context=") ||
           starts_with(option, "fscontext=") || starts_with(option, "defcontext=") ||
           starts_with(option, "rootcontext=");
}

/* The options of the mount table but for those about labels. An option may hold commas between
 * quotes. */
static int add_options(const char *options, char ***list)
{
    while (*options) {
        bool quoted = false;
        size_t length = 0;
        _cleanup_free_ char *option = NULL;
        int r;

        for (; options[length] && (quoted || options[length] != ','); length++)
            if (options[length] == '"')
                quoted = !quoted;
        option = strndup(options, length);
        if (!option)
            return -ENOMEM;
        options += length + (options[length] == ',');
        if (!*option || is_about_labels(option) || strv_contains(*list, option))
            continue;
        r = strv_append(list, option);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "rw,noexec,context="…"", quoted for a shell; NULL if out of memory. */
static char *options_with(const Mount *mount, const char *context)
{
    _cleanup_strv_ char **list = calloc(1, sizeof(*list));
    _cleanup_free_ char *last = format_string("context=\"%s\"", context);
    _cleanup_free_ char *joined = NULL;

    if (!list || !last || add_options(mount->options, &list) < 0 ||
        add_options(mount->super_options, &list) < 0 || strv_append(&list, last) < 0)
        return NULL;
    joined = strv_join(list, ",");
    return joined ? shell_quote(joined) : NULL;
}

/* What the table shows can be typed: the whole file system is mounted there, and nothing in the
 * line is escaped. */
static bool can_be_typed(const Mount *mount)
{
    const char *const words[] = {mount->source, mount->point, mount->options, mount->super_options};

    if (!streq(mount->root, "/"))
        return false;
    for (size_t i = 0; i < ELEMENTS_OF(words); i++) {
        _cleanup_free_ char *shown = escape_for_terminal(words[i]);

        if (!shown || !streq(shown, words[i]) || strchr(words[i], '\\'))
            return false;
    }
    return true;
}

static int add_commands(const Mount *mount, const char *context, Action *action)
{
    _cleanup_free_ char *point = shell_quote(mount->point), *source = shell_quote(mount->source);
    _cleanup_free_ char *options = options_with(mount, context);
    _cleanup_free_ char *leave = point ? format_string("umount %s", point) : NULL;
    _cleanup_free_ char *enter =
        point && source && options
            ? format_string("mount -t %s -o %s %s %s", mount->type, options, source, point)
            : NULL;

    if (!leave || !enter || strv_append(&action->commands, leave) < 0)
        return -ENOMEM;
    return strv_append(&action->commands, enter);
}

static char *write_text(const Mount *mount, const char *context)
{
    _cleanup_free_ char *point = escape_for_terminal(mount->point);
    _cleanup_free_ char *source = escape_for_terminal(mount->source);
    _cleanup_free_ char *before = mount->context ? escape_for_terminal(mount->context) : NULL;

    if (!point || !source || (mount->context && !before))
        return NULL;
    return format_string(
        "Mount %s (%s, file system %s) with the option context=\"%s\"%s%s%s: all in it then has "
        "that label. The kernel takes the option from a new mount and not from a remount%s. "
        "Change it where it stands, too: in /etc/fstab, or in the mount unit.",
        point, source, mount->type, context, before ? " instead of context=\"" : "",
        strempty(before), before ? "\"" : "",
        streq(mount->root, "/") ? ""
                                : ", and all mounts of the file system share it; this one shows a "
                                  "part of it");
}

static char *write_caveat(const Mount *mount)
{
    const bool in_memory = streq(mount->type, "tmpfs") || streq(mount->type, "ramfs");

    return format_string("%s. All in it gets that label, for everybody who uses it. Whether what "
                         "mounts it at boot may give it that label is not part of the proof.",
                         in_memory ? "What is in it is lost when it is unmounted"
                                   : "Stop whoever uses it before it is unmounted");
}

static int write_plan(const Mount *mount, const char *context, const char *type, Fix *fix)
{
    _cleanup_free_ char *point = escape_for_terminal(mount->point);
    Action action = {.kind = ACTION_ADVISE, .text = write_text(mount, context)};
    int r = action.text && point ? 0 : -ENOMEM;

    if (r >= 0 && can_be_typed(mount))
        r = add_commands(mount, context, &action);
    if (r >= 0)
        r = plan_add_action(&fix->plan, &action);
    action_clear(&action);
    fix->caveat = write_caveat(mount);
    fix->summary =
        point ? format_string("mount %s anew, with all in it labelled %s", point, type) : NULL;
    /* A label that somebody chose for the mount is what is wrong. A kind of file system without
     * labels is as the policy has it, and there may be a boolean for that. */
    fix->evidence = mount->context ? EVIDENCE_FILE_CONTEXT : EVIDENCE_NONE;
    return r < 0 ? r : fix->caveat && fix->summary ? 0 : -ENOMEM;
}

int candidates_add_mount(Diagnosis *diagnosis, const CandidateContext *base, const Mount *mount)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(base->current);
    _cleanup_free_ char *label = NULL;
    ExposureRelabel relabel = {.classes = file_tree_classes};
    FileContext context;
    Fix fix = {};
    int r = after ? file_context_init(&context, diagnosis, base) : -ENOMEM;

    if (r < 0)
        return r;
    relabel.old_type = context.type;
    relabel.new_type = file_context_choose_type(&context);
    if (!relabel.new_type)
        return 0;
    r = hypothesis_set_file_type(after, mount->point, true, relabel.new_type);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    label = hypothesis_file_context(after, mount->point, diagnosis->access.target_context);
    r = label ? write_plan(mount, label, relabel.new_type, &fix) : -ENOMEM;
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit_labels(diagnosis, base, &fix, after, &relabel, 1);
}
