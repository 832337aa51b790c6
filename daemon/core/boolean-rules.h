/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Booleans that are never offered as a fix nor set by the remedy service. One list for both
 * daemons.
 *
 * The principle: this project repairs one web server. A boolean belongs here if switching it
 * changes what domains in general may do, or the protection itself, so that no exposure of a
 * web server's fix can justify it; or if it cannot be taken back. An administrator still can,
 * with setsebool, knowing why.
 */
#pragma once

#include <stdbool.h>

/* The reason, as a clause for a sentence, if turning `name` to `value` is denied; NULL if it
 * is not. `extra` holds a site's shell patterns (fnmatch), NULL-terminated; may be NULL. They
 * hold for both values. */
const char *boolean_rules_find_denied(const char *name, bool value, char *const *extra);
