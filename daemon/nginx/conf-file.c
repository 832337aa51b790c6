/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/conf-root.h"

int conf_file_open(int root_fd, const char *path, int *ret_fd, struct stat *ret_st)
{
    _cleanup_close_ int fd = conf_root_open(root_fd, path, O_RDONLY);

    if (fd < 0)
        return fd;
    if (fstat(fd, ret_st) < 0)
        return -errno;
    if (!S_ISREG(ret_st->st_mode))
        return -EINVAL;
    *ret_fd = take_fd(&fd);
    return 0;
}

int conf_file_read(int fd, size_t expected, char **ret_text, size_t *ret_length)
{
    _cleanup_free_ char *text = NULL;
    size_t size = expected + 1, length = 0;

    /* The size may be 0 (procfs) or change: read to the end, whatever it says. */
    if (expected > NGINX_CONF_FILE_SIZE_MAX)
        return -EFBIG;
    text = malloc(size);
    if (!text)
        return -ENOMEM;
    for (;;) {
        ssize_t n = read(fd, text + length, size - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        length += (size_t)n;
        if (length > NGINX_CONF_FILE_SIZE_MAX)
            return -EFBIG;
        if (length == size) {
            char *grown = realloc(text, size * 2);

            if (!grown)
                return -ENOMEM;
            text = grown;
            size *= 2;
        }
    }
    *ret_text = TAKE_POINTER(text);
    *ret_length = length;
    return 0;
}

const char *conf_file_describe(int error)
{
    switch (error) {
    case -EFBIG:
        return "the file is too large";
    case -EINVAL:
        return "it is not a regular file";
    default:
        return strerrordesc_np(-error);
    }
}
