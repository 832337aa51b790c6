/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/path-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"

typedef struct Walk {
    const PathWalkOptions *options;
    PathFacts *facts;
    int fd;               /* the directory that the walk is in */
    char where[PATH_MAX]; /* its path, without links */
    char rest[PATH_MAX];  /* what is still to be looked up */
    char next[PATH_MAX];  /* the path of the name looked up last */
    unsigned links;
} Walk;

/* Through /proc, since attributes cannot be read of an O_PATH descriptor. Needs no access to the
 * object. A negative errno, -ENODATA where there is none. */
static ssize_t read_attribute(int fd, const char *name, char *buffer, size_t size)
{
    char link[64];
    ssize_t n;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = getxattr(link, name, buffer, size);
    return n < 0 ? -errno : n;
}

static int read_acl(int fd, PathComponent *component)
{
    char buffer[HOST_ATTRIBUTE_MAX];
    ssize_t n = read_attribute(fd, "system.posix_acl_access", buffer, sizeof(buffer));
    Acl acl;

    component->acl_unsupported = n == -EOPNOTSUPP;
    if (n == -ENODATA || n == -EOPNOTSUPP)
        return 0;
    if (n < 0 || acl_parse(buffer, (size_t)n, &acl) < 0) {
        component->acl_unknown = true;
        return 0;
    }
    component->acl = malloc(sizeof(acl));
    if (!component->acl)
        return -ENOMEM;
    *component->acl = acl;
    return 0;
}

static int read_label(int fd, PathComponent *component)
{
    char buffer[HOST_ATTRIBUTE_MAX];
    ssize_t n = read_attribute(fd, "security.selinux", buffer, sizeof(buffer) - 1);

    if (n <= 0)
        return 0;
    buffer[n] = '\0';
    component->label = strdup(buffer);
    return component->label ? 0 : -ENOMEM;
}

static void take_mount(const Walk *walk, PathComponent *component)
{
    const MountTable *table =
        walk->options->seen_mounts ? walk->options->seen_mounts : walk->options->mounts;
    const Mount *mount = mount_table_find(table, component->path);

    if (!mount)
        return;
    component->read_only = mount->read_only;
    component->no_exec = mount->no_exec;
    component->no_device = mount->no_device;
}

static int fill_component(const Walk *walk, int fd, PathComponent *component)
{
    struct statx status;
    int r;

    if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status) < 0)
        return -errno;
    component->mode = status.stx_mode;
    component->uid = status.stx_uid;
    component->gid = status.stx_gid;
    component->inode = status.stx_ino;
    component->immutable = status.stx_attributes & STATX_ATTR_IMMUTABLE;
    component->append_only = status.stx_attributes & STATX_ATTR_APPEND;
    r = S_ISLNK(component->mode) ? 0 : read_acl(fd, component);
    if (r >= 0)
        r = read_label(fd, component);
    take_mount(walk, component);
    return r;
}

static ssize_t find_component(const PathFacts *facts, const char *path)
{
    for (size_t i = 0; i < facts->n_components; i++)
        if (streq(facts->components[i].path, path))
            return (ssize_t)i;
    return -1;
}

/* Adds what fd refers to; 0 (also if it is there already) or a negative errno. */
static int add_component(Walk *walk, int fd, const char *path, ssize_t *ret_index)
{
    PathFacts *facts = walk->facts;
    PathComponent *grown, component = {};
    ssize_t known = find_component(facts, path);
    int r;

    if (known >= 0) {
        *ret_index = known;
        return 0;
    }
    if (facts->n_components == PATH_COMPONENTS_MAX)
        return -ENAMETOOLONG;
    grown = reallocarray(facts->components, facts->n_components + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    facts->components = grown;
    component.path = strdup(path);
    r = component.path ? fill_component(walk, fd, &component) : -ENOMEM;
    if (r < 0) {
        free(component.path);
        free(component.acl);
        free(component.label);
        return r;
    }
    facts->components[facts->n_components] = component;
    *ret_index = (ssize_t)facts->n_components++;
    return 0;
}

static void enter(Walk *walk, int fd, const char *path)
{
    if (walk->fd >= 0)
        (void)close(walk->fd);
    walk->fd = fd;
    (void)snprintf(walk->where, sizeof(walk->where), "%s", path);
}

static int enter_root(Walk *walk)
{
    ssize_t index;
    int fd = openat(walk->options->root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    enter(walk, fd, "/");
    return add_component(walk, fd, "/", &index);
}

static int enter_parent(Walk *walk)
{
    char above[PATH_MAX];
    char *slash;
    int fd;

    if (streq(walk->where, "/")) /* the root is its own parent */
        return 0;
    fd = openat(walk->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    memcpy(above, walk->where, sizeof(above));
    slash = strrchr(above, '/');
    slash[slash == above] = '\0';
    enter(walk, fd, above);
    return 0;
}

/* What must not be entered, or is something else for the process asked about. */
static int check_mount(const Walk *walk, const char *path)
{
    const Mount *mine = mount_table_find(walk->options->mounts, path);
    const Mount *seen = mount_table_find(walk->options->seen_mounts, path);

    if ((mine && mine->server != MOUNT_LOCAL) || (seen && seen->server != MOUNT_LOCAL))
        return -EREMOTE;
    if (walk->options->seen_mounts && walk->options->mounts && !mount_same_place(mine, seen, path))
        return -EXDEV;
    return 0;
}

/* `rest` is empty or begins with a slash. */
static int follow_link(Walk *walk, int fd, PathComponent *link, const char *rest)
{
    char target[PATH_MAX], joined[PATH_MAX];
    ssize_t n;
    int length;

    if (++walk->links > PATH_LINKS_MAX)
        return -ELOOP;
    n = readlinkat(fd, "", target, sizeof(target) - 1);
    if (n <= 0)
        return n < 0 ? -errno : -ENOENT;
    target[n] = '\0';
    if (!link->link && !(link->link = strdup(target)))
        return -ENOMEM;
    length = snprintf(joined, sizeof(joined), "%s%s", target, rest);
    if (length < 0 || (size_t)length >= sizeof(joined))
        return -ENAMETOOLONG;
    memcpy(walk->rest, joined, (size_t)length + 1);
    return target[0] == '/' ? enter_root(walk) : 0;
}

/* Looks up one name. Returns 1 to go on, 0 when the object was reached, or a negative errno. */
static int look_up(Walk *walk, const char *name, const char *rest, bool last)
{
    const char *path = walk->next;
    PathFacts *facts = walk->facts;
    _cleanup_close_ int fd = -1;
    PathComponent *component;
    ssize_t index;
    int r = check_mount(walk, path);

    if (r < 0)
        return r;
    fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = add_component(walk, fd, path, &index);
    if (r < 0)
        return r;
    component = &facts->components[index];
    if (S_ISLNK(component->mode) && (!last || walk->options->follow_last || *rest)) {
        char copy[PATH_MAX];

        (void)snprintf(copy, sizeof(copy), "%s", rest);
        r = follow_link(walk, fd, component, copy);
        return r < 0 ? r : 1;
    }
    if (last) {
        facts->object = index;
        return *rest && !S_ISDIR(component->mode) ? -ENOTDIR : 0;
    }
    if (!S_ISDIR(component->mode))
        return -ENOTDIR;
    enter(walk, take_fd(&fd), path);
    return 1;
}

static int stop(Walk *walk, const char *path, bool last, int error)
{
    PathFacts *facts = walk->facts;

    facts->error = error;
    facts->missing_last = error == -ENOENT && last;
    facts->object = -1;
    return string_replace(&facts->stopped_at, path);
}

/* One component of the rest. As look_up(). */
static int step(Walk *walk, const char **ret_path, bool *ret_last)
{
    char name[NAME_MAX + 1];
    const size_t skip = strspn(walk->rest, "/");
    const size_t length = strcspn(walk->rest + skip, "/");
    const char *rest = walk->rest + skip + length;
    const bool last = rest[strspn(rest, "/")] == '\0';
    int r;

    *ret_path = walk->where;
    *ret_last = last;
    if (length == 0 || (length <= 2 && strncmp(walk->rest + skip, "..", length) == 0)) {
        r = length == 2 ? enter_parent(walk) : 0;
        if (r >= 0 && last)
            walk->facts->object = find_component(walk->facts, walk->where);
        memmove(walk->rest, rest, strlen(rest) + 1);
        return r < 0 ? r : !last;
    }
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, walk->rest + skip, length);
    name[length] = '\0';
    r = snprintf(walk->next, sizeof(walk->next), "%s/%s",
                 streq(walk->where, "/") ? "" : walk->where, name);
    if (r < 0 || (size_t)r >= sizeof(walk->next))
        return -ENAMETOOLONG;
    *ret_path = walk->next;
    walk->facts->parent = find_component(walk->facts, walk->where);
    memmove(walk->rest, rest, strlen(rest) + 1);
    return look_up(walk, name, walk->rest, last);
}

static int walk_all(Walk *walk)
{
    const char *path = "/";
    bool last = false;
    int r = check_mount(walk, "/");

    if (r >= 0)
        r = enter_root(walk);
    for (r = r < 0 ? r : 1; r > 0;)
        r = step(walk, &path, &last);
    return r >= 0 || r == -ENOMEM ? r : stop(walk, path, last, r);
}

int path_walk(const char *path, const PathWalkOptions *options, PathFacts *ret_facts)
{
    PathFacts facts = {.object = -1, .parent = -1};
    Walk walk = {.options = options, .facts = &facts, .fd = -1};
    int r;

    if (path[0] != '/' || strlen(path) >= sizeof(walk.rest))
        return -EINVAL;
    memcpy(walk.rest, path, strlen(path) + 1);
    facts.path = strdup(path);
    r = facts.path ? walk_all(&walk) : -ENOMEM;
    if (walk.fd >= 0)
        (void)close(walk.fd);
    if (r < 0) {
        path_facts_clear(&facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}
