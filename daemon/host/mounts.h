/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mount table, from the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/macro.h"

/* Who answers for what is in a file system. */
typedef enum MountServer {
    MOUNT_LOCAL,
    MOUNT_NFS,
    MOUNT_CIFS,
    MOUNT_FUSE,
    MOUNT_AUTOFS,
    MOUNT_OTHER_NETWORK,
} MountServer;

/* Strings belong to the table. */
typedef struct Mount {
    const char *point;
    const char *device; /* major:minor */
    const char *root;   /* what of the file system is mounted */
    const char *type;   /* "ext4" */
    const char *source; /* what is mounted: "/dev/vda1", "host:/export" */
    /* As the table has them, escapes and all: of this mount, and of the file system. */
    const char *options, *super_options;
    const char *context; /* of a context= option, NULL: files have labels of their own */
    MountServer server;
    bool read_only, no_exec, no_device, no_suid;
    bool labelled; /* the file system keeps labels (option seclabel) */
} Mount;

typedef struct MountTable MountTable;

/* Takes over nothing. Lines that are none are left out. 0, -E2BIG past MOUNTS_MAX, or -ENOMEM. */
int mount_table_parse(const char *text, size_t length, MountTable **ret_table);
/* Reads a mountinfo file. 0 or a negative errno. */
int mount_table_read(const char *path, MountTable **ret_table);
MountTable *mount_table_free(MountTable *table); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(MountTable, mount_table_free, mount_table_cleanup);

size_t mount_table_count(const MountTable *table);
const Mount *mount_table_get(const MountTable *table, size_t index);
/* The mount that an absolute path without links is on; NULL if none is known. */
const Mount *mount_table_find(const MountTable *table, const char *path);
/* Whether an absolute path that is on the mount `a` for one process and on `b` for another is the
 * same object for both: the same place in the same file system. A sandbox mounts directories over
 * themselves, which changes nothing. */
bool mount_same_place(const Mount *a, const Mount *b, const char *path);
