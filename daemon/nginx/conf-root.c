/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* openat2() refuses O_PATH together with flags that mean nothing then. */
static int with_safe_flags(int flags)
{
    return flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK);
}

/* Components deep at most, each an open descriptor while walking. */
#define WALK_DEPTH_MAX 64u

int conf_root_open(int root_fd, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)with_safe_flags(flags), .resolve = RESOLVE_IN_ROOT};
    long fd;

    fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
    if (fd >= 0)
        return (int)fd;
    /* EPERM is what some sandboxes answer for a system call that they do not know */
    if (errno == ENOSYS || errno == EPERM)
        return conf_root_open_walk(root_fd, path, flags);
    return -errno;
}

/* A walk down from the root: the descriptors of the directories above, for "..". */
typedef struct Walk {
    int fds[WALK_DEPTH_MAX];
    size_t depth;
    char rest[PATH_MAX];
} Walk;

static void walk_up(Walk *walk, size_t depth)
{
    while (walk->depth > depth)
        (void)close(walk->fds[--walk->depth]);
}

/* Puts the target of a link before what is left of the path. */
static int walk_link(Walk *walk, const char *target, size_t length, const char *rest)
{
    char copy[PATH_MAX];

    if (length + 1 + strlen(rest) >= sizeof(copy))
        return -ENAMETOOLONG;
    memcpy(copy, target, length);
    copy[length] = '/';
    memcpy(copy + length + 1, rest, strlen(rest) + 1);
    memcpy(walk->rest, copy, strlen(copy) + 1);
    if (target[0] == '/')
        walk_up(walk, 0);
    return 0;
}

static int walk_path(Walk *walk, int root_fd, int flags)
{
    unsigned links = 0;

    for (;;) {
        int parent = walk->depth > 0 ? walk->fds[walk->depth - 1] : root_fd;
        char name[NAME_MAX + 1], target[PATH_MAX];
        size_t skip = strspn(walk->rest, "/");
        size_t length = strcspn(walk->rest + skip, "/");
        const char *rest = walk->rest + skip + length;
        bool last = rest[strspn(rest, "/")] == '\0';
        ssize_t n;
        int fd;

        if (length == 0)
            strcpy(name, ".");
        else if (length >= sizeof(name))
            return -ENAMETOOLONG;
        else
            memcpy(name, walk->rest + skip, length);
        name[length ? length : 1] = '\0';
        if (streq(name, "..")) {
            walk_up(walk, walk->depth > 0 ? walk->depth - 1 : 0);
            parent = walk->depth > 0 ? walk->fds[walk->depth - 1] : root_fd;
            strcpy(name, ".");
        }
        n = readlinkat(parent, name, target, sizeof(target));
        if (n >= 0) {
            int r;

            if (++links > NGINX_CONF_LINKS_MAX)
                return -ELOOP;
            if ((size_t)n == sizeof(target))
                return -ENAMETOOLONG;
            r = walk_link(walk, target, (size_t)n, rest);
            if (r < 0)
                return r;
            continue;
        }
        if (last) {
            fd = openat(parent, name, with_safe_flags(flags) | O_NOFOLLOW);
            return fd < 0 ? -errno : fd;
        }
        if (!streq(name, ".")) {
            if (walk->depth == WALK_DEPTH_MAX)
                return -ENAMETOOLONG;
            fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd < 0)
                return -errno;
            walk->fds[walk->depth++] = fd;
        }
        memmove(walk->rest, rest, strlen(rest) + 1);
    }
}

int conf_root_open_walk(int root_fd, const char *path, int flags)
{
    Walk walk = {.depth = 0};
    int r;

    if (strlen(path) >= sizeof(walk.rest))
        return -ENAMETOOLONG;
    memcpy(walk.rest, path, strlen(path) + 1);
    r = walk_path(&walk, root_fd, flags);
    walk_up(&walk, 0);
    return r;
}

/* --- patterns ------------------------------------------------------------ */

static bool has_magic(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef struct Glob {
    int root_fd;
    size_t max;
    size_t n_paths;
    char **paths;
    size_t size;
    int error; /* of the first directory that could not be read */
} Glob;

static int glob_add(Glob *glob, const char *path)
{
    _cleanup_close_ int fd = conf_root_open(glob->root_fd, path, O_PATH);

    if (fd < 0)
        return 0; /* no such file: no match */
    if (glob->n_paths == glob->max)
        return -E2BIG;
    if (glob->n_paths + 1 >= glob->size) {
        size_t size = glob->size ? glob->size * 2 : 16;
        char **paths = realloc(glob->paths, size * sizeof(*paths));

        if (!paths)
            return -ENOMEM;
        glob->paths = paths;
        glob->size = size;
    }
    glob->paths[glob->n_paths] = strdup(path);
    if (!glob->paths[glob->n_paths])
        return -ENOMEM;
    glob->paths[++glob->n_paths] = NULL;
    return 0;
}

/* The names in a directory that match, sorted; at most max of them. */
static int match_names(const Glob *glob, const char *directory, const char *pattern,
                       char ***ret_names, size_t *ret_n_names)
{
    _cleanup_strv_ char **names = NULL;
    size_t n_names = 0, size = 0;
    const struct dirent *entry;
    int fd, r = 0;
    DIR *stream;

    fd = conf_root_open(glob->root_fd, directory, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    stream = fdopendir(fd);
    if (!stream) {
        r = -errno;
        (void)close(fd);
        return r;
    }
    while ((entry = readdir(stream))) {
        if (fnmatch(pattern, entry->d_name, FNM_PERIOD) != 0)
            continue;
        if (n_names > glob->max) {
            r = -E2BIG;
            break;
        }
        if (n_names + 1 >= size) {
            char **grown = realloc(names, (size ? size * 2 : 16) * sizeof(*names));

            if (!grown) {
                r = -ENOMEM;
                break;
            }
            names = grown;
            size = size ? size * 2 : 16;
        }
        names[n_names] = strdup(entry->d_name);
        if (!names[n_names]) {
            r = -ENOMEM;
            break;
        }
        names[++n_names] = NULL;
    }
    (void)closedir(stream);
    if (r < 0)
        return r;
    if (n_names > 1)
        qsort(names, n_names, sizeof(*names), compare_names);
    *ret_names = TAKE_POINTER(names);
    *ret_n_names = n_names;
    return 0;
}

/* `done` ends where `pattern` goes on; each level is one component. */
static int glob_level(Glob *glob, const char *done, const char *pattern, unsigned depth)
{
    size_t slashes = strspn(pattern, "/"), length = strcspn(pattern + slashes, "/");
    const char *rest = pattern + slashes + length;
    _cleanup_strv_ char **names = NULL;
    size_t n_names = 0;
    char component[NAME_MAX + 1];
    int r;

    if (length == 0)
        return glob_add(glob, done);
    if (length >= sizeof(component) || depth > WALK_DEPTH_MAX)
        return 0; /* such a file cannot exist */
    memcpy(component, pattern + slashes, length);
    component[length] = '\0';
    if (!has_magic(component)) {
        _cleanup_free_ char *path = format_string("%s/%s", done, component);

        return path ? glob_level(glob, path, rest, depth + 1) : -ENOMEM;
    }
    r = match_names(glob, *done ? done : "/", component, &names, &n_names);
    if (r == -ENOMEM || r == -E2BIG)
        return r;
    if (r < 0) {
        if (glob->error == 0 && r != -ENOENT && r != -ENOTDIR)
            glob->error = r;
        return 0;
    }
    for (size_t i = 0; i < n_names; i++) {
        _cleanup_free_ char *path = format_string("%s/%s", done, names[i]);

        if (!path)
            return -ENOMEM;
        r = glob_level(glob, path, rest, depth + 1);
        if (r < 0)
            return r;
    }
    return 0;
}

int conf_root_glob(int root_fd, const char *pattern, size_t max, char ***ret_paths)
{
    Glob glob = {.root_fd = root_fd, .max = max};
    int r;

    r = glob_level(&glob, "", pattern, 0);
    if (r < 0 && r != -E2BIG) {
        strv_free(glob.paths);
        return r;
    }
    *ret_paths = glob.paths;
    return r < 0 ? r : glob.error;
}
