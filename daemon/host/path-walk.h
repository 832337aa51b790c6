/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks at a path as the kernel resolves it: one component after the other, links followed as
 * path_resolution(7) says, and collects what decides about access. Nothing is opened but with
 * O_PATH, so that no device, pipe or automount is touched, and nothing is read but modes, owners,
 * links and two attributes. File systems that a server or another process answers for are not
 * entered: they might never answer.
 */
#pragma once

#include "daemon/host/mounts.h"
#include "daemon/host/permission.h"

typedef struct PathWalkOptions {
    int root_fd;      /* what "/" is */
    bool follow_last; /* a link as the last component is followed */
    /* Mounts as this process has them: what must not be entered. NULL: all may be. */
    const MountTable *mounts;
    /* Mounts as the process asked about has them; NULL: as the ones above. */
    const MountTable *seen_mounts;
} PathWalkOptions;

/* `path` is absolute. 0 (path_facts_clear() it; facts->error says how far it went), -EINVAL, or
 * -ENOMEM. */
int path_walk(const char *path, const PathWalkOptions *options, PathFacts *ret_facts);
