/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/host-facts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/core/text.h"
#include "daemon/host/path-walk.h"
#include "daemon/host/small-file.h"
#include "daemon/nginx/conf-root.h"

HostView *host_view_free(HostView *view)
{
    if (!view)
        return NULL;
    if (view->root_fd >= 0)
        (void)close(view->root_fd);
    accounts_free(view->accounts);
    mount_table_free(view->mounts);
    mount_table_free(view->nginx_mounts);
    free(view->user);
    free(view->group);
    free(view);
    return NULL;
}

static bool read_links_protected(void)
{
    _cleanup_free_ char *text = NULL;
    size_t length;

    return small_file_read("/proc/sys/fs/protected_symlinks", 64, &text, &length) >= 0 &&
           text[0] == '1';
}

static void look_at_nginx(HostView *view)
{
    char path[64];

    if (process_find_nginx(&view->nginx) < 0 || !view->nginx.worker_known)
        return;
    (void)snprintf(path, sizeof(path), "/proc/%jd/mountinfo", (intmax_t)view->nginx.worker_pid);
    (void)mount_table_read(path, &view->nginx_mounts);
}

/* An ordinary user who unpacks an archive becomes the owner of all of it. */
static bool tree_lost_owners(int root_fd)
{
    _cleanup_close_ int fd = conf_root_open(root_fd, "/etc/passwd", O_PATH);
    struct stat status;

    return fd >= 0 && fstat(fd, &status) >= 0 && status.st_uid != 0;
}

int host_view_new(const char *root, const char *user, const char *group, HostView **ret_view)
{
    HostView *view = calloc(1, sizeof(*view));
    int r;

    if (!view)
        return -ENOMEM;
    view->live = !root;
    view->root_fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    r = view->root_fd < 0 ? -errno : accounts_read(view->root_fd, &view->accounts);
    if (r >= 0)
        r = string_replace(&view->user, user);
    if (r >= 0)
        r = string_replace(&view->group, group);
    if (r < 0) {
        host_view_free(view);
        return r;
    }
    if (view->live) {
        view->links_protected = read_links_protected();
        (void)mount_table_read("/proc/self/mountinfo", &view->mounts);
        look_at_nginx(view);
    } else {
        view->owners_unknown = tree_lost_owners(view->root_fd);
    }
    *ret_view = view;
    return 0;
}

static void assume_master(HostFacts *facts)
{
    facts->subject = (Subject){.capabilities = UINT64_MAX};
    facts->source = SUBJECT_ASSUMED;
}

/* Below the view's namespace nothing is seen of another: the process asked about has it. */
static int look_at_socket(const HostView *view, const HostRequest *request, HostFacts *facts)
{
    const PathFacts *path = &facts->path;
    const PathComponent *object = path->object >= 0 ? &path->components[path->object] : NULL;
    const char *const names[] = {request->path, object ? object->path : NULL, NULL};
    _cleanup_free_ char *text = NULL;
    char file[64];
    size_t length;
    int r;

    (void)snprintf(file, sizeof(file), "/proc/%jd/net/unix",
                   (intmax_t)(view->nginx.worker_known ? view->nginx.worker_pid : 1));
    r = small_file_read(file, UNIX_SOCKETS_SIZE_MAX, &text, &length);
    /* A table without any socket is that of an empty namespace, or not shown. */
    if (r >= 0 && strchr(text, '/'))
        facts->socket_state = unix_sockets_find(text, names);
    if (r == -ENOMEM || !object || !S_ISSOCK(object->mode))
        return r == -ENOMEM ? r : 0;
    r = unix_sockets_find_peer(object->path, object->uid, &facts->peer, &facts->peer_source);
    return r == -ENOMEM ? r : 0;
}

static int find_context(const HostView *view, const HostRequest *request, HostFacts *facts)
{
    pid_t pid = 0;
    int r;

    if (facts->source == SUBJECT_PROCESS)
        pid = request->pid;
    else if (view->nginx.worker_known)
        pid = request->by_master ? view->nginx.master_pid : view->nginx.worker_pid;
    r = pid > 0 ? process_context_read(pid, &facts->context) : 0;
    return r == -ENOMEM ? r : 0;
}

static void find_subject(const HostView *view, const HostRequest *request, HostFacts *facts)
{
    const NginxProcesses *nginx = &view->nginx;
    ProcessStatus status;

    if (view->live && request->pid > 0 && process_status_read(request->pid, &status) >= 0 &&
        streq(status.name, "nginx")) {
        facts->subject = status.subject;
        facts->source = SUBJECT_PROCESS;
    } else if (request->by_master) {
        if (nginx->master_known) {
            facts->subject = nginx->master.subject;
            facts->source = SUBJECT_OTHER_PROCESS;
        } else {
            assume_master(facts);
        }
    } else if (nginx->worker_known && !nginx->ambiguous) {
        facts->subject = nginx->worker.subject;
        facts->source = SUBJECT_OTHER_PROCESS;
    } else if (view->user && accounts_make_subject(view->accounts, view->user, view->group,
                                                   &facts->subject) >= 0) {
        facts->source = SUBJECT_CONFIGURATION;
    }
}

int host_facts_collect(const HostView *view, const HostRequest *request, HostFacts *ret_facts)
{
    const PathWalkOptions options = {
        .root_fd = view->root_fd,
        .follow_last = request->follow_last,
        .mounts = view->mounts,
        .seen_mounts = view->nginx_mounts,
    };
    HostFacts facts = {.view = view};
    int r = request->path ? path_walk(request->path, &options, &facts.path) : -ENOENT;

    if (r == -ENOMEM)
        return r;
    if (r >= 0) {
        facts.have_path = true;
        facts.path.links_protected = view->links_protected;
        facts.path.owners_unknown = view->owners_unknown;
    }
    find_subject(view, request, &facts);
    r = 0;
    if (view->live)
        r = find_context(view, request, &facts);
    if (r >= 0 && view->live && request->socket && facts.have_path)
        r = look_at_socket(view, request, &facts);
    if (r < 0) {
        host_facts_clear(&facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}

void host_facts_clear(HostFacts *facts)
{
    if (facts->have_path)
        path_facts_clear(&facts->path);
    free(facts->context);
    free(facts->peer);
    *facts = (HostFacts){};
}

const char *peer_source_to_words(PeerSource source)
{
    switch (source) {
    case PEER_COMMAND_LINE:
        return "Who listens on the socket is taken from the command lines of the processes that "
               "name it.";
    case PEER_OWNER:
        return "Who listens on the socket is taken from the processes of the user that it belongs "
               "to, which all run in one domain.";
    case PEER_UNKNOWN:
        break;
    }
    return NULL;
}

const char *subject_source_to_words(SubjectSource source)
{
    switch (source) {
    case SUBJECT_PROCESS:
        return "the process that failed";
    case SUBJECT_OTHER_PROCESS:
        return "another process of nginx, as the one that failed is gone";
    case SUBJECT_CONFIGURATION:
        return "nginx.conf and the list of users";
    case SUBJECT_ASSUMED:
        return "nginx's master, which is taken to be root with all capabilities";
    case SUBJECT_UNKNOWN:
        break;
    }
    return "nothing";
}
