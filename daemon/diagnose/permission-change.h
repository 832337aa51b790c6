/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of plain permissions that would let a process through, each tried on the facts before
 * it is proposed: a change that leaves the process refused is none. Pure.
 *
 * None of them opens a directory or file for writing by everybody, and none lets everybody read a
 * key.
 */
#pragma once

#include "daemon/host/host-facts.h"

typedef enum ChangeKind {
    CHANGE_ACL,    /* setfacl: the user alone */
    CHANGE_OWNER,  /* chmod u+: the owner is the user */
    CHANGE_GROUP,  /* chmod g+, after chgrp where the group is another */
    CHANGE_OTHERS, /* chmod o+ */
    CHANGE_CHOWN,  /* give it to the user */
} ChangeKind;

typedef struct ModeChange {
    size_t component;
    ChangeKind kind;
    unsigned bits;     /* those added; for ACL all of the new entry */
    unsigned mask;     /* ACL: the mask that the list needs; 0: it gets one by itself */
    bool change_group; /* GROUP: to the subject's */
} ModeChange;

/* A way to get through: all changes together, or a group that the user joins. */
typedef struct PermissionRemedy {
    ModeChange changes[PERMISSION_REFUSALS_MAX];
    size_t n_changes;
    bool join_group; /* instead of changes */
    uint32_t gid;
} PermissionRemedy;

#define PERMISSION_REMEDIES_MAX 5u

typedef struct RemedyQuestion {
    const HostFacts *facts;
    PathNeed need;
    bool own;    /* it is a directory or file that is nginx's own, such as its cache */
    bool secret; /* a private key */
} RemedyQuestion;

/* The narrowest first. Returns how many, or -ENOMEM. */
int permission_remedies_find(const RemedyQuestion *question,
                             PermissionRemedy ret_remedies[PERMISSION_REMEDIES_MAX]);
