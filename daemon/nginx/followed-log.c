/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/followed-log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define DIRECTORY_EVENTS                                                                           \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |            \
     IN_MOVE_SELF | IN_ONLYDIR)

/* --- watches ------------------------------------------------------------- */

static bool watch_in_use(const Follower *follower, int watch)
{
    for (size_t i = 0; i < follower->n_logs; i++) {
        const FollowedLog *log = follower->logs[i];

        if (log->file_watch == watch || log->rotated_watch == watch ||
            log->directory_watch == watch)
            return true;
    }
    return false;
}

void followed_log_release_watch(Follower *follower, int *watch)
{
    int old = *watch;

    *watch = -1;
    if (old >= 0 && !watch_in_use(follower, old))
        (void)inotify_rm_watch(follower->fd, old);
}

static void set_watch(Follower *follower, int *watch, int new_watch)
{
    if (*watch == new_watch)
        return;
    followed_log_release_watch(follower, watch);
    *watch = new_watch;
}

/* How often a directory may appear while it is looked for before the timer has to do. */
#define WATCH_ATTEMPTS_MAX 8u

/* Cuts the path behind the length, without trailing slashes. */
static void cut_path(char *path, const char *whole, size_t length)
{
    while (length > 1 && whole[length - 1] == '/')
        length--;
    memcpy(path, whole, length);
    path[length] = '\0';
}

/* Watches the nearest existing directory above the log. Returns the watch or a negative errno;
 * *ret_missing is the length of the path that was looked for last in vain, 0 if none was. */
static int watch_nearest(const Follower *follower, const FollowedLog *log, size_t *ret_missing)
{
    char path[PATH_MAX];
    size_t length = (size_t)(log->name - log->path);

    *ret_missing = 0;
    for (;;) {
        int watch;

        cut_path(path, log->path, length);
        watch = inotify_add_watch(follower->fd, path, DIRECTORY_EVENTS);
        if (watch >= 0)
            return watch;
        if ((errno != ENOENT && errno != ENOTDIR) || streq(path, "/"))
            return -errno;
        *ret_missing = length = strlen(path);
        while (log->path[length - 1] != '/')
            length--;
    }
}

static void watch_directory(Follower *follower, FollowedLog *log)
{
    size_t missing = 0;
    int watch = -1;

    for (unsigned i = 0; i < WATCH_ATTEMPTS_MAX; i++) {
        char path[PATH_MAX];
        struct stat st;

        watch = watch_nearest(follower, log, &missing);
        if (watch < 0 || missing == 0)
            break;
        /* It may have come into being before the watch above it. */
        cut_path(path, log->path, missing);
        if (stat(path, &st) < 0)
            break;
    }
    /* without permission to read the directory the timer has to do */
    set_watch(follower, &log->directory_watch, watch >= 0 ? watch : -1);
    log->parent_watched = watch >= 0 && missing == 0;
}

/* By the descriptor, since the path may lead elsewhere by now; by the path where /proc is
 * not there or not ours. */
static void watch_file(Follower *follower, FollowedLog *log)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
    int watch;

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", log->current.fd);
    watch = inotify_add_watch(follower->fd, path, FILE_EVENTS);
    if (watch < 0)
        watch = inotify_add_watch(follower->fd, log->path, FILE_EVENTS);
    set_watch(follower, &log->file_watch, watch);
}

/* --- a log's file -------------------------------------------------------- */

static void close_rotated(Follower *follower, FollowedLog *log)
{
    log_tail_close(&log->rotated);
    followed_log_release_watch(follower, &log->rotated_watch);
}

static void set_state(FollowedLog *log, FollowerState state, int error, const char *reason)
{
    log->state = state;
    log->error = error;
    log->reason = reason;
}

/* Puts the open file aside, to be read to its end and for a while after. */
static void rotate(Follower *follower, FollowedLog *log, uint64_t now)
{
    close_rotated(follower, log);
    log->rotated = log->current;
    log->rotated_watch = log->file_watch;
    log->rotated_read = false;
    log->rotated_deadline = now + NGINX_LOG_ROTATED_GRACE_USEC;
    log->current = LOG_TAIL_CLOSED;
    log->file_watch = -1;
    log->rotations++;
}

static void fail_log(FollowedLog *log, int error)
{
    set_state(log, error == ENOENT || error == ENOTDIR ? FOLLOWER_WAITING : FOLLOWER_UNREADABLE,
              error, NULL);
}

static bool has_fingerprint(const LogTail *tail, const FollowerPosition *start)
{
    return start->offset <= tail->size &&
           start->fingerprint == log_tail_fingerprint(tail, start->offset);
}

/* Whether this is the file that an earlier position is in. */
static bool is_start(const LogTail *tail, const FollowerPosition *start)
{
    return tail->device == start->device && tail->inode == start->inode &&
           start->offset <= tail->size && (start->fingerprint == 0 || has_fingerprint(tail, start));
}

/* Looks for the file under another name in its directory ("error.log.1", "error.log-20260101"),
 * or for the copy that was made before it was cut (logrotate's copytruncate). */
static int find_renamed(const FollowedLog *log, LogTail *ret_tail)
{
    char path[PATH_MAX];
    size_t length = (size_t)(log->name - log->path), name_length = strlen(log->name);
    const struct dirent *entry;
    DIR *directory;
    int r = -ENOENT;

    memcpy(path, log->path, length);
    path[length] = '\0';
    directory = opendir(path);
    if (!directory)
        return -errno;
    for (unsigned i = 0; i < NGINX_LOG_NAMES_MAX && r < 0 && (entry = readdir(directory)); i++) {
        const char *reason;
        LogTail tail;

        if ((entry->d_ino != log->start.inode && log->start.fingerprint == 0) ||
            strncmp(entry->d_name, log->name, name_length) != 0 ||
            length + strlen(entry->d_name) >= sizeof(path))
            continue;
        (void)snprintf(path + length, sizeof(path) - length, "%s", entry->d_name);
        if (log_tail_open(&tail, path, &reason) < 0)
            continue;
        if (is_start(&tail, &log->start) ||
            (log->start.fingerprint != 0 && has_fingerprint(&tail, &log->start))) {
            *ret_tail = tail;
            r = 0;
        } else {
            log_tail_close(&tail);
        }
    }
    (void)closedir(directory);
    return r;
}

/* The file that an earlier run read is none of this name any more. */
static void take_up_renamed(FollowedLog *log, uint64_t now)
{
    LogTail tail = LOG_TAIL_CLOSED;

    if (log->rotated.fd >= 0 || find_renamed(log, &tail) < 0) {
        log->lost_ends++;
        return;
    }
    if (log_tail_seek(&tail, log->start.offset) < 0) {
        log_tail_close(&tail);
        log->lost_ends++;
        return;
    }
    log->rotated = tail;
    log->rotated_read = false;
    log->rotated_deadline = now + NGINX_LOG_ROTATED_GRACE_USEC;
    log->rotations++;
}

static void open_log(Follower *follower, FollowedLog *log, uint64_t now)
{
    const char *reason;
    LogTail tail = LOG_TAIL_CLOSED;
    bool at_start;
    int r;

    r = log_tail_open(&tail, log->path, &reason);
    if (reason) {
        set_state(log, FOLLOWER_REFUSED, 0, reason);
        return;
    }
    at_start = r == 0 && log->have_start && is_start(&tail, &log->start);
    if (at_start)
        r = log_tail_seek(&tail, log->start.offset);
    if (r < 0) {
        log_tail_close(&tail);
        fail_log(log, -r);
        return;
    }
    if (!at_start && log->have_start && log->start_kept)
        take_up_renamed(log, now);
    log->have_start = false;
    log->current = tail;
    log->read = true;
    set_state(log, FOLLOWER_READING, 0, NULL);
    watch_file(follower, log);
}

void followed_log_check(Follower *follower, FollowedLog *log, uint64_t now)
{
    struct stat st;
    bool steady;

    /* First the watch, then the look: nothing falls in between. */
    watch_directory(follower, log);
    log->check = false;
    if (stat(log->path, &st) < 0) {
        /* moved away or deleted: what is open is read on */
        if (log->current.fd < 0)
            fail_log(log, errno);
    } else if (log->current.fd >= 0 && st.st_dev == log->current.device &&
               st.st_ino == log->current.inode) {
        log->read = true;
    } else if (log->rotated.fd >= 0 && !log->rotated_read) {
        log->check = true; /* first the file before the last one */
    } else {
        if (log->current.fd >= 0)
            rotate(follower, log, now);
        open_log(follower, log, now);
        log->read |= log->rotated.fd >= 0;
    }
    steady = log->directory_watch >= 0 &&
             ((log->state == FOLLOWER_READING && log->file_watch >= 0 && log->parent_watched) ||
              log->state == FOLLOWER_WAITING || log->state == FOLLOWER_REFUSED);
    log->next_check = now + (steady ? NGINX_LOG_CHECK_USEC : NGINX_LOG_RETRY_USEC);
}

ssize_t followed_log_read(Follower *follower, FollowedLog *log, size_t size, uint64_t now)
{
    LogSink sink = {follower->handler, follower->userdata, log->path, &log->counters};
    ssize_t n;

    if (log->rotated.fd >= 0) {
        n = log_tail_read(&log->rotated, follower->buffer, size, &sink);
        if (n == -ENOMEM)
            return n;
        if (n > 0) {
            log->rotated_deadline = now + NGINX_LOG_ROTATED_GRACE_USEC;
            return n;
        }
        log->rotated_read = true;
        if (n < 0 || now >= log->rotated_deadline)
            close_rotated(follower, log);
    }
    if (log->current.fd < 0) {
        log->read = false;
        return 0;
    }
    n = log_tail_read(&log->current, follower->buffer, size, &sink);
    if (n == -ENOMEM)
        return n;
    if (n < 0) {
        fail_log(log, (int)-n);
        log_tail_close(&log->current);
        followed_log_release_watch(follower, &log->file_watch);
        log->next_check = now + NGINX_LOG_RETRY_USEC;
    }
    if (n <= 0)
        log->read = false;
    return n > 0 ? n : 0;
}
