/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens files beneath a directory that stands for "/", such as an unpacked sosreport of
 * another host: symbolic links, absolute ones too, and ".." are resolved beneath it and
 * never lead out of it.
 */
#pragma once

#include <stddef.h>

/* Opens an absolute path as seen from root_fd, a directory; O_CLOEXEC, O_NOCTTY and
 * O_NONBLOCK are added to flags, which may not create. Returns a descriptor or a negative
 * errno. */
int conf_root_open(int root_fd, const char *path, int flags);

/* The way taken where openat2() does not exist; conf_root_open() chooses. */
int conf_root_open_walk(int root_fd, const char *path, int flags);

/* Expands a shell pattern (* ? [ ]) as glob(3) does: sorted by bytes, a leading dot is matched
 * only by a dot. Fills *ret_paths (strv_free(); NULL without a match). Returns 0, -E2BIG past
 * max matches, or the negative errno of a directory that could not be read, in which cases
 * what was found is given all the same; or -ENOMEM, giving nothing. */
int conf_root_glob(int root_fd, const char *pattern, size_t max, char ***ret_paths);
