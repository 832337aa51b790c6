/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/permission.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"

static void component_clear(PathComponent *component)
{
    free(component->path);
    free(component->link);
    free(component->label);
    free(component->acl);
    *component = (PathComponent){};
}

void path_facts_clear(PathFacts *facts)
{
    for (size_t i = 0; i < facts->n_components; i++)
        component_clear(&facts->components[i]);
    free(facts->components);
    free(facts->path);
    free(facts->stopped_at);
    *facts = (PathFacts){.object = -1, .parent = -1};
}

static int copy_string(char **ret_copy, const char *text)
{
    *ret_copy = text ? strdup(text) : NULL;
    return text && !*ret_copy ? -ENOMEM : 0;
}

static int component_copy(PathComponent *ret_component, const PathComponent *component)
{
    PathComponent copy = *component;

    copy.path = copy.link = copy.label = NULL;
    copy.acl = NULL;
    if (component->acl) {
        copy.acl = malloc(sizeof(*copy.acl));
        if (copy.acl)
            *copy.acl = *component->acl;
    }
    if ((component->acl && !copy.acl) || copy_string(&copy.path, component->path) < 0 ||
        copy_string(&copy.link, component->link) < 0 ||
        copy_string(&copy.label, component->label) < 0) {
        component_clear(&copy);
        return -ENOMEM;
    }
    *ret_component = copy;
    return 0;
}

int path_facts_copy(PathFacts *ret_facts, const PathFacts *facts)
{
    PathFacts copy = *facts;
    int r;

    copy.n_components = 0;
    copy.stopped_at = NULL;
    copy.components = calloc(facts->n_components + 1, sizeof(*copy.components));
    r = copy_string(&copy.path, facts->path);
    if (r >= 0)
        r = copy_string(&copy.stopped_at, facts->stopped_at);
    if (!copy.components)
        r = -ENOMEM;
    for (size_t i = 0; r >= 0 && i < facts->n_components; i++) {
        r = component_copy(&copy.components[i], &facts->components[i]);
        if (r >= 0)
            copy.n_components++;
    }
    if (r < 0) {
        path_facts_clear(&copy);
        return r;
    }
    *ret_facts = copy;
    return 0;
}

bool subject_in_group(const Subject *subject, uint32_t gid)
{
    if (subject->gid == gid)
        return true;
    for (size_t i = 0; i < subject->n_gids; i++)
        if (subject->gids[i] == gid)
            return true;
    return false;
}

bool subject_is_capable(const Subject *subject, unsigned capability)
{
    return capability < 64 && (subject->capabilities >> capability & 1);
}

/* The entry's permissions, as far as the mask lets them through. */
static unsigned masked_missing(const Acl *acl, unsigned permissions, unsigned wanted,
                               RefusalRule rule, RefusalRule *ret_rule)
{
    const AclEntry *mask = acl_find(acl, ACL_TAG_MASK, 0);
    const unsigned effective = mask ? permissions & mask->permissions : permissions;

    *ret_rule = wanted & ~permissions ? rule : REFUSAL_ACL_MASK;
    return wanted & ~effective;
}

static unsigned acl_missing(const PathComponent *component, const Subject *subject, unsigned wanted,
                            RefusalRule *ret_rule)
{
    const Acl *acl = component->acl;
    const AclEntry *entry = acl_find(acl, ACL_TAG_USER, subject->uid);
    const AclEntry *member = NULL;

    if (entry)
        return masked_missing(acl, entry->permissions, wanted, REFUSAL_ACL_USER, ret_rule);
    /* The first group that grants all decides, and then only the mask can refuse. */
    for (size_t i = 0; i < acl->n_entries; i++) {
        entry = &acl->entries[i];
        if (entry->tag != ACL_TAG_GROUP_OBJ && entry->tag != ACL_TAG_GROUP)
            continue;
        if (!subject_in_group(subject, entry->tag == ACL_TAG_GROUP ? entry->id : component->gid))
            continue;
        if ((entry->permissions & wanted) == wanted)
            return masked_missing(acl, entry->permissions, wanted, REFUSAL_ACL_GROUP, ret_rule);
        if (!member)
            member = entry;
    }
    if (member) {
        *ret_rule = REFUSAL_ACL_GROUP;
        return wanted & ~member->permissions;
    }
    entry = acl_find(acl, ACL_TAG_OTHER, 0);
    *ret_rule = REFUSAL_ACL_OTHER;
    return wanted & ~(entry ? entry->permissions : 0);
}

unsigned permission_missing(const PathComponent *component, const Subject *subject, unsigned wanted,
                            RefusalRule *ret_rule)
{
    const unsigned mode = component->mode & 0777;

    if (subject->uid == component->uid) {
        *ret_rule = REFUSAL_OWNER;
        return wanted & ~(mode >> 6);
    }
    /* With a list, the group's bits are its mask, and without any of them it is not looked at. */
    if (component->acl && mode & 070)
        return acl_missing(component, subject, wanted, ret_rule);
    if (subject_in_group(subject, component->gid)) {
        *ret_rule = REFUSAL_GROUP;
        return wanted & ~(mode >> 3);
    }
    *ret_rule = REFUSAL_OTHER;
    return wanted & ~mode & 7;
}

/* Whether a capability makes up for missing bits. */
static bool is_overridden(const PathComponent *component, const Subject *subject, unsigned wanted)
{
    const bool may_override = subject_is_capable(subject, CAP_DAC_OVERRIDE);

    if (S_ISDIR(component->mode))
        return may_override ||
               (!(wanted & PERMISSION_WRITE) && subject_is_capable(subject, CAP_DAC_READ_SEARCH));
    if (wanted == PERMISSION_READ && subject_is_capable(subject, CAP_DAC_READ_SEARCH))
        return true;
    return may_override && (!(wanted & PERMISSION_EXECUTE) || component->mode & 0111);
}

static void add_refusal(PermissionResult *result, size_t component, unsigned missing,
                        RefusalRule rule, int error)
{
    if (result->answer != PERMISSION_REFUSED && result->answer != PERMISSION_NOT_KNOWN)
        result->answer = PERMISSION_REFUSED;
    for (size_t i = 0; i < result->n_refusals; i++) {
        PermissionRefusal *refusal = &result->refusals[i];

        /* the directory on the way is the one to write to */
        if (refusal->component == component && refusal->rule == rule) {
            refusal->missing |= missing;
            return;
        }
    }
    if (result->n_refusals < PERMISSION_REFUSALS_MAX)
        result->refusals[result->n_refusals++] =
            (PermissionRefusal){component, missing, rule, error};
}

static void set_unknown(PermissionResult *result, size_t component)
{
    /* What was refused before is met first, and is known. */
    if (result->n_refusals > 0 || result->answer == PERMISSION_NOT_KNOWN)
        return;
    result->answer = PERMISSION_NOT_KNOWN;
    result->unknown = (ssize_t)component;
}

/* Without the owners: what all classes have is given, what none has is refused. */
static void check_without_owner(const PathFacts *facts, size_t index, unsigned wanted,
                                PermissionResult *result)
{
    const PathComponent *component = &facts->components[index];
    const unsigned mode = component->mode & 0777;
    const unsigned all = (mode >> 6) & (mode >> 3) & mode, any = (mode >> 6) | (mode >> 3) | mode;

    if ((all & wanted) == wanted && !component->acl)
        return;
    if (wanted & ~any & 7 && !component->acl)
        add_refusal(result, index, wanted & ~any & 7, REFUSAL_OTHER, EACCES);
    else
        set_unknown(result, index);
}

static void check_bits(const PathFacts *facts, size_t index, const Subject *subject,
                       unsigned wanted, PermissionResult *result)
{
    const PathComponent *component = &facts->components[index];
    RefusalRule rule;
    unsigned missing;

    if (is_overridden(component, subject, wanted))
        return;
    if (facts->owners_unknown) {
        check_without_owner(facts, index, wanted, result);
        return;
    }
    if (component->acl_unknown && component->uid != subject->uid && component->mode & 070) {
        set_unknown(result, index);
        return;
    }
    missing = permission_missing(component, subject, wanted, &rule);
    if (missing)
        add_refusal(result, index, missing, rule, EACCES);
}

/* fs.protected_symlinks: a link in a directory like /tmp is followed only for its owner, or if
 * it belongs to the owner of the directory. */
static void check_link(const PathFacts *facts, size_t index, size_t directory,
                       const Subject *subject, PermissionResult *result)
{
    const PathComponent *link = &facts->components[index];
    const PathComponent *above = &facts->components[directory];

    if (facts->links_protected && !facts->owners_unknown && link->uid != subject->uid &&
        (above->mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH) && above->uid != link->uid)
        add_refusal(result, index, 0, REFUSAL_LINK, EACCES);
}

static size_t directory_of(const PathFacts *facts, size_t index)
{
    const char *path = facts->components[index].path;
    const char *slash = strrchr(path, '/');
    const size_t length = slash && slash > path ? (size_t)(slash - path) : 1;

    for (size_t i = 0; i < facts->n_components; i++)
        if (strlen(facts->components[i].path) == length &&
            strncmp(facts->components[i].path, path, length) == 0)
            return i;
    return index;
}

/* Everything on the way, without the object. */
static void check_way(const PathFacts *facts, const Subject *subject, PermissionResult *result)
{
    for (size_t i = 0; i < facts->n_components; i++) {
        const PathComponent *component = &facts->components[i];

        if ((ssize_t)i == facts->object)
            continue;
        if (S_ISLNK(component->mode))
            check_link(facts, i, directory_of(facts, i), subject, result);
        else if (S_ISDIR(component->mode))
            check_bits(facts, i, subject, PERMISSION_EXECUTE, result);
    }
}

static bool need_is_about_parent(const PathFacts *facts, PathNeed need)
{
    return need == PATH_NEED_CREATE || need == PATH_NEED_REMOVE ||
           (need == PATH_NEED_WRITE && facts->object < 0 && facts->missing_last);
}

static void check_parent(const PathFacts *facts, const Subject *subject, PathNeed need,
                         PermissionResult *result)
{
    const size_t index = (size_t)facts->parent;
    const PathComponent *parent = &facts->components[index];
    const PathComponent *object = facts->object >= 0 ? &facts->components[facts->object] : NULL;

    if (parent->read_only) {
        add_refusal(result, index, 0, REFUSAL_READ_ONLY, EROFS);
        return;
    }
    if (parent->immutable)
        add_refusal(result, index, 0, REFUSAL_IMMUTABLE, EPERM);
    check_bits(facts, index, subject, PERMISSION_WRITE | PERMISSION_EXECUTE, result);
    if (need != PATH_NEED_REMOVE || !object)
        return;
    if (parent->mode & S_ISVTX && !facts->owners_unknown && object->uid != subject->uid &&
        parent->uid != subject->uid && !subject_is_capable(subject, CAP_FOWNER))
        add_refusal(result, index, 0, REFUSAL_STICKY, EPERM);
    if (parent->append_only && !parent->immutable)
        add_refusal(result, index, 0, REFUSAL_IMMUTABLE, EPERM);
    if (object->immutable || object->append_only)
        add_refusal(result, (size_t)facts->object, 0, REFUSAL_IMMUTABLE, EPERM);
}

static void check_object(const PathFacts *facts, const Subject *subject, PathNeed need,
                         PermissionResult *result)
{
    static const unsigned wanted[PATH_NEED_COUNT] = {
        [PATH_NEED_READ] = PERMISSION_READ,       [PATH_NEED_WRITE] = PERMISSION_WRITE,
        [PATH_NEED_MAP] = PERMISSION_READ,        [PATH_NEED_CONNECT] = PERMISSION_WRITE,
        [PATH_NEED_EXECUTE] = PERMISSION_EXECUTE,
    };
    const size_t index = (size_t)facts->object;
    const PathComponent *object = &facts->components[index];
    const bool writes = need == PATH_NEED_WRITE || need == PATH_NEED_OWN;
    const bool special = S_ISSOCK(object->mode) || S_ISFIFO(object->mode) ||
                         S_ISCHR(object->mode) || S_ISBLK(object->mode);

    if (writes && object->read_only && !special) {
        add_refusal(result, index, 0, REFUSAL_READ_ONLY, EROFS);
        return;
    }
    if (need == PATH_NEED_OWN) {
        if (facts->owners_unknown)
            set_unknown(result, index);
        else if (object->uid != subject->uid && !subject_is_capable(subject, CAP_FOWNER))
            add_refusal(result, index, 0, REFUSAL_NOT_OWNER, EPERM);
        if (object->immutable || object->append_only)
            add_refusal(result, index, 0, REFUSAL_IMMUTABLE, EPERM);
        return;
    }
    if (need == PATH_NEED_WRITE && object->immutable)
        add_refusal(result, index, 0, REFUSAL_IMMUTABLE, EPERM);
    if (wanted[need])
        check_bits(facts, index, subject, wanted[need], result);
    if (need == PATH_NEED_EXECUTE && object->no_exec && S_ISREG(object->mode))
        add_refusal(result, index, 0, REFUSAL_NO_EXEC, EACCES);
    if (need == PATH_NEED_MAP && object->no_exec)
        add_refusal(result, index, 0, REFUSAL_NO_EXEC, EPERM);
    if ((need == PATH_NEED_READ || need == PATH_NEED_WRITE) && object->no_device &&
        (S_ISCHR(object->mode) || S_ISBLK(object->mode)))
        add_refusal(result, index, 0, REFUSAL_NO_DEVICE, EACCES);
}

void permission_check_path(const PathFacts *facts, const Subject *subject, PathNeed need,
                           PermissionResult *ret_result)
{
    PermissionResult result = {.answer = PERMISSION_ALLOWED, .unknown = -1};

    check_way(facts, subject, &result);
    if (need_is_about_parent(facts, need) && facts->parent >= 0)
        check_parent(facts, subject, need, &result);
    else if (facts->object >= 0)
        check_object(facts, subject, need, &result);
    else if (result.answer == PERMISSION_ALLOWED)
        result.answer = facts->error == -ENOENT || facts->error == -ENOTDIR ? PERMISSION_MISSING
                                                                            : PERMISSION_NOT_KNOWN;
    *ret_result = result;
}
