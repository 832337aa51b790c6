/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/small-file.h"

/* The rest of the line that begins with the key; NULL if there is none. */
static const char *find_line(const char *text, const char *key)
{
    const size_t length = strlen(key);

    while (text) {
        if (strncmp(text, key, length) == 0)
            return text + length;
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

/* Decimal numbers separated by blanks, to the end of the line. */
static int parse_ids(const char *line, uint32_t *ids, size_t max, size_t *ret_n)
{
    size_t n = 0;

    for (;;) {
        uint64_t number = 0;

        line += strspn(line, " \t");
        if (*line == '\n' || *line == '\0')
            break;
        if (*line < '0' || *line > '9')
            return -EBADMSG;
        for (; *line >= '0' && *line <= '9'; line++) {
            number = number * 10 + (uint64_t)(*line - '0');
            if (number > UINT32_MAX)
                return -EBADMSG;
        }
        if (n == max)
            return -E2BIG;
        ids[n++] = (uint32_t)number;
    }
    *ret_n = n;
    return 0;
}

static int parse_capabilities(const char *line, uint64_t *ret_capabilities)
{
    uint64_t number = 0;
    size_t digits = 0;

    line += strspn(line, " \t");
    for (; *line && *line != '\n'; line++, digits++) {
        const char *hex = "0123456789abcdef", *found = strchr(hex, *line);

        if (!found || digits >= 16)
            return -EBADMSG;
        number = number << 4 | (uint64_t)(found - hex);
    }
    if (digits == 0)
        return -EBADMSG;
    *ret_capabilities = number;
    return 0;
}

static int parse_name(const char *line, char ret_name[PROCESS_NAME_SIZE])
{
    size_t length;

    line += strspn(line, " \t");
    length = strcspn(line, "\n");
    /* Longer ones are escaped, and then none of those looked for. */
    if (length >= PROCESS_NAME_SIZE)
        length = PROCESS_NAME_SIZE - 1;
    memcpy(ret_name, line, length);
    ret_name[length] = '\0';
    return 0;
}

int process_status_parse(const char *text, ProcessStatus *ret_status)
{
    const char *name = find_line(text, "Name:"), *parent = find_line(text, "PPid:");
    const char *uid = find_line(text, "Uid:"), *gid = find_line(text, "Gid:");
    const char *groups = find_line(text, "Groups:"), *caps = find_line(text, "CapEff:");
    ProcessStatus status = {};
    uint32_t ids[4];
    size_t n;
    int r;

    if (!name || !parent || !uid || !gid || !groups || !caps)
        return -EBADMSG;
    r = parse_name(name, status.name);
    if (r >= 0)
        r = parse_ids(parent, ids, 1, &n);
    if (r < 0 || n != 1 || ids[0] > INT32_MAX)
        return r < 0 && r != -E2BIG ? r : -EBADMSG;
    status.parent = (pid_t)ids[0];
    /* real, effective, saved, file system */
    r = parse_ids(uid, ids, ELEMENTS_OF(ids), &n);
    if (r < 0 || n != 4)
        return -EBADMSG;
    status.subject.uid = ids[3];
    r = parse_ids(gid, ids, ELEMENTS_OF(ids), &n);
    if (r < 0 || n != 4)
        return -EBADMSG;
    status.subject.gid = ids[3];
    r = parse_ids(groups, status.subject.gids, SUBJECT_GROUPS_MAX, &status.subject.n_gids);
    if (r >= 0)
        r = parse_capabilities(caps, &status.subject.capabilities);
    if (r < 0)
        return r;
    *ret_status = status;
    return 0;
}

int process_status_read(pid_t pid, ProcessStatus *ret_status)
{
    _cleanup_free_ char *text = NULL;
    char path[64];
    size_t length;
    int r;

    (void)snprintf(path, sizeof(path), "/proc/%jd/status", (intmax_t)pid);
    r = small_file_read(path, PROCESS_STATUS_SIZE_MAX, &text, &length);
    if (r == -ESRCH)
        r = -ENOENT;
    return r < 0 ? r : process_status_parse(text, ret_status);
}

int process_context_read(pid_t pid, char **ret_context)
{
    _cleanup_free_ char *text = NULL;
    char path[64];
    size_t length;
    int r;

    (void)snprintf(path, sizeof(path), "/proc/%jd/attr/current", (intmax_t)pid);
    r = small_file_read(path, HOST_ATTRIBUTE_MAX, &text, &length);
    if (r < 0)
        return r;
    text[strcspn(text, "\n")] = '\0';
    if (!*text)
        return -ENODATA;
    *ret_context = TAKE_POINTER(text);
    return 0;
}

static bool subject_equal(const Subject *a, const Subject *b)
{
    if (a->uid != b->uid || a->gid != b->gid || a->n_gids != b->n_gids ||
        a->capabilities != b->capabilities)
        return false;
    return a->n_gids == 0 || memcmp(a->gids, b->gids, a->n_gids * sizeof(a->gids[0])) == 0;
}

static void take_process(NginxProcesses *processes, pid_t pid)
{
    ProcessStatus status, parent;

    if (process_status_read(pid, &status) < 0 || !streq(status.name, "nginx") ||
        process_status_read(status.parent, &parent) < 0 || !streq(parent.name, "nginx"))
        return;
    if (!processes->worker_known) {
        processes->worker_known = processes->master_known = true;
        processes->worker = status;
        processes->worker_pid = pid;
        processes->master = parent;
        processes->master_pid = status.parent;
    } else if (!subject_equal(&processes->worker.subject, &status.subject)) {
        processes->ambiguous = true;
    }
}

int process_find_nginx(NginxProcesses *ret_processes)
{
    NginxProcesses processes = {};
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    size_t scanned = 0;

    if (!directory)
        return -errno;
    while (scanned < PROCESSES_SCANNED_MAX && (entry = readdir(directory))) {
        uint64_t pid;

        if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
            continue;
        scanned++;
        take_process(&processes, (pid_t)pid);
    }
    (void)closedir(directory);
    *ret_processes = processes;
    return 0;
}
