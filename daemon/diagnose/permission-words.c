/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/permission-words.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/text.h"

char *words_of_user(const HostView *view, uint32_t uid)
{
    const char *name = accounts_user_name(view->accounts, uid);

    return name ? format_string("%s (uid %u)", name, uid) : format_string("uid %u", uid);
}

char *words_of_group(const HostView *view, uint32_t gid)
{
    const char *name = accounts_group_name(view->accounts, gid);

    return name ? format_string("%s (gid %u)", name, gid) : format_string("gid %u", gid);
}

void words_of_bits(unsigned bits, char ret_text[4])
{
    char *to = ret_text;

    if (bits & PERMISSION_READ)
        *to++ = 'r';
    if (bits & PERMISSION_WRITE)
        *to++ = 'w';
    if (bits & PERMISSION_EXECUTE)
        *to++ = 'x';
    *to = '\0';
}

static char type_letter(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFSOCK:
        return 's';
    case S_IFIFO:
        return 'p';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    default:
        return '-';
    }
}

/* As ls -l has it. */
static char *words_of_mode(const HostFacts *facts, const PathComponent *component)
{
    const HostView *view = facts->view;
    const char *user = accounts_user_name(view->accounts, component->uid);
    const char *group = accounts_group_name(view->accounts, component->gid);
    const mode_t mode = component->mode;
    char text[12], uid[16], gid[16];

    text[0] = type_letter(mode);
    for (unsigned i = 0; i < 9; i++)
        text[1 + i] = mode >> (8 - i) & 1 ? "rwx"[i % 3] : '-';
    if (mode & S_ISVTX)
        text[9] = mode & S_IXOTH ? 't' : 'T';
    text[10] = component->acl || component->acl_unknown ? '+' : '\0';
    text[11] = '\0';
    (void)snprintf(uid, sizeof(uid), "%u", component->uid);
    (void)snprintf(gid, sizeof(gid), "%u", component->gid);
    if (facts->path.owners_unknown)
        return strdup(text);
    return format_string("%s %s %s", text, user ? user : uid, group ? group : gid);
}

static const char *words_of_rule(RefusalRule rule)
{
    switch (rule) {
    case REFUSAL_OWNER:
        return "the owner's own bits";
    case REFUSAL_GROUP:
        return "the bits of the group";
    case REFUSAL_OTHER:
        return "the bits for others";
    case REFUSAL_ACL_USER:
        return "the access control list's entry for the user";
    case REFUSAL_ACL_GROUP:
        return "the access control list's entries for groups";
    case REFUSAL_ACL_MASK:
        return "the access control list's mask";
    case REFUSAL_ACL_OTHER:
        return "the access control list's entry for others";
    case REFUSAL_STICKY:
        return "the sticky bit: only the owner of a file may remove it";
    case REFUSAL_NOT_OWNER:
        return "the owner: only that user may";
    case REFUSAL_IMMUTABLE:
        return "an attribute (immutable or append-only, see lsattr)";
    case REFUSAL_LINK:
        return "fs.protected_symlinks: a link of another user in a directory that all may write to";
    case REFUSAL_NO_EXEC:
        return "the mount option noexec";
    case REFUSAL_NO_DEVICE:
        return "the mount option nodev";
    case REFUSAL_READ_ONLY:
        return "the mount option ro";
    case REFUSAL_NONE:
    case REFUSAL_RULE_COUNT:
        break;
    }
    return "an unknown rule";
}

static const char *words_of_action(const PathComponent *component, const PermissionRefusal *refusal)
{
    const bool directory = S_ISDIR(component->mode);

    if (S_ISLNK(component->mode))
        return "follow";
    if (refusal->missing == 0)
        return directory ? "change" : "use";
    if (refusal->missing & PERMISSION_WRITE)
        return directory ? "make or remove files in" : "write to";
    if (refusal->missing & PERMISSION_READ)
        return directory ? "list" : "read";
    return directory ? "pass through" : "execute";
}

int obstacle_of_refusal(const HostFacts *facts, const PermissionRefusal *refusal,
                        Obstacle *ret_obstacle)
{
    const PathComponent *component = &facts->path.components[refusal->component];
    char bits[4];
    Obstacle obstacle = {
        .user = words_of_user(facts->view, facts->subject.uid),
        .path = escape_for_terminal(component->path),
        .mode = words_of_mode(facts, component),
        .rule = strdup(words_of_rule(refusal->rule)),
    };

    words_of_bits(refusal->missing, bits);
    obstacle.missing = strdup(bits);
    if (!obstacle.user || !obstacle.path || !obstacle.mode || !obstacle.rule || !obstacle.missing) {
        obstacle_clear(&obstacle);
        return -ENOMEM;
    }
    *ret_obstacle = obstacle;
    return 0;
}

char *words_of_refusal(const HostFacts *facts, const PermissionRefusal *refusal)
{
    const PathComponent *component = &facts->path.components[refusal->component];
    _cleanup_free_ char *path = escape_for_terminal(component->path);
    _cleanup_free_ char *mode = words_of_mode(facts, component);
    char bits[4];

    if (!path || !mode)
        return NULL;
    words_of_bits(refusal->missing, bits);
    return format_string("may not %s %s (%s%s%s; refused by %s)",
                         words_of_action(component, refusal), path, mode,
                         *bits ? "; missing: " : "", bits, words_of_rule(refusal->rule));
}

char *words_of_end(const PathFacts *facts)
{
    _cleanup_free_ char *path = escape_for_terminal(strempty(facts->stopped_at));

    if (!path)
        return NULL;
    switch (facts->error) {
    case -ENOENT:
        return format_string("%s is not there now.", path);
    case -ENOTDIR:
        return format_string("%s is not a directory.", path);
    case -ELOOP:
        return format_string("There are too many links on the way to %s.", path);
    case -EREMOTE:
        return format_string("%s is on a network file system or one that another process answers "
                             "for: who may do what there is decided by that, and was not looked "
                             "at.",
                             path);
    case -EXDEV:
        return format_string("nginx sees another file system at %s than this host (PrivateTmp= or "
                             "the like in its unit): it was not looked at.",
                             path);
    default:
        return format_string("%s could not be looked at: %s.", path, strerror(-facts->error));
    }
}
