/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/directory-on-way.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/core/macro.h"
#include "daemon/host/path-walk.h"

static bool is_root_with(const MountTable *mounts, const PathComponent *component, uint64_t inode)
{
    const Mount *mount = mount_table_find(mounts, component->path);

    /* A bind mount shows another directory than the file system's own root. */
    return component->inode == inode && mount && streq(mount->point, component->path) &&
           streq(mount->root, "/");
}

static bool is_named(const PathComponent *component, const char *name, uint64_t inode)
{
    const char *slash = strrchr(component->path, '/');

    return component->inode == inode && slash && streq(slash + 1, name);
}

bool directory_may_be_on_way(const char *path, const char *name, uint64_t inode)
{
    _cleanup_(mount_table_cleanup) MountTable *mounts = NULL;
    _cleanup_close_ int root = -1;
    PathFacts facts;
    bool may;

    if (mount_table_read("/proc/self/mountinfo", &mounts) < 0)
        return true;
    root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 ||
        path_walk(path, &(PathWalkOptions){.root_fd = root, .mounts = mounts}, &facts) < 0)
        return true;
    /* A walk that ended for another reason than a missing name may not have come to it. */
    may = facts.error != 0 && facts.error != -ENOENT && facts.error != -ENOTDIR;
    for (size_t i = 0; i < facts.n_components && !may; i++)
        may = streq(name, "/") ? is_root_with(mounts, &facts.components[i], inode)
                               : is_named(&facts.components[i], name, inode);
    path_facts_clear(&facts);
    return may;
}
