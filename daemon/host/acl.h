/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A POSIX access control list, as the attribute system.posix_acl_access holds it: a version and
 * entries of tag, permissions and id, little endian (linux/posix_acl_xattr.h). Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/limits.h"

/* Values of the format. */
typedef enum AclTag {
    ACL_TAG_USER_OBJ = 0x01,
    ACL_TAG_USER = 0x02,
    ACL_TAG_GROUP_OBJ = 0x04,
    ACL_TAG_GROUP = 0x08,
    ACL_TAG_MASK = 0x10,
    ACL_TAG_OTHER = 0x20,
} AclTag;

typedef struct AclEntry {
    AclTag tag;
    unsigned permissions; /* rwx as 4 2 1 */
    uint32_t id;          /* of USER and GROUP */
} AclEntry;

/* In the order in which the kernel keeps and evaluates them. */
typedef struct Acl {
    AclEntry entries[ACL_ENTRIES_MAX];
    size_t n_entries;
} Acl;

/* Takes what the kernel itself would accept (acl(5), "VALID ACLs"). 0, -EBADMSG, or -E2BIG past
 * ACL_ENTRIES_MAX. */
int acl_parse(const void *attribute, size_t size, Acl *ret_acl);

/* NULL if there is none of that tag; `id` matters for USER and GROUP only. */
const AclEntry *acl_find(const Acl *acl, AclTag tag, uint32_t id);

/* Sets the permissions of an entry, and adds it in its place if it is missing. 0 or -E2BIG. */
int acl_set(Acl *acl, AclTag tag, uint32_t id, unsigned permissions);
