/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths as nginx prints and configures them, with "." and ".." in them, and as the kernel names an
 * object, without. By their text alone: where a link is on the way, "x/.." leads elsewhere than it
 * reads.
 */
#pragma once

#include <stdbool.h>

/* Whether a component is "." or "..". */
bool path_has_dots(const char *path);
/* An absolute path without these, and without repeated and trailing slashes. "/.." is "/". The
 * caller frees it. 0, -EINVAL (not absolute), or -ENOMEM. */
int path_collapse(const char *path, char **ret_path);
