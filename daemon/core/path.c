/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool path_has_dots(const char *path)
{
    for (const char *at = path; (at = strchr(at, '.'));) {
        const size_t length = strspn(at, ".");

        if (length <= 2 && (at == path || at[-1] == '/') &&
            (at[length] == '/' || at[length] == '\0'))
            return true;
        at += length;
    }
    return false;
}

int path_collapse(const char *path, char **ret_path)
{
    size_t length = 0;
    char *collapsed;

    if (path[0] != '/')
        return -EINVAL;
    collapsed = malloc(strlen(path) + 1);
    if (!collapsed)
        return -ENOMEM;
    /* What is written so far has a slash before each component and none behind the last. */
    while (*(path += strspn(path, "/"))) {
        const size_t name = strcspn(path, "/");

        if (name == 2 && strncmp(path, "..", 2) == 0) {
            while (length > 0 && collapsed[--length] != '/')
                ;
        } else if (name != 1 || *path != '.') {
            collapsed[length++] = '/';
            memcpy(collapsed + length, path, name);
            length += name;
        }
        path += name;
    }
    if (length == 0)
        collapsed[length++] = '/';
    collapsed[length] = '\0';
    *ret_path = collapsed;
    return 0;
}
