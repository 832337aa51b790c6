/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writers behind export.h: their actions were checked and are in the order to be written. */
#pragma once

#include "daemon/core/export.h"
#include "daemon/core/text.h"

typedef struct ExportInput {
    const Action *const *actions;
    size_t n_actions;
    const char *title; /* without control bytes */
} ExportInput;

/* Each writes its text to `stream` and adds files and commands to *exported. 0, -ENOMEM, or
 * -EINVAL or -ENODATA with *ret_problem set. */
int export_write_shell(FILE *stream, const ExportInput *input, Export *exported,
                       char **ret_problem);
int export_write_semanage(FILE *stream, const ExportInput *input, Export *exported,
                          char **ret_problem);
int export_write_ansible(FILE *stream, const ExportInput *input, Export *exported,
                         char **ret_problem);
int export_write_cil(FILE *stream, const ExportInput *input, Export *exported, char **ret_problem);

/* semanage's letter for a file type, checked before. */
char export_file_type_letter(const char *file_type);
/* "3000" or "3000-3001"; to be freed. NULL if out of memory. */
char *export_port_range(const Action *action);
bool export_has_kind(const ExportInput *input, ActionKind kind);
int export_add_file(Export *exported, const char *name, const char *content);
/* Adds the module's file, "NAME.cil". */
int export_add_module(Export *exported, const Action *module);
/* Adds to exported->after what only a command does: relabelling, the reload, advice. */
int export_add_commands(Export *exported, const Action *action);
