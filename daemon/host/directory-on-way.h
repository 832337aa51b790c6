/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a directory that was refused is on the way to a path. The kernel's records give its last
 * name and an inode number only, and for the root of a file system name="/": which directory that
 * is must be looked up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False if it is certain that no directory of that name ("/": no root of a file system) with that
 * inode number is on the way to the absolute path, links followed; true otherwise, also where it
 * cannot be told. Looks at this process's mounts and never enters a file system that may not
 * answer. */
bool directory_may_be_on_way(const char *path, const char *name, uint64_t inode);
