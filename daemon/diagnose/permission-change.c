/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/permission-change.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/text.h"

static bool rule_is_about_bits(RefusalRule rule)
{
    return rule >= REFUSAL_OWNER && rule <= REFUSAL_ACL_OTHER;
}

/* What the subject has of an object now, so that an entry of its own takes nothing away. */
static unsigned bits_now(const PathComponent *component, const Subject *subject)
{
    RefusalRule rule;

    return 7 & ~permission_missing(component, subject, 7, &rule);
}

static unsigned group_entry(const PathComponent *component)
{
    const AclEntry *entry = component->acl ? acl_find(component->acl, ACL_TAG_GROUP_OBJ, 0) : NULL;

    return entry ? entry->permissions : component->mode >> 3 & 7;
}

/* --- what a change does --------------------------------------------------- */

/* A list that says what the mode says. */
static int make_acl(PathComponent *component)
{
    const unsigned mode = component->mode;

    if (component->acl)
        return 0;
    component->acl = calloc(1, sizeof(*component->acl));
    if (!component->acl)
        return -ENOMEM;
    (void)acl_set(component->acl, ACL_TAG_USER_OBJ, 0, mode >> 6 & 7);
    (void)acl_set(component->acl, ACL_TAG_GROUP_OBJ, 0, mode >> 3 & 7);
    return acl_set(component->acl, ACL_TAG_OTHER, 0, mode & 7);
}

static int apply_acl(PathComponent *component, const Subject *subject, const ModeChange *change)
{
    unsigned mask;
    int r;

    /* setfacl without a mask in its arguments lets the mask cover all that is there */
    mask = change->mask ? change->mask : change->bits | group_entry(component);
    r = make_acl(component);
    if (r >= 0)
        r = acl_set(component->acl, ACL_TAG_USER, subject->uid, change->bits);
    if (r >= 0)
        r = acl_set(component->acl, ACL_TAG_MASK, 0, mask);
    component->mode = (component->mode & ~070u) | mask << 3;
    return r;
}

static int apply_change(PathFacts *facts, const Subject *subject, const ModeChange *change)
{
    PathComponent *component = &facts->components[change->component];

    switch (change->kind) {
    case CHANGE_ACL:
        return apply_acl(component, subject, change);
    case CHANGE_OWNER:
        component->mode |= change->bits << 6;
        return 0;
    case CHANGE_GROUP:
        if (change->change_group)
            component->gid = subject->gid;
        component->mode |= change->bits << 3;
        return 0;
    case CHANGE_OTHERS:
        component->mode |= change->bits;
        return component->acl ? acl_set(component->acl, ACL_TAG_OTHER, 0, component->mode & 7) : 0;
    case CHANGE_CHOWN:
        component->uid = subject->uid;
        return 0;
    }
    return -EINVAL;
}

/* 1 if the subject gets through with it, 0 if not, or -ENOMEM. */
static int remedy_helps(const RemedyQuestion *question, const PermissionRemedy *remedy)
{
    Subject subject = question->facts->subject;
    PermissionResult result;
    PathFacts after;
    int r = path_facts_copy(&after, &question->facts->path);

    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < remedy->n_changes; i++)
        r = apply_change(&after, &question->facts->subject, &remedy->changes[i]);
    if (remedy->join_group && subject.n_gids < SUBJECT_GROUPS_MAX)
        subject.gids[subject.n_gids++] = remedy->gid;
    permission_check_path(&after, &subject, question->need, &result);
    path_facts_clear(&after);
    if (r < 0)
        return r == -E2BIG ? 0 : r;
    return result.answer == PERMISSION_ALLOWED;
}

/* --- which changes -------------------------------------------------------- */

typedef bool (*ChangeMaker)(const RemedyQuestion *question, const PermissionRefusal *refusal,
                            ModeChange *change);

static bool make_acl_change(const RemedyQuestion *question, const PermissionRefusal *refusal,
                            ModeChange *change)
{
    const PathComponent *component = &question->facts->path.components[refusal->component];
    const Subject *subject = &question->facts->subject;

    if (component->acl_unsupported)
        return false;
    change->kind = CHANGE_ACL;
    change->bits = bits_now(component, subject) | refusal->missing;
    /* With a list there may be entries that the mask holds back, and shall. */
    if (component->acl)
        change->mask = (component->mode >> 3 & 7) | change->bits;
    return true;
}

static bool make_group_change(const RemedyQuestion *question, const PermissionRefusal *refusal,
                              ModeChange *change)
{
    const PathComponent *component = &question->facts->path.components[refusal->component];
    const Subject *subject = &question->facts->subject;

    if (component->acl)
        return false;
    change->kind = CHANGE_GROUP;
    change->bits = refusal->missing;
    change->change_group = !subject_in_group(subject, component->gid);
    if (!change->change_group)
        return true;
    /* The group that it has loses nothing: it is root's, or may no more than everybody. And a
     * directory that belongs to the system keeps its group. */
    return strchr(component->path + 1, '/') &&
           (component->gid == 0 || !(component->mode >> 3 & ~component->mode & 7)) &&
           subject->gid != 0;
}

/* One who keeps others out of the directory means the files in it, too. */
static bool directory_refuses(const RemedyQuestion *question)
{
    const PathFacts *path = &question->facts->path;

    for (size_t i = 0; i < path->n_components; i++) {
        RefusalRule rule;

        if ((ssize_t)i != path->object && S_ISDIR(path->components[i].mode) &&
            permission_missing(&path->components[i], &question->facts->subject, PERMISSION_EXECUTE,
                               &rule))
            return true;
    }
    return false;
}

static bool make_others_change(const RemedyQuestion *question, const PermissionRefusal *refusal,
                               ModeChange *change)
{
    const PathComponent *component = &question->facts->path.components[refusal->component];
    const char *home = accounts_home(question->facts->view->accounts, 0);

    change->kind = CHANGE_OTHERS;
    change->bits = refusal->missing;
    if (refusal->rule != REFUSAL_OTHER && refusal->rule != REFUSAL_ACL_OTHER)
        return false;
    if (S_ISDIR(component->mode)) /* passing through, not looking around, and not at root's */
        return refusal->missing == PERMISSION_EXECUTE && !streq_ptr(home, component->path);
    return S_ISREG(component->mode) && refusal->missing == PERMISSION_READ && !question->secret &&
           !directory_refuses(question);
}

static bool make_chown_change(const RemedyQuestion *question, const PermissionRefusal *refusal,
                              ModeChange *change)
{
    const PathComponent *component = &question->facts->path.components[refusal->component];

    change->kind = CHANGE_CHOWN;
    return question->own && refusal->missing & PERMISSION_WRITE &&
           (component->mode >> 6 & refusal->missing) == refusal->missing;
}

/* The same kind of change for every obstacle; false where it fits one of them not. */
static bool make_changes(const RemedyQuestion *question, const PermissionResult *result,
                         ChangeMaker maker, PermissionRemedy *remedy)
{
    *remedy = (PermissionRemedy){};
    for (size_t i = 0; i < result->n_refusals; i++) {
        const PermissionRefusal *refusal = &result->refusals[i];
        ModeChange *change = &remedy->changes[remedy->n_changes];

        if (!rule_is_about_bits(refusal->rule))
            return false;
        change->component = refusal->component;
        if (refusal->rule == REFUSAL_OWNER) { /* no list and no group matters to the owner */
            change->kind = CHANGE_OWNER;
            change->bits = refusal->missing;
        } else if (!maker(question, refusal, change)) {
            return false;
        }
        remedy->n_changes++;
    }
    return true;
}

/* Groups that are as good as root. */
static bool group_is_powerful(const HostView *view, uint32_t gid)
{
    static const char *const powerful[] = {
        "root", "wheel", "sudo",    "admin",           "docker", "disk",  "shadow",
        "kmem", "lxd",   "libvirt", "systemd-journal", "adm",    "staff",
    };
    const char *name = accounts_group_name(view->accounts, gid);

    if (gid == 0 || !name)
        return true;
    for (size_t i = 0; i < ELEMENTS_OF(powerful); i++)
        if (streq(powerful[i], name))
            return true;
    return false;
}

/* The first group of what refuses that would do. */
static bool find_group(const RemedyQuestion *question, const PermissionResult *result,
                       PermissionRemedy *remedy)
{
    const PathFacts *path = &question->facts->path;

    for (size_t i = 0; i < result->n_refusals; i++) {
        const uint32_t gid = path->components[result->refusals[i].component].gid;

        *remedy = (PermissionRemedy){.join_group = true, .gid = gid};
        if (!group_is_powerful(question->facts->view, gid) &&
            !subject_in_group(&question->facts->subject, gid) && remedy_helps(question, remedy) > 0)
            return true;
    }
    return false;
}

static bool change_equal(const ModeChange *a, const ModeChange *b)
{
    return a->component == b->component && a->kind == b->kind && a->bits == b->bits &&
           a->mask == b->mask && a->change_group == b->change_group;
}

static bool remedy_equal(const PermissionRemedy *a, const PermissionRemedy *b)
{
    if (a->n_changes != b->n_changes || a->join_group != b->join_group)
        return false;
    for (size_t i = 0; i < a->n_changes; i++)
        if (!change_equal(&a->changes[i], &b->changes[i]))
            return false;
    return true;
}

/* 1 if it was added, 0 if it does not help or is there, or -ENOMEM. */
static int add_remedy(const RemedyQuestion *question, const PermissionRemedy *remedy,
                      PermissionRemedy *remedies, size_t *n)
{
    int r;

    for (size_t i = 0; i < *n; i++)
        if (remedy_equal(&remedies[i], remedy))
            return 0;
    r = remedy_helps(question, remedy);
    if (r > 0)
        remedies[(*n)++] = *remedy;
    return r;
}

int permission_remedies_find(const RemedyQuestion *question,
                             PermissionRemedy ret_remedies[PERMISSION_REMEDIES_MAX])
{
    /* NULL: a group to join */
    static const ChangeMaker makers[PERMISSION_REMEDIES_MAX] = {
        make_chown_change, make_acl_change, NULL, make_group_change, make_others_change,
    };
    PermissionResult result;
    size_t n = 0;
    int r = 0;

    permission_check_path(&question->facts->path, &question->facts->subject, question->need,
                          &result);
    if (result.answer != PERMISSION_REFUSED || question->facts->path.owners_unknown)
        return 0;
    for (size_t i = 0; r >= 0 && i < ELEMENTS_OF(makers); i++) {
        PermissionRemedy remedy;

        if (makers[i] ? make_changes(question, &result, makers[i], &remedy)
                      : find_group(question, &result, &remedy))
            r = add_remedy(question, &remedy, ret_remedies, &n);
    }
    return r < 0 ? r : (int)n;
}
