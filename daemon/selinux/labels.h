/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File labels: which context a path should have by the file_contexts rules, and
 * which it has on disk. Over libselinux (selabel_file(5)), whose complaints about bad
 * rules go to its log callback: a daemon sets that once (selinux_set_callback(3)).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/core/macro.h"

typedef struct FileContexts FileContexts;

/* Opens file_contexts at `path`, with .local, .homedirs, .subs and .subs_dist beside it;
 * NULL: the system's. Returns 0 (file_contexts_free() it) or a negative errno. */
int file_contexts_open(const char *path, FileContexts **ret_contexts);
FileContexts *file_contexts_free(FileContexts *contexts); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(FileContexts, file_contexts_free, file_contexts_cleanup);

/* The context for a path (absolute, need not exist). `mode` gives the file type (S_IF*);
 * 0 matches rules of any type. The caller frees *ret_context. Returns 0, -ENOENT (no
 * rule, or <<none>>), -EINVAL, or another negative errno. */
int file_contexts_lookup(FileContexts *contexts, const char *path, mode_t mode, char **ret_context);
/* As above by the type of what is at `path` now (not following a last symlink): also
 * the errno of lstat(). */
int file_contexts_lookup_existing(FileContexts *contexts, const char *path, char **ret_context);

/* The path that a rule of semanage is to name for this one, where an equivalence rule applies
 * (equivalence.h). Returns 1 and the path (the caller frees it), 0, or -ENOMEM. */
int file_contexts_equivalent(const FileContexts *contexts, const char *path, char **ret_path);

/* Whether the policy lists the type as one that an administrator may have given an object for good:
 * restorecon leaves it alone unless it is told -F (customizable_types(5)). False where the list is
 * not there. */
bool file_contexts_is_customizable(const FileContexts *contexts, const char *type);

/* The context on disk; a last symlink is not followed. Returns 0, -ENODATA (no
 * label, or a file system without any), or another negative errno. */
int file_label_read(const char *path, char **ret_context);
/* The same through a descriptor. */
int file_label_read_fd(int fd, char **ret_context);

/* 1 if the types of both contexts are the same, 0 if not, -EINVAL. */
int file_label_same_type(const char *a, const char *b);
