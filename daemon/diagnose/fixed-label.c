/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/fixed-label.h"

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* The mount of what was refused; NULL where none is known, or nothing can be labelled. */
static const Mount *mount_of_path(const HostFacts *host, const char *path)
{
    const MountTable *table =
        host->view->nginx_mounts ? host->view->nginx_mounts : host->view->mounts;
    const PathFacts *facts = &host->path;

    if (!table)
        return NULL;
    /* Where links lead is what counts; a walk that did not enter says where it stopped. */
    if (host->have_path && facts->object >= 0)
        path = facts->components[facts->object].path;
    else if (host->have_path && facts->stopped_at)
        path = facts->stopped_at;
    return mount_table_find(table, path);
}

char *fixed_label_explain(const Mount *mount)
{
    _cleanup_free_ char *point = escape_for_terminal(mount->point);
    _cleanup_free_ char *context = mount->context ? escape_for_terminal(mount->context) : NULL;

    if (!point || (mount->context && !context))
        return NULL;
    if (context)
        return format_string("%s is mounted with context=%s, which all in it has: no file there "
                             "can be labelled. Mount it with another context, or without.",
                             point, context);
    return format_string("%s is a file system of type %s, which keeps no labels: no file there can "
                         "be labelled. Besides a boolean, mounting it with context= changes what "
                         "all in it has.",
                         point, mount->type);
}

static const Mount *mount_of(const Diagnosis *diagnosis, const HostFacts *host)
{
    if (!host || !diagnosis->path || diagnosis->path[0] != '/' ||
        (diagnosis->target_kind != TARGET_PATH && diagnosis->target_kind != TARGET_SOCKET) ||
        streq(diagnosis->access.target_class, "unix_stream_socket"))
        return NULL;
    return mount_of_path(host, diagnosis->path);
}

const Mount *fixed_label_find(const Diagnosis *diagnosis, const HostFacts *host)
{
    const Mount *mount = mount_of(diagnosis, host);

    return mount && (mount->context || mount->server != MOUNT_LOCAL) ? mount : NULL;
}

char *fixed_label_remark(const Diagnosis *diagnosis, const HostFacts *host, bool *ret_failed)
{
    const Mount *mount = mount_of(diagnosis, host);
    _cleanup_free_ char *point = NULL;
    char *text = NULL;

    *ret_failed = false;
    if (!mount || mount->context || !streq(mount->type, "overlay"))
        return NULL;
    point = escape_for_terminal(mount->point);
    if (point)
        text =
            format_string("%s is an overlay: what is in a lower layer keeps its label there, and "
                          "a label that is changed here is that of a copy in the upper layer. A "
                          "container's storage is labelled by what runs the container, which "
                          "may set it anew.",
                          point);
    *ret_failed = !text;
    return text;
}
