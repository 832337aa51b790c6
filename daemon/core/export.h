/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes in a form that other tools take: a shell script, a file for `semanage import`,
 * variables for the Ansible role linux-system-roles.selinux, or CIL. Pure: text from actions.
 *
 * Formats: sh(1) of POSIX; the lines that semanage(8) reads with `import`, which knows neither
 * comments nor quotes within words; YAML 1.1, strings double-quoted, everything beyond ASCII
 * escaped, and marked !unsafe where Ansible would see a template; the role's documented
 * variables; SELinux' Common Intermediate Language.
 *
 * Actions may come from anywhere. What a format cannot carry safely is refused, never changed.
 */
#pragma once

#include "daemon/core/plan.h"

typedef enum ExportFormat {
    EXPORT_SHELL,
    EXPORT_SEMANAGE,
    EXPORT_ANSIBLE,
    EXPORT_CIL,
    EXPORT_FORMAT_COUNT,
} ExportFormat;

/* "shell" "semanage" "ansible" "cil". */
const char *export_format_to_string(ExportFormat format);
int export_format_from_string(const char *text, ExportFormat *ret_format);

/* Owned, for export_clear(). */
typedef struct Export {
    char *text;
    char *file_name; /* what to call the text: "selguard.sh" */
    /* Further files that the text refers to by these names, side by side with it: modules, and
     * for Ansible a playbook. Each NULL-terminated, of the same length. */
    char **names;
    char **contents;
    /* What the format does not do: shell commands before and after it, as root, in the
     * directory of the files. NULL-terminated. */
    char **before;
    char **after;
} Export;

void export_clear(Export *exported);

/* Actions of several plans, oldest first, as one list: of two about the same boolean, port
 * range, rule, path or module the later stays. The list is the caller's to free(), the actions
 * stay the plans'. 0 or -ENOMEM. */
int export_select(const Plan *plans, size_t n_plans, const Action ***ret_actions,
                  size_t *ret_n_actions);

/* `title` says what is exported, in a line; control bytes in it are escaped. Modules come first,
 * then booleans, labels, relabelling and the reload; advice becomes part of `after` as a comment.
 * Returns 0; -ENOMEM; -ENODATA with *ret_problem a sentence (to be freed) if there is nothing
 * that the format could say; -EINVAL with *ret_problem if it cannot be said safely. */
int export_write(ExportFormat format, const Action *const *actions, size_t n_actions,
                 const char *title, Export *ret_export, char **ret_problem);
