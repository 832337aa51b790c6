/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/follower.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/followed-log.h"

/* Reads of the event queue before logs get their turn: 64 × 4 KB of events. */
#define EVENT_READS_MAX 64u

/* --- events -------------------------------------------------------------- */

static void handle_event(Follower *follower, const struct inotify_event *event)
{
    bool gone = event->mask & IN_IGNORED;
    bool itself = event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT);

    if (event->mask & IN_Q_OVERFLOW) {
        follower_check(follower);
        return;
    }
    for (size_t i = 0; i < follower->n_logs; i++) {
        FollowedLog *log = follower->logs[i];

        if (event->wd == log->file_watch) {
            log->read = true;
            log->check |= !(event->mask & IN_MODIFY);
            if (gone)
                log->file_watch = -1;
        }
        if (event->wd == log->rotated_watch) {
            log->read = true;
            if (gone)
                log->rotated_watch = -1;
        }
        if (event->wd == log->directory_watch) {
            if (itself || !log->parent_watched || (event->len > 0 && streq(event->name, log->name)))
                log->check = true;
            if (gone)
                log->directory_watch = -1;
        }
    }
}

/* Returns 1 if the queue may hold more, 0, or a negative errno. */
static int read_events(Follower *follower)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

    for (unsigned i = 0; i < EVENT_READS_MAX; i++) {
        ssize_t n = read(follower->fd, buffer, sizeof(buffer));

        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        for (const char *at = buffer; at < buffer + n;) {
            const struct inotify_event *event = (const void *)at;

            handle_event(follower, event);
            at += sizeof(*event) + event->len;
        }
    }
    return 1;
}

/* --- interface ----------------------------------------------------------- */

int follower_new(Follower **ret_follower, FollowerLineHandler handler, void *userdata)
{
    Follower *follower = calloc(1, sizeof(*follower));
    int r = -ENOMEM;

    if (!follower)
        return -ENOMEM;
    follower->fd = -1;
    follower->handler = handler;
    follower->userdata = userdata;
    follower->buffer = malloc(FOLLOWER_BUFFER_SIZE);
    follower->logs = calloc(NGINX_LOGS_MAX, sizeof(*follower->logs));
    if (follower->buffer && follower->logs) {
        follower->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (follower->fd >= 0) {
            *ret_follower = follower;
            return 0;
        }
        r = -errno;
    }
    follower_free(follower);
    return r;
}

static FollowedLog *log_free(FollowedLog *log)
{
    log_tail_close(&log->current);
    log_tail_close(&log->rotated);
    free(log->path);
    free(log);
    return NULL;
}

Follower *follower_free(Follower *follower)
{
    if (!follower)
        return NULL;
    for (size_t i = 0; i < follower->n_logs; i++)
        log_free(follower->logs[i]);
    if (follower->fd >= 0)
        (void)close(follower->fd);
    for (size_t i = 0; i < follower->n_kept; i++)
        free(follower->kept[i].path);
    free(follower->kept);
    free(follower->logs);
    free(follower->buffer);
    free(follower);
    return NULL;
}

static int add(Follower *follower, const char *path, const FollowerPosition *position, bool kept)
{
    size_t length = path ? strlen(path) : 0;
    FollowedLog *log;

    if (length < 2 || length >= PATH_MAX || path[0] != '/' || path[length - 1] == '/')
        return -EINVAL;
    for (size_t i = 0; i < follower->n_logs; i++)
        if (streq(follower->logs[i]->path, path))
            return -EEXIST;
    if (follower->n_logs == NGINX_LOGS_MAX)
        return -E2BIG;
    log = calloc(1, sizeof(*log));
    if (!log)
        return -ENOMEM;
    log->current = log->rotated = LOG_TAIL_CLOSED;
    log->file_watch = log->rotated_watch = log->directory_watch = -1;
    log->path = strdup(path);
    if (!log->path) {
        log_free(log);
        return -ENOMEM;
    }
    log->name = strrchr(log->path, '/') + 1;
    if (position) {
        log->have_start = true;
        log->start = *position;
        log->start_kept = kept;
    }
    follower->logs[follower->n_logs++] = log;
    followed_log_check(follower, log, clock_usec(CLOCK_MONOTONIC));
    return 0;
}

int follower_remember(Follower *follower, const char *path, const FollowerPosition *position)
{
    KeptPosition *grown;
    char *copy;

    if (follower->n_kept == NGINX_LOGS_MAX)
        return -E2BIG;
    grown = reallocarray(follower->kept, follower->n_kept + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    follower->kept = grown;
    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    follower->kept[follower->n_kept++] = (KeptPosition){copy, *position};
    return 0;
}

/* Adds the log where an earlier run stopped. Returns -ENOENT if that is not known. */
static int add_kept(Follower *follower, const char *path)
{
    for (size_t i = 0; path && i < follower->n_kept; i++) {
        KeptPosition kept = follower->kept[i];
        int r;

        if (!streq(kept.path, path))
            continue;
        follower->kept[i] = follower->kept[--follower->n_kept];
        r = add(follower, path, &kept.position, /* kept= */ true);
        free(kept.path);
        return r;
    }
    return -ENOENT;
}

int follower_add(Follower *follower, const char *path, FollowerStart start)
{
    FollowerPosition position;
    struct stat st;
    int r = add_kept(follower, path);

    if (r != -ENOENT)
        return r;
    /* The size is known even of a log that cannot be read yet. */
    if (start == FOLLOWER_START_AT_BEGIN || !path || stat(path, &st) < 0)
        return add(follower, path, NULL, /* kept= */ false);
    position = (FollowerPosition){st.st_dev, st.st_ino, (uint64_t)st.st_size, 0};
    return add(follower, path, &position, /* kept= */ false);
}

int follower_add_at(Follower *follower, const char *path, const FollowerPosition *position)
{
    return add(follower, path, position, /* kept= */ false);
}

int follower_remove(Follower *follower, const char *path)
{
    for (size_t i = 0; i < follower->n_logs; i++) {
        FollowedLog *log = follower->logs[i];

        if (!streq(log->path, path))
            continue;
        followed_log_release_watch(follower, &log->file_watch);
        followed_log_release_watch(follower, &log->rotated_watch);
        followed_log_release_watch(follower, &log->directory_watch);
        log_free(log);
        follower->n_logs--;
        memmove(follower->logs + i, follower->logs + i + 1,
                (follower->n_logs - i) * sizeof(*follower->logs));
        return 0;
    }
    return -ENOENT;
}

int follower_get_fd(const Follower *follower)
{
    return follower->fd;
}

uint64_t follower_get_deadline(const Follower *follower)
{
    uint64_t deadline = UINT64_MAX;

    for (size_t i = 0; i < follower->n_logs; i++) {
        const FollowedLog *log = follower->logs[i];

        if (log->read || log->check)
            return 0;
        if (log->next_check < deadline)
            deadline = log->next_check;
        if (log->rotated.fd >= 0 && log->rotated_deadline < deadline)
            deadline = log->rotated_deadline;
    }
    return deadline;
}

void follower_check(Follower *follower)
{
    for (size_t i = 0; i < follower->n_logs; i++)
        follower->logs[i]->check = true;
}

static void check_logs(Follower *follower, uint64_t now)
{
    for (size_t i = 0; i < follower->n_logs; i++) {
        FollowedLog *log = follower->logs[i];

        if (log->check || now >= log->next_check)
            followed_log_check(follower, log, now);
        if (log->rotated.fd >= 0 && now >= log->rotated_deadline)
            log->read = true; /* a last look, then it is closed */
    }
}

int follower_process(Follower *follower, size_t max_bytes)
{
    uint64_t now = clock_usec(CLOCK_MONOTONIC);
    size_t idle = 0;
    int more;

    more = read_events(follower);
    if (more < 0)
        return more;
    check_logs(follower, now);
    /* Each in turn until nobody has anything, or the caller's share is used up. */
    while (max_bytes > 0 && idle < follower->n_logs) {
        size_t share = max_bytes < NGINX_LOG_BATCH ? max_bytes : NGINX_LOG_BATCH;
        FollowedLog *log;
        ssize_t n = 0;

        if (follower->turn >= follower->n_logs)
            follower->turn = 0;
        log = follower->logs[follower->turn++];
        idle++;
        while (log->read && share > 0) {
            n = followed_log_read(follower, log,
                                  share < FOLLOWER_BUFFER_SIZE ? share : FOLLOWER_BUFFER_SIZE, now);
            if (n < 0)
                return (int)n;
            share -= (size_t)n;
            max_bytes -= (size_t)n;
        }
        if (log->read)
            idle = 0;
    }
    for (size_t i = 0; i < follower->n_logs; i++)
        more |= follower->logs[i]->read || follower->logs[i]->check;
    return more;
}

size_t follower_count(const Follower *follower)
{
    return follower->n_logs;
}

int follower_get_status(const Follower *follower, size_t index, FollowerStatus *ret_status)
{
    const FollowedLog *log;

    if (index >= follower->n_logs)
        return -ENOENT;
    log = follower->logs[index];
    *ret_status = (FollowerStatus){
        .path = log->path,
        .state = log->state,
        .error = log->error,
        .reason = log->reason,
        .lines = log->counters.lines,
        .lines_skipped = log->counters.lines_skipped,
        .truncations = log->counters.truncations,
        .rotations = log->rotations,
        .lost_ends = log->lost_ends,
    };
    if (log->current.fd >= 0) {
        ret_status->position = (FollowerPosition){log->current.device, log->current.inode,
                                                  log_tail_position(&log->current), 0};
        ret_status->size = log->current.size;
    }
    return 0;
}

int follower_get_position(const Follower *follower, size_t index, FollowerPosition *ret_position)
{
    const FollowedLog *log = index < follower->n_logs ? follower->logs[index] : NULL;
    const LogTail *tail;

    if (!log)
        return -ENOENT;
    /* What was renamed and is not read to its end goes first after a restart, too. */
    tail = log->rotated.fd >= 0 && !log->rotated_read ? &log->rotated : &log->current;
    if (tail->fd < 0) {
        if (!log->have_start)
            return -ENOENT;
        *ret_position = log->start;
        return 0;
    }
    *ret_position = (FollowerPosition){tail->device, tail->inode, log_tail_position(tail), 0};
    ret_position->fingerprint = log_tail_fingerprint(tail, ret_position->offset);
    return 0;
}

const char *follower_state_to_string(FollowerState state)
{
    static const char *const names[FOLLOWER_STATE_COUNT] = {
        [FOLLOWER_WAITING] = "waiting",
        [FOLLOWER_READING] = "reading",
        [FOLLOWER_UNREADABLE] = "unreadable",
        [FOLLOWER_REFUSED] = "refused",
    };

    return (size_t)state < ELEMENTS_OF(names) ? names[state] : NULL;
}
