/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/labels.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <selinux/label.h>
#include <selinux/selinux.h>

#include "daemon/core/access.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/equivalence.h"

struct FileContexts {
    struct selabel_handle *handle;
    char *path; /* of file_contexts */
};

int file_contexts_open(const char *path, FileContexts **ret_contexts)
{
    struct selinux_opt option = {SELABEL_OPT_PATH, path};
    const char *file = path ? path : selinux_file_context_path();
    FileContexts *contexts = calloc(1, sizeof(*contexts));

    if (contexts && file)
        contexts->path = strdup(file);
    if (!contexts || (file && !contexts->path)) {
        free(contexts);
        return -ENOMEM;
    }
    errno = 0;
    contexts->handle = selabel_open(SELABEL_CTX_FILE, path ? &option : NULL, path ? 1 : 0);
    if (!contexts->handle) {
        int r = errno != 0 ? -errno : -EINVAL;

        free(contexts->path);
        free(contexts);
        return r;
    }
    *ret_contexts = contexts;
    return 0;
}

FileContexts *file_contexts_free(FileContexts *contexts)
{
    if (!contexts)
        return NULL;
    selabel_close(contexts->handle);
    free(contexts->path);
    free(contexts);
    return NULL;
}

int file_contexts_lookup(FileContexts *contexts, const char *path, mode_t mode, char **ret_context)
{
    char *context = NULL;

    if (path[0] != '/')
        return -EINVAL;
    errno = 0;
    if (selabel_lookup_raw(contexts->handle, &context, path, (int)(mode & S_IFMT)) < 0)
        return errno != 0 ? -errno : -ENOENT;
    *ret_context = context;
    return 0;
}

int file_contexts_equivalent(const FileContexts *contexts, const char *path, char **ret_path)
{
    return contexts->path ? equivalence_apply(contexts->path, path, ret_path) : 0;
}

/* The list lies beside the directory of file_contexts. */
bool file_contexts_is_customizable(const FileContexts *contexts, const char *type)
{
    const char *slash = contexts->path ? strrchr(contexts->path, '/') : NULL;
    _cleanup_free_ char *path = slash ? format_string("%.*s/../customizable_types",
                                                      (int)(slash - contexts->path), contexts->path)
                                      : NULL;
    _cleanup_fclose_ FILE *stream = path ? fopen(path, "re") : NULL;
    char line[PLAN_STRING_MAX], name[256];

    while (stream && fgets(line, sizeof(line), stream))
        if (sscanf(line, " %255s", name) == 1 && streq(name, type))
            return true;
    return false;
}

int file_contexts_lookup_existing(FileContexts *contexts, const char *path, char **ret_context)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return -errno;
    return file_contexts_lookup(contexts, path, status.st_mode, ret_context);
}

/* libselinux gives the length with the terminator; EOPNOTSUPP where a file system has no
 * labels. */
static int take_label(ssize_t length, char *context, char **ret_context)
{
    int error = errno;

    if (length < 0)
        return error == EOPNOTSUPP ? -ENODATA : error != 0 ? -error : -EIO;
    if (length == 0 || !context || context[0] == '\0') {
        freecon(context);
        return -ENODATA;
    }
    *ret_context = context;
    return 0;
}

int file_label_read(const char *path, char **ret_context)
{
    char *context = NULL;
    ssize_t length;

    errno = 0;
    length = lgetfilecon_raw(path, &context);
    return take_label(length, context, ret_context);
}

int file_label_read_fd(int fd, char **ret_context)
{
    char *context = NULL;
    ssize_t length;

    errno = 0;
    length = fgetfilecon_raw(fd, &context);
    return take_label(length, context, ret_context);
}

int file_label_same_type(const char *a, const char *b)
{
    size_t a_length, b_length;
    const char *a_type = context_type(a, &a_length);
    const char *b_type = context_type(b, &b_length);

    if (!a_type || !b_type)
        return -EINVAL;
    return a_length == b_length && memcmp(a_type, b_type, a_length) == 0;
}
