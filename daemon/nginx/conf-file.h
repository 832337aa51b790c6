/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a configuration, read whole. For conf-read.c. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

/* Opens a regular file beneath root_fd. Returns 0 or a negative errno, -EINVAL if it is not a
 * regular file; *ret_st may be written then. */
int conf_file_open(int root_fd, const char *path, int *ret_fd, struct stat *ret_st);

/* Reads at most NGINX_CONF_FILE_SIZE_MAX; `expected` is a guess at the size. The caller frees
 * *ret_text, which is not NUL-terminated. Returns 0 or a negative errno, -EFBIG if it is
 * larger. */
int conf_file_read(int fd, size_t expected, char **ret_text, size_t *ret_length);

/* In words, what such an error means. */
const char *conf_file_describe(int error);
