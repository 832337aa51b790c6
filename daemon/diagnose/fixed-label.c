/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/fixed-label.h"

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static const Mount *mount_of(const HostFacts *host, const char *path)
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

static char *explain_mount(const Mount *mount)
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

char *fixed_label_explain(const Diagnosis *diagnosis, const HostFacts *host, bool *ret_failed)
{
    const Mount *mount;
    char *text;

    *ret_failed = false;
    if (!host || !diagnosis->path || diagnosis->path[0] != '/' ||
        (diagnosis->target_kind != TARGET_PATH && diagnosis->target_kind != TARGET_SOCKET))
        return NULL;
    mount = mount_of(host, diagnosis->path);
    if (!mount || (!mount->context && mount->server == MOUNT_LOCAL))
        return NULL;
    text = explain_mount(mount);
    *ret_failed = !text;
    return text;
}
