/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of the file system a label should be put on for the sake of one file: its directory, as
 * an application's files are labelled alike, unless the directory is one that others share;
 * then the file alone. Pure.
 */
#pragma once

#include <stdbool.h>

typedef struct TargetPath {
    char *path;  /* to relabel */
    char *regex; /* for a file-context rule: anchored by semanage, special characters escaped */
    bool tree;   /* everything below the path, too */
} TargetPath;

/* `path` is absolute; repeated slashes are folded. With `alone` it is always the file. 0, -EINVAL
 * (not absolute, or with . or .. components: see path.h), or -ENOMEM; target_path_clear() it. */
int target_path_choose(const char *path, bool alone, TargetPath *ret_target);
/* For a directory on the way: it and all below it. As above; also -EPERM for one that others
 * share. */
int target_path_choose_directory(const char *directory, TargetPath *ret_target);
/* The deepest directory on the way to a path that has this name; *ret_directory stays as it
 * is if there is none. 0 or -ENOMEM. */
int target_path_find_component(const char *path, const char *name, char **ret_directory);
/* Has the rule name another path, which an equivalence rule makes of this one. 0 or -ENOMEM. */
int target_path_set_rule(TargetPath *target, const char *path);
void target_path_clear(TargetPath *target);
