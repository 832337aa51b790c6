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

static char *make_regex(const char *path, bool tree)
{
    _cleanup_free_ char *escaped = escape_regex(path);

    if (!escaped)
        return NULL;
    return tree ? format_string("%s(/.*)?", escaped) : TAKE_POINTER(escaped);
}

int target_path_set_rule(TargetPath *target, const char *path)
{
    char *regex = make_regex(path, target->tree);

    if (!regex)
        return -ENOMEM;
    free(target->regex);
    target->regex = regex;
    return 0;
}

/* The first `n` components, alone or with what is below. */
static int fill(char *const *components, size_t n, bool tree, TargetPath *ret_target)
{
    _cleanup_free_ char *chosen = join(components, n), *regex = NULL;

    regex = chosen ? make_regex(chosen, tree) : NULL;
    if (!regex)
        return -ENOMEM;
    ret_target->path = TAKE_POINTER(chosen);
    ret_target->regex = TAKE_POINTER(regex);
    ret_target->tree = tree;
    return 0;
}

static int split(const char *path, char ***ret_components)
{
    _cleanup_strv_ char **components = path[0] == '/' ? strv_split(path, "/") : NULL;

    if (!components)
        return path[0] == '/' ? -ENOMEM : -EINVAL;
    if (strv_length(components) == 0 || strv_contains(components, ".") ||
        strv_contains(components, ".."))
        return -EINVAL;
    *ret_components = TAKE_POINTER(components);
    return 0;
}

int target_path_choose(const char *path, bool alone, TargetPath *ret_target)
{
    _cleanup_strv_ char **components = NULL;
    size_t n;
    bool tree;
    int r = split(path, &components);

    if (r < 0)
        return r;
    n = strv_length(components);
    tree = !alone && n >= 2 && n - 1 > shared_levels(components[0]);
    return fill(components, tree ? n - 1 : n, tree, ret_target);
}

int target_path_choose_directory(const char *directory, TargetPath *ret_target)
{
    _cleanup_strv_ char **components = NULL;
    size_t n;
    int r = split(directory, &components);

    if (r < 0)
        return r;
    n = strv_length(components);
    return n > shared_levels(components[0]) ? fill(components, n, true, ret_target) : -EPERM;
}

int target_path_find_component(const char *path, const char *name, char **ret_directory)
{
    const size_t length = strlen(name);

    for (size_t end = strlen(path); end > 0; end--) {
        char *directory;

        if (path[end] != '/' || end <= length || path[end - length - 1] != '/' ||
            strncmp(path + end - length, name, length) != 0)
            continue;
        directory = strndup(path, end);
        if (!directory)
            return -ENOMEM;
        free(*ret_directory);
        *ret_directory = directory;
        return 0;
    }
    return 0;
}
