/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain permissions: whether a process gets through to a path by owner, group, mode, access
 * control list and mount, before SELinux is asked. Pure; in the order and with the rules of the
 * kernel (fs/namei.c, fs/posix_acl.c).
 *
 * What is not evaluated: capabilities of file systems mounted with shifted ids, quotas, other
 * security modules.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/host/acl.h"

/* Bits as in a mode; search is execute on a directory. */
#define PERMISSION_READ    4u
#define PERMISSION_WRITE   2u
#define PERMISSION_EXECUTE 1u

/* Who asks. */
typedef struct Subject {
    uint32_t uid;
    uint32_t gid; /* of the process; also among gids */
    uint32_t gids[SUBJECT_GROUPS_MAX];
    size_t n_gids;
    uint64_t capabilities; /* effective, bits as in capabilities(7) */
} Subject;

/* One object that the kernel comes by on the way to a path. */
typedef struct PathComponent {
    char *path;  /* without links in it: where the object really is */
    char *link;  /* target of a symbolic link, else NULL */
    char *label; /* security context; NULL where unknown */
    mode_t mode; /* with the file type */
    uint32_t uid, gid;
    Acl *acl;             /* NULL: none */
    bool acl_unknown;     /* there is one that could not be read */
    bool acl_unsupported; /* the file system has none */
    bool immutable, append_only;
    /* Of the mount that it is on, as the process sees it. */
    bool read_only, no_exec, no_device;
    uint64_t inode;
} PathComponent;

/* A path, as walked (path-walk.h). Owned strings. */
typedef struct PathFacts {
    char *path;                /* as asked */
    PathComponent *components; /* as the kernel meets them, each once */
    size_t n_components;
    ssize_t object; /* index of what the path leads to; -1: it is not there, or not known */
    ssize_t parent; /* of the directory that the last name is in; -1: not known */
    /* Why the walk ended before the object: 0, -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG; -EREMOTE
     * (a file system whose server decides), -EXDEV (the process sees another file system there),
     * or what the lookup said. */
    int error;
    char *stopped_at;     /* the path at which it ended; NULL if it did not */
    bool missing_last;    /* -ENOENT, and all but the last component is there */
    bool owners_unknown;  /* the tree was unpacked without them */
    bool links_protected; /* fs.protected_symlinks */
} PathFacts;

void path_facts_clear(PathFacts *facts);
/* 0 or -ENOMEM. */
int path_facts_copy(PathFacts *ret_facts, const PathFacts *facts);

/* What is wanted of the object; search on each directory on the way comes with it. */
typedef enum PathNeed {
    PATH_NEED_REACH,   /* stat() and its like */
    PATH_NEED_READ,    /* a file, or the list of a directory */
    PATH_NEED_WRITE,   /* an object that is there, else as CREATE */
    PATH_NEED_CREATE,  /* a name in the directory */
    PATH_NEED_REMOVE,  /* the same, of something that is there */
    PATH_NEED_CONNECT, /* a Unix socket */
    PATH_NEED_OWN,     /* chmod(), utimes() */
    PATH_NEED_EXECUTE,
    PATH_NEED_MAP, /* a file as code */
    PATH_NEED_COUNT,
} PathNeed;

/* Which rule refused. */
typedef enum RefusalRule {
    REFUSAL_NONE,
    REFUSAL_OWNER,     /* the owner's bits */
    REFUSAL_GROUP,     /* the group's */
    REFUSAL_OTHER,     /* everybody else's */
    REFUSAL_ACL_USER,  /* an entry for the user */
    REFUSAL_ACL_GROUP, /* entries for groups, or the group's own */
    REFUSAL_ACL_MASK,  /* an entry grants it, and the mask takes it away */
    REFUSAL_ACL_OTHER,
    REFUSAL_STICKY,    /* somebody else's name in a sticky directory */
    REFUSAL_NOT_OWNER, /* only the owner may do it */
    REFUSAL_IMMUTABLE, /* chattr +i or +a */
    REFUSAL_LINK,      /* somebody else's link in a directory that all may write to */
    REFUSAL_NO_EXEC,   /* mounted noexec */
    REFUSAL_NO_DEVICE, /* mounted nodev */
    REFUSAL_READ_ONLY, /* mounted read-only */
    REFUSAL_RULE_COUNT,
} RefusalRule;

typedef struct PermissionRefusal {
    size_t component;
    unsigned missing; /* of read, write, execute; 0 where the rule is not about bits */
    RefusalRule rule;
    int error; /* what the kernel answers: EACCES, EPERM, EROFS */
} PermissionRefusal;

typedef enum PermissionAnswer {
    PERMISSION_ALLOWED,
    PERMISSION_REFUSED,
    PERMISSION_NOT_KNOWN, /* the facts end before the answer, or the owner decides */
    PERMISSION_MISSING,   /* the object is not there, and nothing on the way refuses */
} PermissionAnswer;

typedef struct PermissionResult {
    PermissionAnswer answer;
    /* In the order of the kernel: the first is what the process meets now, the others what it
     * would meet next. */
    PermissionRefusal refusals[PERMISSION_REFUSALS_MAX];
    size_t n_refusals;
    ssize_t unknown; /* NOT_KNOWN because of this component; -1: because the facts end */
} PermissionResult;

void permission_check_path(const PathFacts *facts, const Subject *subject, PathNeed need,
                           PermissionResult *ret_result);

/* The bits alone: what of `wanted` the object itself does not give; 0 if all. */
unsigned permission_missing(const PathComponent *component, const Subject *subject, unsigned wanted,
                            RefusalRule *ret_rule);

bool subject_in_group(const Subject *subject, uint32_t gid);
bool subject_is_capable(const Subject *subject, unsigned capability);
