/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correlate/match.h"

#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/path.h"

bool error_is_refusal(int error)
{
    return error == EACCES || error == EPERM;
}

static bool times_agree(const Denial *denial, const Failure *failure)
{
    if (!failure->time_known)
        return true;
    /* nginx cuts its time to seconds, and reads the clock once per event loop turn. */
    return denial->time_usec + CORRELATE_WINDOW_USEC >= failure->time_usec &&
           denial->time_usec < failure->time_usec + USEC_PER_SEC + CORRELATE_WINDOW_USEC;
}

static bool permissions_contain(const Denial *denial, const char *permission)
{
    const size_t length = strlen(permission);

    for (const char *p = denial->permissions, *end;; p = end + 1) {
        end = strchrnul(p, ' ');
        if ((size_t)(end - p) == length && memcmp(p, permission, length) == 0)
            return true;
        if (!*end)
            return false;
    }
}

/* One path component after another, runs of slashes being one. */
static const char *next_component(const char *path, size_t *ret_length)
{
    path += strspn(path, "/");
    *ret_length = strcspn(path, "/");
    return *ret_length > 0 ? path : NULL;
}

static bool paths_equal(const char *a, const char *b)
{
    for (;;) {
        size_t a_length, b_length;

        a = next_component(a, &a_length);
        b = next_component(b, &b_length);
        if (!a || !b)
            return !a && !b;
        if (a_length != b_length || memcmp(a, b, a_length) != 0)
            return false;
        a += a_length;
        b += b_length;
    }
}

static bool path_has_component(const char *path, const char *name, bool last_only)
{
    size_t length, name_length = strlen(name);

    for (const char *p = path; (p = next_component(p, &length)); p += length) {
        bool last = p[length + strspn(p + length, "/")] == '\0';

        if ((last || !last_only) && length == name_length && memcmp(p, name, length) == 0)
            return true;
    }
    return false;
}

static bool is_path_or_on_way(const Denial *denial, const char *path)
{
    const size_t length = strlen(denial->path);

    if (paths_equal(denial->path, path))
        return true;
    /* A directory on the way is named alone. */
    return streq(denial->target_class, "dir") && strncmp(denial->path, path, length) == 0 &&
           path[length] == '/';
}

/* Compares what the kernel says of the object with the path in nginx's line. */
static Match match_path(const Denial *denial, const char *path)
{
    bool directory = streq(denial->target_class, "dir");

    if (denial->path && denial->path[0] == '/') {
        _cleanup_free_ char *collapsed = NULL;

        if (is_path_or_on_way(denial, path))
            return MATCH_CERTAIN;
        return path_has_dots(path) && path_collapse(path, &collapsed) >= 0 &&
                       is_path_or_on_way(denial, collapsed)
                   ? MATCH_CERTAIN
                   : MATCH_NONE;
    }
    if (!denial->name)
        return MATCH_LIKELY;
    if (streq(denial->name, "/"))
        return directory ? MATCH_LIKELY : MATCH_NONE;
    return path_has_component(path, denial->name, /* last_only= */ !directory) ? MATCH_CERTAIN
                                                                               : MATCH_NONE;
}

static Match match_port(int denied, int failed)
{
    if (denied < 0 || failed < 0)
        return MATCH_LIKELY;
    return denied == failed ? MATCH_CERTAIN : MATCH_NONE;
}

static bool class_is_of_files(const char *name)
{
    static const char *const classes[] = {
        "file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "blk_file", "filesystem",
    };

    for (size_t i = 0; i < ELEMENTS_OF(classes); i++)
        if (streq(name, classes[i]))
            return true;
    return false;
}

static Match match_target(const Denial *denial, const Failure *failure)
{
    switch (failure->target_kind) {
    case FAILURE_TARGET_ADDRESS:
        if (streq(failure->operation, "bind"))
            return permissions_contain(denial, "name_bind") ||
                           permissions_contain(denial, "bind") ||
                           permissions_contain(denial, "node_bind") ||
                           denial->capability >= 0 /* net_bind_service */
                       ? match_port(denial->source_port, failure->port)
                       : MATCH_NONE;
        if (class_is_of_files(denial->target_class) || permissions_contain(denial, "name_bind"))
            return MATCH_NONE;
        return match_port(denial->dest_port, failure->port);
    case FAILURE_TARGET_SOCKET:
        if (streq(denial->target_class, "unix_stream_socket") ||
            streq(denial->target_class, "unix_dgram_socket"))
            return denial->path && denial->path[0] == '/' ? match_path(denial, failure->target)
                                                          : MATCH_LIKELY;
        return class_is_of_files(denial->target_class) ? match_path(denial, failure->target)
                                                       : MATCH_NONE;
    case FAILURE_TARGET_PATH:
        if (class_is_of_files(denial->target_class))
            return match_path(denial, failure->target);
        return denial->capability >= 0 ? MATCH_LIKELY : MATCH_NONE;
    case FAILURE_TARGET_NONE:
        return MATCH_LIKELY;
    }
    return MATCH_NONE;
}

/* What a FastCGI process complained of, and a denial of another program than nginx: their processes
 * differ, so that its words must name the object, or say that its own program could not be read. */
static Match match_backend(const Denial *denial, const Failure *failure)
{
    const char *words = failure->target;

    if (!words || !denial->comm || streq(denial->comm, "nginx") ||
        !class_is_of_files(denial->target_class))
        return MATCH_NONE;
    if (denial->path && denial->path[0] == '/' && strstr(words, denial->path))
        return MATCH_CERTAIN;
    if (denial->name && strlen(denial->name) > 2 && strstr(words, denial->name))
        return MATCH_LIKELY;
    return strstr(words, "rimary script") ? MATCH_LIKELY : MATCH_NONE;
}

/* Of a mounted file system's root directory the kernel names nothing that nginx's line could be
 * held against: only a line of that very time will do, and none that was written before. */
static bool is_late_for_root(const Denial *denial, const Failure *failure)
{
    return denial->name && streq(denial->name, "/") && failure->time_known &&
           denial->time_usec >= failure->time_usec + USEC_PER_SEC;
}

Match match_halves(const Denial *denial, const Failure *failure, bool together)
{
    bool in_time = times_agree(denial, failure);
    Match match;

    if (failure_is_of_backend(failure))
        return in_time ? match_backend(denial, failure) : MATCH_NONE;
    if (!error_is_refusal(failure->error) || (!in_time && !together))
        return MATCH_NONE;
    if (failure->pid != 0 && denial->pid != 0 && failure->pid != denial->pid)
        return MATCH_NONE;
    match = match_target(denial, failure);
    if (match == MATCH_LIKELY && is_late_for_root(denial, failure))
        return MATCH_NONE;
    /* without a process or a time, only the target can tie them */
    if ((failure->pid == 0 || !failure->time_known || !in_time) && match != MATCH_CERTAIN)
        return MATCH_NONE;
    return !in_time && (failure->pid == 0 || denial->pid == 0) ? MATCH_NONE : match;
}

bool failure_may_match(const Failure *failure)
{
    if (streq(failure->operation, "backend-stderr"))
        return error_is_refusal(failure->error) ||
               (failure->target && strstr(failure->target, "rimary script"));
    return error_is_refusal(failure->error);
}
