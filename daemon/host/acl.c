/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/acl.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "daemon/core/macro.h"

#define ACL_VERSION 2u

typedef struct WireEntry {
    uint16_t tag;
    uint16_t permissions;
    uint32_t id;
} WireEntry;

static const AclTag tag_order[] = {
    ACL_TAG_USER_OBJ, ACL_TAG_USER, ACL_TAG_GROUP_OBJ, ACL_TAG_GROUP, ACL_TAG_MASK, ACL_TAG_OTHER,
};

/* Position of a tag in the order of evaluation; past the end for one that is none. */
static size_t tag_rank(unsigned tag)
{
    size_t i = 0;

    while (i < ELEMENTS_OF(tag_order) && tag_order[i] != tag)
        i++;
    return i;
}

static bool tag_has_id(unsigned tag)
{
    return tag == ACL_TAG_USER || tag == ACL_TAG_GROUP;
}

static size_t count_tag(const Acl *acl, AclTag tag)
{
    size_t n = 0;

    for (size_t i = 0; i < acl->n_entries; i++)
        n += acl->entries[i].tag == tag;
    return n;
}

static bool acl_is_valid(const Acl *acl)
{
    const bool named = count_tag(acl, ACL_TAG_USER) > 0 || count_tag(acl, ACL_TAG_GROUP) > 0;
    const size_t masks = count_tag(acl, ACL_TAG_MASK);

    for (size_t i = 1; i < acl->n_entries; i++)
        if (tag_rank(acl->entries[i].tag) < tag_rank(acl->entries[i - 1].tag))
            return false;
    return count_tag(acl, ACL_TAG_USER_OBJ) == 1 && count_tag(acl, ACL_TAG_GROUP_OBJ) == 1 &&
           count_tag(acl, ACL_TAG_OTHER) == 1 && masks <= 1 && (masks == 1 || !named);
}

int acl_parse(const void *attribute, size_t size, Acl *ret_acl)
{
    const unsigned char *bytes = attribute;
    Acl acl = {};
    uint32_t version;
    size_t n;

    if (size < sizeof(version) || (size - sizeof(version)) % sizeof(WireEntry) != 0)
        return -EBADMSG;
    memcpy(&version, bytes, sizeof(version));
    if (le32toh(version) != ACL_VERSION)
        return -EBADMSG;
    n = (size - sizeof(version)) / sizeof(WireEntry);
    if (n > ACL_ENTRIES_MAX)
        return -E2BIG;
    for (size_t i = 0; i < n; i++) {
        WireEntry wire;

        memcpy(&wire, bytes + sizeof(version) + i * sizeof(wire), sizeof(wire));
        acl.entries[i] = (AclEntry){
            .tag = le16toh(wire.tag),
            .permissions = le16toh(wire.permissions),
            .id = tag_has_id(le16toh(wire.tag)) ? le32toh(wire.id) : 0,
        };
        if (tag_rank(acl.entries[i].tag) == ELEMENTS_OF(tag_order) ||
            acl.entries[i].permissions > 7)
            return -EBADMSG;
    }
    acl.n_entries = n;
    if (!acl_is_valid(&acl))
        return -EBADMSG;
    *ret_acl = acl;
    return 0;
}

const AclEntry *acl_find(const Acl *acl, AclTag tag, uint32_t id)
{
    for (size_t i = 0; i < acl->n_entries; i++)
        if (acl->entries[i].tag == tag && (!tag_has_id(tag) || acl->entries[i].id == id))
            return &acl->entries[i];
    return NULL;
}

int acl_set(Acl *acl, AclTag tag, uint32_t id, unsigned permissions)
{
    size_t at = 0;

    for (size_t i = 0; i < acl->n_entries; i++) {
        AclEntry *entry = &acl->entries[i];

        if (entry->tag != tag || (tag_has_id(tag) && entry->id != id))
            continue;
        entry->permissions = permissions;
        return 0;
    }
    if (acl->n_entries == ACL_ENTRIES_MAX)
        return -E2BIG;
    while (at < acl->n_entries && tag_rank(acl->entries[at].tag) <= tag_rank(tag))
        at++;
    memmove(&acl->entries[at + 1], &acl->entries[at],
            (acl->n_entries - at) * sizeof(acl->entries[0]));
    acl->entries[at] = (AclEntry){.tag = tag, .permissions = permissions, .id = id};
    acl->n_entries++;
    return 0;
}
