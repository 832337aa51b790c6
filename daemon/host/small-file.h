/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc and /etc, which are read at once and are text. */
#pragma once

#include <stddef.h>

/* Reads all of a regular file of at most `limit` bytes, without blocking; what else it may be is
 * -EINVAL. The text (the caller frees it) is terminated, and may hold other NUL bytes. 0, -EFBIG,
 * -ENOMEM, or what open() and read() said. */
int small_file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length);
int small_file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_length);
