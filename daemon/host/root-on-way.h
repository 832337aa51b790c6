/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the root directory of a file system is on the way to a path. Of such a directory the
 * kernel's records say name="/" and an inode number only: which mount it is must be looked up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False if it is certain that no root directory with that inode number is on the way to the
 * absolute path, links followed; true otherwise, also where it cannot be told. Looks at this
 * process's mounts and never enters a file system that may not answer. */
bool root_may_be_on_way(const char *path, uint64_t inode);
