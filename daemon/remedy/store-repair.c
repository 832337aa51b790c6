/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/store-repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/core/text.h"

/* libsemanage's default; one that semanage.conf moved is not repaired. */
#define STORE_ROOT "/var/lib/selinux"

static bool is_broken(int store_fd)
{
    return faccessat(store_fd, "active", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
           faccessat(store_fd, "previous", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int store_repair(const char *root, const char *type)
{
    _cleanup_free_ char *path = format_string("%s" STORE_ROOT "/%s", root, type);
    _cleanup_close_ int store_fd = -1, lock_fd = -1;

    if (!path)
        return -ENOMEM;
    store_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store_fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!is_broken(store_fd))
        return 0;
    /* Whoever holds it is at that moment just now. It goes with the descriptor. */
    lock_fd = openat(store_fd, "semanage.trans.LOCK", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock_fd < 0 || flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : -errno;
    if (!is_broken(store_fd))
        return 0;
    if (renameat(store_fd, "previous", store_fd, "active") < 0 || fsync(store_fd) < 0)
        return -errno;
    return 1;
}
