/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Booleans that are never offered as a fix nor set by the remedy service, because they open
 * or close far more than a web server's affairs. One list for both daemons.
 */
#pragma once

#include <stdbool.h>

/* The reason, as a clause for a sentence, if turning `name` to `value` is denied; NULL if it
 * is not. `extra` holds a site's shell patterns (fnmatch), NULL-terminated; may be NULL. */
const char *boolean_rules_find_denied(const char *name, bool value, char *const *extra);
