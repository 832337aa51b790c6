/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/summary.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/operation-words.h"

/* "connect to TCP port 3000 (ntop_port_t)", "use the socket /run/x.sock", … */
static char *describe_access(const Diagnosis *diagnosis)
{
    const Access *access = &diagnosis->access;
    char type[256] = "?";
    bool binding = strstr(access->permissions, "name_bind") != NULL;

    (void)context_type_copy(access->target_context, type, sizeof(type));
    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        return format_string("%s %s port %d (%s)", binding ? "listen on" : "connect to",
                             strempty(diagnosis->protocol), diagnosis->port, type);
    case TARGET_SOCKET:
        return format_string("connect to the socket %s (%s on %s %s)",
                             diagnosis->path ? diagnosis->path : "?", access->permissions,
                             access->target_class, type);
    case TARGET_PATH:
        return format_string("%s %s (%s %s)", access->permissions,
                             diagnosis->path ? diagnosis->path : "a file", access->target_class,
                             type);
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        break;
    }
    return format_string("%s on %s %s", access->permissions, access->target_class, type);
}

/* "connect to port 3000", "open /srv/x". */
static char *describe_failure(const Diagnosis *diagnosis)
{
    const char *operation = strempty(diagnosis->operation);
    _cleanup_free_ char *object = NULL;

    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        object = format_string("port %d", diagnosis->port);
        break;
    case TARGET_SOCKET:
        object = format_string("the socket %s", strempty(diagnosis->path));
        break;
    case TARGET_PATH:
        object = strdup(strempty(diagnosis->path));
        break;
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        return operation_to_words(operation, NULL);
    }
    return object ? operation_to_words(operation, object) : NULL;
}

static const char *explain_error(const Diagnosis *diagnosis)
{
    switch (diagnosis->error) {
    case ENOENT:
        return "there is no such socket: the backend is not running, or listens elsewhere";
    case EADDRINUSE:
        return "the address is in use by another process";
    case EADDRNOTAVAIL:
        return "this host does not have that address, or is out of local ports";
    case ECONNREFUSED:
        return "nothing listens there: the backend is not running, or listens elsewhere";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "there is no route to that host";
    case ETIMEDOUT:
        return "no answer came in time";
    default:
        return "the operation failed for another reason";
    }
}

static char *make_summary(const Diagnosis *diagnosis)
{
    _cleanup_free_ char *what =
        diagnosis->have_access ? describe_access(diagnosis) : describe_failure(diagnosis);
    char domain[256] = "?";

    if (!what)
        return NULL;
    if (diagnosis->have_access)
        (void)context_type_copy(diagnosis->access.source_context, domain, sizeof(domain));
    switch (diagnosis->verdict) {
    case VERDICT_BLOCKED_BY_SELINUX:
        if (diagnosis->permissive)
            return format_string("SELinux would have kept %s from: %s (permissive: let through)",
                                 domain, what);
        return format_string("SELinux does not let %s %s", domain, what);
    case VERDICT_BLOCKED_SILENTLY:
        return format_string("SELinux does not let %s %s, and a dontaudit rule hides it", domain,
                             what);
    case VERDICT_BLOCKED_BY_PERMISSIONS:
        if (diagnosis->obstacle.path)
            return format_string("not SELinux but plain permissions: nginx could not %s, since %s "
                                 "is kept out at %s (%s) by %s",
                                 what, diagnosis->obstacle.user, diagnosis->obstacle.path,
                                 diagnosis->obstacle.mode, diagnosis->obstacle.rule);
        if (diagnosis->allowed_now)
            return format_string("not SELinux but plain permissions: nginx could not %s; they let "
                                 "it through now",
                                 what);
        return format_string("not SELinux: nginx could not %s, and the policy allows it", what);
    case VERDICT_NOT_A_PERMISSION_PROBLEM:
        return format_string("not a permission problem: nginx could not %s: %s", what,
                             explain_error(diagnosis));
    case VERDICT_UNEXPECTED_ACCESS:
        return format_string("unexpected: %s tried to %s, which nginx's configuration does not ask "
                             "for",
                             domain, what);
    case VERDICT_UNDETERMINED:
    case VERDICT_COUNT:
        break;
    }
    return format_string("nginx could not %s (permission denied), and the cause is not known",
                         what);
}

int summary_update(Diagnosis *diagnosis)
{
    char *summary = make_summary(diagnosis);

    if (!summary)
        return -ENOMEM;
    free(diagnosis->summary);
    diagnosis->summary = summary;
    return 0;
}
