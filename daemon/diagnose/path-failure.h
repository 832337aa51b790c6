/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What SELinux says of a path that nginx was refused without a record of the kernel: each object on
 * the way is asked about, with the label that it has. Pure over what was looked up.
 */
#pragma once

#include "daemon/core/access.h"
#include "daemon/host/host-facts.h"
#include "daemon/selinux/hypothesis.h"

typedef struct PathDenial {
    Access access;
    size_t component; /* which object of the path; past the end: who listens on the socket */
    bool dontaudit;   /* nothing of it would have been logged */
    bool permissive;  /* logged, and let through */
} PathDenial;

/* The first access on the way that the policy denies. `source` is nginx's context, `peer` that of
 * the process that listens on the socket (may be NULL). Returns 1 (path_denial_clear() it), 0
 * (none is denied), -ENODATA (none of those known is, but some cannot be asked about), or
 * -ENOMEM. */
int path_denial_find(const PathFacts *path, PathNeed need, const char *source, const char *peer,
                     const Hypothesis *current, PathDenial *ret_denial);
void path_denial_clear(PathDenial *denial);
