/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/relabel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/undo.h"

#define LABEL_ATTRIBUTE "security.selinux"
#define LABEL_SIZE      4096

/* --- one object ------------------------------------------------------------- */

/* The next component of a path, on the way or at its end. */
static int open_component(int directory, const char *name, bool last)
{
    int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -errno;
    if (last)
        return fd;
    if (fstat(fd, &status) < 0 || !S_ISDIR(status.st_mode)) {
        int r = S_ISLNK(status.st_mode) ? -ELOOP : -ENOTDIR;

        (void)close(fd);
        return r;
    }
    return fd;
}

/* A descriptor that only names an object; through /proc it can be labelled, whatever it is. Not
 * openat2(), which the service's own sandbox (RestrictSUIDSGID=) takes away. */
static int open_object(const char *root, const char *path)
{
    _cleanup_strv_ char **components = strv_split(path, "/");
    _cleanup_close_ int fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (!components)
        return -ENOMEM;
    if (fd < 0)
        return -errno;
    if (path[0] != '/' || !components[0])
        return -EINVAL;
    STRV_FOREACH (component, components) {
        int next = open_component(fd, *component, !component[1]);

        (void)close(fd);
        fd = -1;
        if (next < 0)
            return next;
        fd = next;
    }
    return take_fd(&fd);
}

static void name_object(int fd, char ret_name[64])
{
    (void)snprintf(ret_name, 64, "/proc/self/fd/%d", fd);
}

/* "" where there is none. */
static int read_label(int fd, char ret_label[LABEL_SIZE])
{
    char name[64];
    ssize_t n;

    name_object(fd, name);
    n = getxattr(name, LABEL_ATTRIBUTE, ret_label, LABEL_SIZE - 1);
    if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
        return -errno;
    ret_label[n < 0 ? 0 : n] = '\0';
    return 0;
}

static int write_label(int fd, const char *label)
{
    char name[64];

    name_object(fd, name);
    if (*label == '\0')
        return removexattr(name, LABEL_ATTRIBUTE) < 0 && errno != ENODATA ? -errno : 0;
    return setxattr(name, LABEL_ATTRIBUTE, label, strlen(label) + 1, 0) < 0 ? -errno : 0;
}

int relabel_read(const char *root, const char *path, char **ret_label)
{
    _cleanup_close_ int fd = open_object(root, path);
    char label[LABEL_SIZE];
    int r;

    if (fd < 0)
        return fd;
    r = read_label(fd, label);
    if (r < 0)
        return r;
    if (*label == '\0')
        return -ENODATA;
    *ret_label = strdup(label);
    return *ret_label ? 0 : -ENOMEM;
}

/* --- all below it ----------------------------------------------------------- */

typedef struct Walk {
    const RelabelTarget *target;
    RelabelVisitor visit;
    void *userdata;
    dev_t device;
    uint32_t seen;
} Walk;

static int walk_object(Walk *walk, int fd, const struct stat *status, const char *path)
{
    char label[LABEL_SIZE];
    char *wanted = NULL;
    int r;

    if (++walk->seen > REMEDY_RELABEL_FILES_MAX)
        return -EFBIG;
    r = file_contexts_lookup(walk->target->contexts, path, status->st_mode, &wanted);
    if (r == -ENOENT)
        return 0; /* the policy says nothing about it */
    if (r < 0)
        return r;
    r = read_label(fd, label);
    if (r >= 0 && !streq(label, wanted))
        r = walk->visit(path, label, wanted, walk->userdata);
    free(wanted);
    return r;
}

static int walk_tree(Walk *walk, int fd, const char *path, unsigned depth);

static int walk_entry(Walk *walk, int directory, const char *name, const char *path, unsigned depth)
{
    _cleanup_close_ int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    int r;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno; /* gone meanwhile */
    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_dev != walk->device)
        return 0;
    r = walk_object(walk, fd, &status, path);
    if (r >= 0 && S_ISDIR(status.st_mode))
        r = walk_tree(walk, fd, path, depth + 1);
    return r;
}

static int walk_tree(Walk *walk, int fd, const char *path, unsigned depth)
{
    int directory_fd, r = 0;
    DIR *directory;

    if (depth > REMEDY_RELABEL_DEPTH_MAX)
        return -EFBIG;
    directory_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return -errno;
    directory = fdopendir(directory_fd);
    if (!directory) {
        r = -errno;
        (void)close(directory_fd);
        return r;
    }
    while (r >= 0) {
        _cleanup_free_ char *below = NULL;
        struct dirent *entry;

        errno = 0;
        entry = readdir(directory);
        if (!entry) {
            r = -errno;
            break;
        }
        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
            continue;
        below = format_string("%s/%s", path, entry->d_name);
        r = below ? walk_entry(walk, directory_fd, entry->d_name, below, depth) : -ENOMEM;
    }
    (void)closedir(directory);
    return r;
}

int relabel_walk(const RelabelTarget *target, RelabelVisitor visit, void *userdata)
{
    _cleanup_close_ int fd = open_object(target->root, target->path);
    Walk walk = {.target = target, .visit = visit, .userdata = userdata};
    struct stat status;
    int r;

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    walk.device = status.st_dev;
    r = walk_object(&walk, fd, &status, target->path);
    if (r >= 0 && target->recursive && S_ISDIR(status.st_mode))
        r = walk_tree(&walk, fd, target->path, 0);
    return r < 0 ? r : 0;
}

/* --- the list of old labels ------------------------------------------------- */

typedef struct Kept {
    const char *old;
    const char *new;
    const char *path;
} Kept;

/* Points into the data. -EBADMSG if it is not whole. */
static int parse_list(const char *data, size_t size, Kept **ret_list, size_t *ret_n)
{
    size_t strings = 0, n = 0;
    const char *at = data;
    Kept *list;

    if (size > 0 && data[size - 1] != '\0')
        return -EBADMSG;
    for (size_t i = 0; i < size; i++)
        strings += data[i] == '\0';
    if (strings % 3 != 0)
        return -EBADMSG;
    list = calloc(strings / 3 + 1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (; n < strings / 3; n++) {
        list[n].old = at;
        list[n].new = at += strlen(at) + 1;
        list[n].path = at += strlen(at) + 1;
        at += strlen(at) + 1;
    }
    *ret_list = list;
    *ret_n = n;
    return 0;
}

/* 0 also where it is gone, or has neither label: then it is not ours any more. */
static int put_label(const char *root, const char *path, const char *from, const char *to)
{
    _cleanup_close_ int fd = open_object(root, path);
    char label[LABEL_SIZE];
    int r;

    if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR)
        return 0;
    if (fd < 0)
        return fd;
    r = read_label(fd, label);
    if (r < 0)
        return r;
    return streq(label, from) ? write_label(fd, to) : 0;
}

/* Newest first on the way back: an object may be in the list twice. */
static int put_labels(const char *root, const char *data, size_t size, bool forward,
                      uint32_t *failed)
{
    _cleanup_free_ Kept *list = NULL;
    size_t n = 0;
    int r = parse_list(data, size, &list, &n);

    for (size_t i = 0; r >= 0 && i < n; i++) {
        const Kept *kept = &list[forward ? i : n - 1 - i];
        int result = forward ? put_label(root, kept->path, kept->old, kept->new)
                             : put_label(root, kept->path, kept->new, kept->old);

        *failed += result < 0;
    }
    return r;
}

/* --- forward ---------------------------------------------------------------- */

typedef struct Keeping {
    const RelabelTarget *target;
    FILE *stream;
} Keeping;

static int keep(const char *path, const char *old, const char *wanted, void *userdata)
{
    const Keeping *keeping = userdata;
    const RelabelTarget *target = keeping->target;
    FILE *stream = keeping->stream;

    if (target->is_protected && target->is_protected(old, wanted, target->userdata))
        return 0;
    return fwrite(old, 1, strlen(old) + 1, stream) == strlen(old) + 1 &&
                   fwrite(wanted, 1, strlen(wanted) + 1, stream) == strlen(wanted) + 1 &&
                   fwrite(path, 1, strlen(path) + 1, stream) == strlen(path) + 1
               ? 0
               : -ENOMEM;
}

/* Appends what is still different to the list. 1 if there was something, 0 if not. */
static int extend_list(const RelabelTarget *target, char **data, size_t *size)
{
    char *grown = NULL;
    size_t grown_size = 0;
    FILE *stream = open_memstream(&grown, &grown_size);
    int r;

    if (!stream)
        return -ENOMEM;
    if (*size > 0 && fwrite(*data, 1, *size, stream) != *size)
        r = -ENOMEM;
    else
        r = relabel_walk(target, keep, &(Keeping){.target = target, .stream = stream});
    if (fclose(stream) != 0 && r >= 0)
        r = -ENOMEM;
    if (r < 0) {
        free(grown);
        return r;
    }
    r = grown_size > *size;
    free(*data);
    *data = grown;
    *size = grown_size;
    return r;
}

int relabel_apply(const RelabelTarget *target, const char *undo, uint32_t *ret_failed)
{
    _cleanup_free_ char *data = NULL;
    uint32_t failed = 0;
    size_t size = 0;
    int r = undo_read(undo, &data, &size);

    if (r == -ENOENT)
        r = 0;
    else if (r >= 0) /* an earlier run was interrupted */
        r = put_labels(target->root, data, size, /* forward= */ true, &failed);
    /* A second round takes what came while the first was at work. */
    for (unsigned round = 0; r >= 0 && round < 2; round++) {
        r = extend_list(target, &data, &size);
        if (r <= 0)
            break;
        r = undo_write(undo, data, size);
        if (r < 0)
            break;
        failed = 0;
        r = put_labels(target->root, data, size, /* forward= */ true, &failed);
    }
    *ret_failed = failed;
    return r < 0 ? r : 0;
}

int relabel_revert(const char *root, const char *undo, uint32_t *ret_failed)
{
    _cleanup_free_ char *data = NULL;
    size_t size = 0;
    int r = undo_read(undo, &data, &size);

    *ret_failed = 0;
    if (r == -ENOENT)
        return 0;
    return r < 0 ? r : put_labels(root, data, size, /* forward= */ false, ret_failed);
}
