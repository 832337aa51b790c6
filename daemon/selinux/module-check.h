/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Module check: a small policy module in CIL, compiled by libsepol's own compiler before anybody
 * is offered it.
 *
 * A compiled policy cannot be linked to, and the modules that it was made of are root's. So the
 * module is compiled against declarations made from the loaded policy: each type, attribute and
 * class that it names and the policy has. What it names besides does not resolve. The rules that
 * come out are then looked at in what the compiler made and held against those that the hypothesis
 * added. The store's own neverallow rules are not known here; the remedy service's transaction
 * meets them.
 *
 * Not for several threads: libsepol's compiler reports through one process-wide function. It ends
 * the process where memory runs out.
 */
#pragma once

#include "daemon/selinux/hypothesis.h"

/* `after` is `before` with the module's types and rules. 0; -EBADMSG with *ret_problem a clause
 * (the caller frees it): it does not compile, or into other rules; or -ENOMEM. */
int module_check(const Hypothesis *before, const Hypothesis *after, const char *cil,
                 char **ret_problem);
