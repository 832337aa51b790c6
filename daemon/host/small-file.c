/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"

int small_file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_length)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0, size = 0;
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    for (;;) {
        ssize_t n;

        if (length + 1 >= size) {
            char *grown;

            size = size ? size * 2 : 4096;
            grown = realloc(text, size);
            if (!grown)
                return -ENOMEM;
            text = grown;
        }
        n = read(fd, text + length, size - length - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        length += (size_t)n;
        if (length > limit)
            return -EFBIG;
    }
    text[length] = '\0';
    *ret_text = TAKE_POINTER(text);
    *ret_length = length;
    return 0;
}

int small_file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? -errno : small_file_read_fd(fd, limit, ret_text, ret_length);
}
