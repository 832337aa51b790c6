/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"

char *undo_path(const char *directory, const char *change_id, size_t action)
{
    return format_string("%s/undo-%s-%zu", directory, change_id, action);
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        size -= (size_t)n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int sync_directory_of(const char *path)
{
    _cleanup_free_ char *copy = strdup(path);
    _cleanup_close_ int fd = -1;

    if (!copy)
        return -ENOMEM;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int undo_write(const char *path, const void *data, size_t size)
{
    _cleanup_free_ char *temporary = format_string("%s.new", path);
    _cleanup_close_ int fd = -1;
    int r;

    if (!temporary)
        return -ENOMEM;
    if (size > REMEDY_UNDO_SIZE_MAX)
        return -EFBIG;
    (void)unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = write_all(fd, data, size);
    if (r >= 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    return sync_directory_of(path);
}

int undo_read(const char *path, char **ret_data, size_t *ret_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_free_ char *data = NULL;
    struct stat status;
    size_t size, have = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EBADMSG;
    if (status.st_size > (off_t)REMEDY_UNDO_SIZE_MAX)
        return -EFBIG;
    size = (size_t)status.st_size;
    data = malloc(size + 1);
    if (!data)
        return -ENOMEM;
    while (have < size) {
        ssize_t n = read(fd, data + have, size - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EBADMSG;
        have += (size_t)n;
    }
    data[size] = '\0';
    *ret_data = TAKE_POINTER(data);
    *ret_size = size;
    return 0;
}

void undo_forget(int directory_fd, const char *change_id, size_t n_actions)
{
    for (size_t i = 0; i < n_actions; i++) {
        _cleanup_free_ char *name = format_string("undo-%s-%zu", change_id, i);

        if (name)
            (void)unlinkat(directory_fd, name, 0);
    }
}
