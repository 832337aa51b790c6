/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/log-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

struct AuditLogWalk {
    char *path;
    AuditLogfile *file; /* owns the descriptor */
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t start;      /* offset that reading the present file began at */
    uint64_t done_bytes; /* of the files before */
    bool hole;
};

int audit_log_find(char **ret_path)
{
    _cleanup_fclose_ FILE *stream = fopen(AUDITD_CONF_PATH, "re");
    const char *found = AUDIT_LOG_DEFAULT;
    char line[4200], key[32], value[4096], *path;

    for (unsigned int i = 0; stream && i < AUDITD_CONF_LINES_MAX; i++) {
        if (!fgets(line, sizeof(line), stream))
            break;
        if (sscanf(line, " %31[a-z_] = %4095s", key, value) == 2 && streq(key, "log_file") &&
            value[0] == '/') {
            found = value;
            break;
        }
    }
    path = strdup(found);
    if (!path)
        return -ENOMEM;
    *ret_path = path;
    return 0;
}

static int stat_regular(const char *path, struct stat *ret_status)
{
    if (stat(path, ret_status) < 0)
        return -errno;
    return S_ISREG(ret_status->st_mode) ? 0 : -EINVAL;
}

int audit_log_get_end(const char *path, AuditLogPosition *ret_position)
{
    struct stat status;
    int r = stat_regular(path, &status);

    if (r >= 0)
        *ret_position = (AuditLogPosition){status.st_dev, status.st_ino, (uint64_t)status.st_size};
    return r;
}

/* The n-th file back; 0 is the log itself. NULL if out of memory. */
static char *name_of(const char *path, unsigned int n)
{
    return n == 0 ? strdup(path) : format_string("%s.%u", path, n);
}

/* How far back the file is now; -ENOENT if it is gone. */
static int find_file(const char *path, dev_t device, ino_t inode)
{
    for (unsigned int n = 0; n < BACKFILL_FILES_MAX; n++) {
        _cleanup_free_ char *name = name_of(path, n);
        struct stat status;

        if (!name)
            return -ENOMEM;
        if (stat(name, &status) < 0) {
            /* audit.log itself is missing for a moment while logs are rotated. */
            if (n > 0)
                break;
            continue;
        }
        if (status.st_dev == device && status.st_ino == inode)
            return (int)n;
    }
    return -ENOENT;
}

/* --- opening -------------------------------------------------------------- */

/* The offset of the first line that begins at or after this one. */
static uint64_t next_line(int fd, uint64_t offset)
{
    char buffer[4096];

    if (offset == 0)
        return 0;
    for (uint64_t at = offset - 1;;) {
        ssize_t n = pread(fd, buffer, sizeof(buffer), (off_t)at);
        const char *newline = n > 0 ? memchr(buffer, '\n', (size_t)n) : NULL;

        if (newline)
            return at + (uint64_t)(newline - buffer) + 1;
        if (n <= 0)
            return at;
        at += (uint64_t)n;
    }
}

static int open_file(AuditLogWalk *walk, const char *path, uint64_t offset)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    AuditLogfile *file;
    struct stat status;
    int r;

    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    offset = next_line(fd, offset);
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return -errno;
    r = audit_logfile_take(&file, fd, path, 0);
    if (r < 0)
        return r;
    if (walk->file)
        walk->done_bytes += audit_logfile_counters(walk->file)->bytes;
    audit_logfile_free(walk->file);
    walk->file = file;
    walk->fd = take_fd(&fd);
    walk->device = status.st_dev;
    walk->inode = status.st_ino;
    walk->start = offset;
    return 0;
}

static int open_number(AuditLogWalk *walk, unsigned int n, uint64_t offset)
{
    _cleanup_free_ char *name = name_of(walk->path, n);

    return name ? open_file(walk, name, offset) : -ENOMEM;
}

/* The stamp of the first record; UINT64_MAX where there is none. */
static uint64_t first_stamp(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    _cleanup_free_ char *text = malloc(AUDIT_LOG_LINE_LENGTH_MAX);
    const char *newline;
    AuditRecord record;
    ssize_t n;

    if (fd < 0 || !text)
        return UINT64_MAX;
    n = read(fd, text, AUDIT_LOG_LINE_LENGTH_MAX);
    newline = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
    if (!newline || audit_record_parse_line(text, (size_t)(newline - text), &record) < 0)
        return UINT64_MAX;
    return record.time_usec;
}

static int open_by_time(AuditLogWalk *walk, uint64_t from_usec)
{
    unsigned int n = 0;

    for (;; n++) {
        _cleanup_free_ char *name = name_of(walk->path, n), *older = name_of(walk->path, n + 1);

        if (!name || !older)
            return -ENOMEM;
        if (first_stamp(name) <= from_usec)
            return open_number(walk, n, 0);
        if (n + 1 >= BACKFILL_FILES_MAX || access(older, R_OK) < 0)
            break;
    }
    walk->hole = true;
    return open_number(walk, n, 0);
}

static int open_start(AuditLogWalk *walk, const AuditLogPosition *start, uint64_t from_usec)
{
    struct stat status;
    int n;

    if (!start || start->inode == 0)
        return open_by_time(walk, from_usec);
    n = find_file(walk->path, start->device, start->inode);
    if (n == -ENOMEM)
        return n;
    if (n >= 0) {
        int r = open_number(walk, (unsigned int)n, start->offset);

        if (r < 0)
            return r;
        if (fstat(walk->fd, &status) == 0 && (uint64_t)status.st_size >= start->offset)
            return 0;
        /* It was cut, or its number was given to another file. */
    }
    return open_by_time(walk, from_usec);
}

int audit_log_walk_new(AuditLogWalk **ret_walk, const char *path, const AuditLogPosition *start,
                       uint64_t from_usec)
{
    AuditLogWalk *walk = calloc(1, sizeof(*walk));
    int r = -ENOMEM;

    if (!walk)
        return -ENOMEM;
    walk->fd = -1;
    walk->path = strdup(path);
    if (walk->path)
        r = open_start(walk, start, from_usec);
    if (r < 0) {
        audit_log_walk_free(walk);
        return r;
    }
    *ret_walk = walk;
    return 0;
}

AuditLogWalk *audit_log_walk_free(AuditLogWalk *walk)
{
    if (walk) {
        audit_logfile_free(walk->file);
        free(walk->path);
        free(walk);
    }
    return NULL;
}

/* --- reading -------------------------------------------------------------- */

/* At the end of a file. Returns 1 if another was opened, 0 if this is the newest. */
static int advance(AuditLogWalk *walk)
{
    uint64_t offset = walk->start + audit_logfile_counters(walk->file)->bytes;
    struct stat status;
    int n, r;

    if (fstat(walk->fd, &status) < 0)
        return -errno;
    if ((uint64_t)status.st_size < offset) {
        /* Cut and written anew: what was between is not known. */
        walk->hole = true;
        r = find_file(walk->path, walk->device, walk->inode);
        return r < 0 ? r : (r = open_number(walk, (unsigned int)r, 0)) < 0 ? r : 1;
    }
    n = find_file(walk->path, walk->device, walk->inode);
    if (n == 0)
        return 0;
    if (n == -ENOENT) {
        /* Deleted: its successors may be, too. */
        if (stat_regular(walk->path, &status) < 0)
            return 0;
        walk->hole = true;
        n = 1;
    }
    if (n < 0)
        return n;
    /* Written to until it was renamed: nothing came since the look above, or it is read now. */
    r = open_number(walk, (unsigned int)n - 1, 0);
    return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int audit_log_walk_process(AuditLogWalk *walk, AuditAssembler *assembler, uint64_t max_bytes)
{
    struct stat status;
    uint64_t before;
    int r = audit_logfile_process(walk->file, assembler, max_bytes);

    if (r != 0)
        return r;
    before = audit_logfile_counters(walk->file)->bytes;
    r = find_file(walk->path, walk->device, walk->inode);
    if (r == 0 && fstat(walk->fd, &status) == 0 && (uint64_t)status.st_size >= walk->start + before)
        return 0;
    /* It is not the newest any more: once more to its end, then on. */
    r = audit_logfile_process(walk->file, assembler, max_bytes);
    if (r != 0 || audit_logfile_counters(walk->file)->bytes != before)
        return r < 0 ? r : 1;
    return advance(walk);
}

bool audit_log_walk_has_hole(const AuditLogWalk *walk)
{
    return walk->hole;
}

uint64_t audit_log_walk_bytes(const AuditLogWalk *walk)
{
    return walk->done_bytes + audit_logfile_counters(walk->file)->bytes;
}

uint64_t audit_log_walk_last_stamp(const AuditLogWalk *walk, bool *ret_ended)
{
    static const char *const ends[] = {"type=DAEMON_END ", "type=DAEMON_ABORT ",
                                       "type=DAEMON_ERR "};
    _cleanup_free_ char *text = malloc(AUDIT_LOG_LINE_LENGTH_MAX);
    size_t size = AUDIT_LOG_LINE_LENGTH_MAX, length, start;
    AuditRecord record;
    struct stat status;
    ssize_t n;

    *ret_ended = false;
    if (!text || fstat(walk->fd, &status) < 0)
        return 0;
    if ((uint64_t)status.st_size < size)
        size = (size_t)status.st_size;
    n = pread(walk->fd, text, size, status.st_size - (off_t)size);
    if (n <= 0)
        return 0;
    for (length = (size_t)n; length > 0 && text[length - 1] != '\n'; length--)
        ;
    if (length == 0)
        return 0;
    length--;
    for (start = length; start > 0 && text[start - 1] != '\n'; start--)
        ;
    if (audit_record_parse_line(text + start, length - start, &record) < 0)
        return 0;
    for (size_t i = 0; i < ELEMENTS_OF(ends); i++)
        *ret_ended = *ret_ended || (length - start > strlen(ends[i]) &&
                                    memcmp(text + start, ends[i], strlen(ends[i])) == 0);
    return record.time_usec;
}
