/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/target-path.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

void target_path_clear(TargetPath *target)
{
    free(target->path);
    free(target->regex);
    *target = (TargetPath){};
}

/* Directories that belong to everybody, and how many levels below them do, too: /srv is shared,
 * /srv/shop is not; /home/anna is a person's, /home/anna/site is not. */
static const struct {
    const char *name;
    size_t shared_levels;
} shared[] = {
    {"home", 2},         {"var", 2},         {"usr", SIZE_MAX},  {"etc", SIZE_MAX},
    {"root", SIZE_MAX},  {"boot", SIZE_MAX}, {"dev", SIZE_MAX},  {"proc", SIZE_MAX},
    {"sys", SIZE_MAX},   {"bin", SIZE_MAX},  {"sbin", SIZE_MAX}, {"lib", SIZE_MAX},
    {"lib64", SIZE_MAX}, {"mnt", 1},         {"media", 1},
};

static size_t shared_levels(const char *first)
{
    for (size_t i = 0; i < ELEMENTS_OF(shared); i++)
        if (streq(shared[i].name, first))
            return shared[i].shared_levels;
    return 1; /* a directory directly below the root */
}

/* The first `n` components as a path. */
static char *join(char *const *components, size_t n)
{
    _cleanup_strv_ char **head = calloc(1, sizeof(*head));
    _cleanup_free_ char *joined = NULL;

    for (size_t i = 0; head && i < n; i++)
        if (strv_append(&head, components[i]) < 0)
            return NULL;
    joined = head ? strv_join(head, "/") : NULL;
    return joined ? format_string("/%s", joined) : NULL;
}

static char *escape_regex(const char *path)
{
    char *escaped = malloc(strlen(path) * 2 + 1), *end = escaped;

    for (; escaped && *path; path++) {
        if (strchr("\\.[]{}()*+?^$|", *path))
            *end++ = '\\';
        *end++ = *path;
    }
    if (escaped)
        *end = '\0';
    return escaped;
}

int target_path_choose(const char *path, bool alone, TargetPath *ret_target)
{
    _cleanup_strv_ char **components = NULL;
    _cleanup_free_ char *chosen = NULL, *escaped = NULL, *regex = NULL;
    size_t n;
    bool tree;

    if (path[0] != '/')
        return -EINVAL;
    components = strv_split(path, "/");
    if (!components)
        return -ENOMEM;
    n = strv_length(components);
    if (n == 0 || strv_contains(components, ".") || strv_contains(components, ".."))
        return -EINVAL;
    tree = !alone && n >= 2 && n - 1 > shared_levels(components[0]);
    chosen = join(components, tree ? n - 1 : n);
    escaped = chosen ? escape_regex(chosen) : NULL;
    regex = escaped ? (tree ? format_string("%s(/.*)?", escaped) : strdup(escaped)) : NULL;
    if (!regex)
        return -ENOMEM;
    ret_target->path = TAKE_POINTER(chosen);
    ret_target->regex = TAKE_POINTER(regex);
    ret_target->tree = tree;
    return 0;
}
