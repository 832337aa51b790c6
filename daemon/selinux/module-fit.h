/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the project's SELinux module that is loaded is that of this program. The kernel knows no
 * versions of modules, but it knows types: the module declares one for each revision of its rules,
 * up to its own (policy/selguard.te). Whenever the daemons come to need a rule more, both numbers
 * grow by one; tests/check-module holds them together.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/macro.h"

#define MODULE_REVISION 1

typedef enum ModuleFit {
    MODULE_FITS,
    MODULE_OLDER, /* what this program came to need is denied to it */
    MODULE_NEWER, /* a module keeps what the programs before it need */
} ModuleFit;

/* has_own, has_next: the policy has the type of this program's revision, of the one after it. */
ModuleFit module_fit_judge(bool has_own, bool has_next);
/* What to say of it, as a sentence without a full stop; NULL: nothing. */
const char *module_fit_to_string(ModuleFit fit);

/* Asks the kernel. Returns 0, -ENOENT (this process is in no domain of the module: nothing can be
 * said of it), -EOPNOTSUPP (SELinux is disabled), or another negative errno. */
int module_fit_read(ModuleFit *ret_fit);
