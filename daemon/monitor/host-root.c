/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/host-root.h"

#include <errno.h>
#include <fcntl.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/nginx/conf-root.h"

#define MATCHES_MAX 64u

void host_root_clear(HostRoot *found)
{
    free(found->policy);
    free(found->file_contexts);
    strv_free(found->audit_logs);
    strv_free(found->error_logs);
    *found = (HostRoot){};
}

/* The path on this host of a file beneath the root; NULL if it is not there, or leads out. */
static char *locate(int root_fd, const char *path)
{
    _cleanup_close_ int fd = conf_root_open(root_fd, path, O_PATH);
    _cleanup_free_ char *link = NULL;
    char *resolved;

    if (fd < 0)
        return NULL;
    link = format_string("/proc/self/fd/%d", fd);
    resolved = link ? realpath(link, NULL) : NULL;
    return resolved;
}

static int add_located(int root_fd, const char *path, char ***list)
{
    _cleanup_free_ char *located = locate(root_fd, path);

    if (!located || strv_contains(*list, located))
        return 0;
    return strv_append(list, located);
}

/* The last match in the order of names: the highest version of a policy. */
static int find_last(int root_fd, const char *pattern, char **ret_path)
{
    _cleanup_strv_ char **matches = NULL;
    int r = conf_root_glob(root_fd, pattern, MATCHES_MAX, &matches);
    size_t n = strv_length(matches);

    if (r == -ENOMEM)
        return r;
    *ret_path = n > 0 ? locate(root_fd, matches[n - 1]) : NULL;
    return 0;
}

/* audit.log.4 is older than audit.log.1, which is older than audit.log. */
static int find_audit_logs(int root_fd, char ***ret_logs)
{
    for (int i = 9; i >= 0; i--) {
        _cleanup_free_ char *path = i > 0 ? format_string("/var/log/audit/audit.log.%d", i)
                                          : strdup("/var/log/audit/audit.log");

        if (!path || add_located(root_fd, path, ret_logs) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int find_error_logs(int root_fd, const NginxIntents *intents, char ***ret_logs)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && intents && i < intents->n_items; i++) {
        const NginxIntent *intent = &intents->items[i];

        if (intent->kind == NGINX_INTENT_ERROR_LOG && intent->path && intent->known)
            r = add_located(root_fd, intent->path, ret_logs);
    }
    return r < 0 || *ret_logs ? r : add_located(root_fd, "/var/log/nginx/error.log", ret_logs);
}

int host_root_find(const char *root, const NginxIntents *intents, HostRoot *ret_found)
{
    _cleanup_close_ int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    HostRoot found = {};
    int r;

    if (root_fd < 0)
        return -errno;
    r = find_last(root_fd, "/etc/selinux/*/policy/policy.*", &found.policy);
    if (r >= 0)
        r = find_last(root_fd, "/etc/selinux/*/contexts/files/file_contexts", &found.file_contexts);
    if (r >= 0)
        r = find_audit_logs(root_fd, &found.audit_logs);
    if (r >= 0)
        r = find_error_logs(root_fd, intents, &found.error_logs);
    if (r < 0) {
        host_root_clear(&found);
        return r;
    }
    *ret_found = found;
    return 0;
}
