/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of CIL (SELinux's Common Intermediate Language, secil/docs of SELinuxProject/selinux)
 * that a module of ours may consist of. Everything else is an error, so that what was read is
 * all that there is:
 *
 *   (type T)                            at most one, with
 *   (roletype object_r T)
 *   (typeattributeset ATTRIBUTE (T))
 *   (allow SOURCE TARGET (CLASS (PERMISSION…)))
 *
 * No comments, no quotes, no blocks. Which names are permitted is decided elsewhere
 * (plan-check-module.c, policy-view.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CIL_NAME_MAX       128u
#define CIL_RULES_MAX      64u
#define CIL_ATTRIBUTES_MAX 64u

typedef struct CilRule {
    char *source;
    char *target;
    char *target_class;
    char **permissions;
} CilRule;

/* Strings are owned. */
typedef struct CilModule {
    char *type; /* NULL: none is declared */
    bool has_role;
    char **attributes; /* of the type; NULL: none */
    CilRule *rules;
    size_t n_rules;
} CilModule;

/* 0; -EINVAL or -E2BIG with *ret_problem a clause naming the line (to be freed); or -ENOMEM. */
int cil_read(const char *text, CilModule *ret_module, char **ret_problem);
void cil_module_clear(CilModule *module);
