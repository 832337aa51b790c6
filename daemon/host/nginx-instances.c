/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/nginx-instances.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/process.h"
#include "daemon/host/small-file.h"

#define MASTER_TITLE "nginx: master process "

int nginx_title_configuration(const char *title, char **ret_path)
{
    _cleanup_strv_ char **words = NULL;
    const char *path = NULL;

    if (strncmp(title, MASTER_TITLE, strlen(MASTER_TITLE)) != 0)
        return -ENOENT;
    words = strv_split(title + strlen(MASTER_TITLE), " ");
    if (!words)
        return -ENOMEM;
    /* The last one counts, as for nginx. */
    for (char **word = words; *word; word++)
        if (streq(*word, "-c") && word[1])
            path = word[1];
        else if (strncmp(*word, "-c/", 3) == 0)
            path = *word + 2;
    if (!path || path[0] != '/')
        return -ENOENT;
    *ret_path = strdup(path);
    return *ret_path ? 0 : -ENOMEM;
}

static bool is_roots_own(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
           (status.st_mode & S_IWOTH) == 0;
}

static int take_process(pid_t pid, char ***paths)
{
    _cleanup_free_ char *title = NULL, *path = NULL;
    ProcessStatus status;
    char file[64];
    size_t length;
    int r;

    if (process_status_read(pid, &status) < 0 || !streq(status.name, "nginx") ||
        status.subject.uid != 0)
        return 0;
    (void)snprintf(file, sizeof(file), "/proc/%jd/cmdline", (intmax_t)pid);
    if (small_file_read(file, PROCESS_TITLE_SIZE_MAX, &title, &length) < 0)
        return 0;
    r = nginx_title_configuration(title, &path);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    if (!is_roots_own(path) || (*paths && strv_contains(*paths, path)) ||
        (*paths && strv_length(*paths) >= NGINX_INSTANCES_MAX))
        return 0;
    return strv_append(paths, path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int nginx_instances_find(char ***ret_paths)
{
    _cleanup_strv_ char **paths = NULL;
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    size_t scanned = 0;
    int r = 0;

    if (!directory)
        return -errno;
    while (r >= 0 && scanned < PROCESSES_SCANNED_MAX && (entry = readdir(directory))) {
        uint64_t pid;

        if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
            continue;
        scanned++;
        r = take_process((pid_t)pid, &paths);
    }
    (void)closedir(directory);
    if (r < 0)
        return r;
    if (paths)
        qsort(paths, strv_length(paths), sizeof(*paths), compare);
    *ret_paths = TAKE_POINTER(paths);
    return 0;
}
