/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Labels on disk: puts the default label on a path, or on all below it, and takes it back.
 *
 * What restorecon(8) does, but with the old label of everything on disk before the first is
 * changed, and bounded to the plan's path: no symbolic link is followed on the way to it, at it,
 * or below it, no other file system is entered, and each object is labelled through the
 * descriptor by which it was looked at.
 *
 * The list of old labels (undo.h): "OLD\0NEW\0PATH\0" for each object, in order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/selinux/labels.h"

typedef struct RelabelTarget {
    const char *root; /* in front of each path; "" for the system */
    const char *path;
    bool recursive;
    FileContexts *contexts; /* lent */
    /* relabel_apply(): objects that are left alone, by their label and the default. May be NULL. */
    bool (*is_protected)(const char *old, const char *wanted, void *userdata);
    void *userdata;
} RelabelTarget;

/* Called for each object that has another label than the default. `old` "" where it has none.
 * A negative value ends the walk. */
typedef int (*RelabelVisitor)(const char *path, const char *old, const char *wanted,
                              void *userdata);

/* 0; -ENOENT; -ELOOP if a symbolic link is on the way; -EFBIG past REMEDY_RELABEL_FILES_MAX
 * objects (all that are seen count) or REMEDY_RELABEL_DEPTH_MAX levels; another errno; or what
 * the visitor returned. */
int relabel_walk(const RelabelTarget *target, RelabelVisitor visit, void *userdata);

/* The label of the path itself; as relabel_walk(), -ENODATA where it has none. The caller
 * frees it. */
int relabel_read(const char *root, const char *path, char **ret_label);

/* Labels everything below the target, with the old labels kept in `undo`; may be repeated after
 * an interruption. 0 or a negative errno; *ret_failed (also then) is how many objects could not
 * be labelled. */
int relabel_apply(const RelabelTarget *target, const char *undo, uint32_t *ret_failed);

/* Puts the kept labels back, on objects that still have the label that was put there. Without
 * the file nothing was labelled. */
int relabel_revert(const char *root, const char *undo, uint32_t *ret_failed);
