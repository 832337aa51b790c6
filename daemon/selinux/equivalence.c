/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/equivalence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* 1 with the path after the longest alias of one file, 0, or -ENOMEM. */
static int apply_file(const char *file, const char *path, char **ret_path)
{
    _cleanup_fclose_ FILE *stream = fopen(file, "re");
    _cleanup_free_ char *best = NULL;
    char line[2 * PLAN_STRING_MAX];
    size_t longest = 0;

    while (stream && fgets(line, sizeof(line), stream)) {
        char alias[PLAN_STRING_MAX], original[PLAN_STRING_MAX];
        size_t length;

        if (sscanf(line, " %4095s %4095s", alias, original) != 2 || alias[0] == '#')
            continue;
        length = strlen(alias);
        if (length <= longest || strncmp(path, alias, length) != 0 ||
            (path[length] != '/' && path[length] != '\0'))
            continue;
        free(best);
        best = format_string("%s%s", streq(original, "/") && path[length] ? "" : original,
                             path + length);
        if (!best)
            return -ENOMEM;
        longest = length;
    }
    if (!best)
        return 0;
    *ret_path = TAKE_POINTER(best);
    return 1;
}

int equivalence_apply(const char *file_contexts, const char *path, char **ret_path)
{
    static const char *const suffixes[] = {"subs", "subs_dist"};
    _cleanup_free_ char *current = NULL;

    for (size_t i = 0; i < ELEMENTS_OF(suffixes); i++) {
        _cleanup_free_ char *file = format_string("%s.%s", file_contexts, suffixes[i]);
        char *next = NULL;
        int r = file ? apply_file(file, current ? current : path, &next) : -ENOMEM;

        if (r < 0)
            return r;
        if (r > 0) {
            free(current);
            current = next;
        }
    }
    if (!current || streq(current, path))
        return 0;
    *ret_path = TAKE_POINTER(current);
    return 1;
}
