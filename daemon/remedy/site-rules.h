/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The [remedy] section of selguard.conf, which the monitor reads other sections of:
 *
 *   [remedy]
 *   DeniedBooleans=PATTERN…     fnmatch(3) patterns, separated by blanks; may be repeated
 *
 * It restricts, so it is not guessed at: a file that cannot be understood is an error, and
 * the service then refuses to change anything. A file that does not exist restricts nothing.
 */
#pragma once

#include "daemon/remedy/plan-check.h"

/* Returns 0, or -EBADMSG, -E2BIG or another negative errno with *ret_problem a sentence to be
 * freed (NULL if out of memory). */
int site_rules_load(const char *path, SiteRules *ret_rules, char **ret_problem);
void site_rules_clear(SiteRules *rules);
