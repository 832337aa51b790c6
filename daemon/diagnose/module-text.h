/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small policy modules in CIL (secil/docs of SELinuxProject/selinux): their names, their rules as
 * text, and their place in a plan. Pure.
 */
#pragma once

#include "daemon/core/access.h"
#include "daemon/core/plan.h"

/* A module's name: of a-z, 0-9 and _ alone, as the remedy service takes them. The caller frees
 * it. NULL if out of memory. */
char *module_name(const char *source, const char *target, const char *class_name);

/* "(allow SOURCE TARGET (CLASS (PERMISSIONS)))\n"; likewise. */
char *module_rule(const char *source, const char *target, const char *class_name,
                  const char *permissions);

/* Appends an install-module. 0 or -ENOMEM. */
int module_to_action(const char *name, const char *cil, Plan *plan);
