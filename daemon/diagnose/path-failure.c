/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/path-failure.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"

void path_denial_clear(PathDenial *denial)
{
    access_clear(&denial->access);
    *denial = (PathDenial){};
}

static const char *class_of_mode(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "dir";
    case S_IFLNK:
        return "lnk_file";
    case S_IFSOCK:
        return "sock_file";
    case S_IFIFO:
        return "fifo_file";
    case S_IFCHR:
        return "chr_file";
    case S_IFBLK:
        return "blk_file";
    default:
        return "file";
    }
}

/* What the kernel asks about the object itself; "" where only its directories count. */
static const char *permissions_on_object(PathNeed need, mode_t mode)
{
    const bool directory = S_ISDIR(mode);

    switch (need) {
    case PATH_NEED_REACH:
        return "getattr";
    case PATH_NEED_READ:
        return "open read";
    case PATH_NEED_WRITE:
        return "append open";
    case PATH_NEED_REMOVE:
        return directory ? "rmdir" : "unlink";
    case PATH_NEED_CONNECT:
        return "write";
    case PATH_NEED_OWN:
        return "setattr";
    case PATH_NEED_EXECUTE:
        return directory ? "search" : "execute";
    case PATH_NEED_MAP:
        return "execute map open read";
    case PATH_NEED_CREATE:
    case PATH_NEED_COUNT:
        break;
    }
    return "";
}

/* What of the list the policy's class has, so that one asks a policy of any age. */
static char *known_permissions(const Policy *policy, const char *class_name, const char *list)
{
    const uint32_t class = policy_find_class(policy, class_name);
    _cleanup_strv_ char **words = strv_split(list, " "), **known = calloc(1, sizeof(*known));

    if (!words || !known)
        return NULL;
    STRV_FOREACH (word, words)
        if (class && policy_find_permission(policy, class, *word) && strv_append(&known, *word) < 0)
            return NULL;
    return strv_join(known, " ");
}

/* 1 denied (*ret_denial filled), 0 allowed, -ENODATA, or -ENOMEM. */
static int ask(const Hypothesis *current, const char *source, const char *target, const char *class,
               const char *permissions, PathDenial *ret_denial)
{
    _cleanup_free_ char *known = known_permissions(hypothesis_policy(current), class, permissions);
    PathDenial denial = {};
    Decision decision = {};
    int r;

    if (!known)
        return -ENOMEM;
    if (!*known)
        return 0;
    r = access_init(&denial.access, source, target, class, known);
    if (r >= 0)
        r = decide_access(current, &denial.access, &decision);
    if (r >= 0)
        r = decision.status != DECIDE_OK ? -ENODATA : !decision.allowed;
    denial.dontaudit = decision.dontaudit;
    denial.permissive = decision.permissive;
    decision_clear(&decision);
    if (r <= 0) {
        path_denial_clear(&denial);
        return r == -EINVAL ? -ENODATA : r;
    }
    *ret_denial = denial;
    return 1;
}

static int ask_component(const PathFacts *path, size_t index, PathNeed need, const char *source,
                         const Hypothesis *current, PathDenial *ret_denial)
{
    const PathComponent *component = &path->components[index];
    const char *permissions = NULL;

    if ((ssize_t)index == path->object)
        permissions = permissions_on_object(need, component->mode);
    else if (S_ISLNK(component->mode))
        permissions = "read";
    else if ((ssize_t)index == path->parent && need == PATH_NEED_REMOVE)
        permissions = "remove_name search write";
    else if ((ssize_t)index == path->parent &&
             (need == PATH_NEED_CREATE || (need == PATH_NEED_WRITE && path->object < 0)))
        permissions = "add_name search write";
    else
        permissions = "search";
    if (!*permissions)
        return 0;
    if (!component->label)
        return -ENODATA;
    return ask(current, source, component->label, class_of_mode(component->mode), permissions,
               ret_denial);
}

int path_denial_find(const PathFacts *path, PathNeed need, const char *source, const char *peer,
                     const Hypothesis *current, PathDenial *ret_denial)
{
    bool unknown = false;
    int r;

    for (size_t i = 0; i < path->n_components; i++) {
        r = ask_component(path, i, need, source, current, ret_denial);
        if (r > 0)
            ret_denial->component = i;
        if (r > 0 || r == -ENOMEM)
            return r;
        unknown = unknown || r < 0;
    }
    if (need == PATH_NEED_CONNECT && peer) {
        r = ask(current, source, peer, "unix_stream_socket", "connectto", ret_denial);
        if (r > 0)
            ret_denial->component = path->n_components;
        if (r > 0 || r == -ENOMEM)
            return r;
        unknown = unknown || r < 0;
    }
    return unknown || path->error < 0 ? -ENODATA : 0;
}
