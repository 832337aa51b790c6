/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/neighbours.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/permission-words.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"

static int note(Diagnosis *diagnosis, const char *text)
{
    return text ? diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), text)
                : -ENOMEM;
}

/* How to look further; NULL for nothing, or if out of memory (*ret_failed). */
static char *words_of_port(const Diagnosis *diagnosis, bool *ret_failed)
{
    const int port = diagnosis->port;
    char *text = NULL;

    *ret_failed = false;
    switch (diagnosis->error) {
    case ECONNREFUSED:
        text = format_string("Start the backend, or see where it listens: ss -ltnp 'sport = :%d' "
                             "shows who has this port.",
                             port);
        break;
    case EADDRINUSE:
        text = format_string("Two programs want the port: ss -ltnp 'sport = :%d' shows who has it. "
                             "Another nginx that still runs is a usual one.",
                             port);
        break;
    case EADDRNOTAVAIL:
        text = strdup("ip address shows the addresses of this host. For one that comes later than "
                      "nginx, listen on all addresses or set net.ipv4.ip_nonlocal_bind.");
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
        text = strdup("ip route get ADDRESS shows the way there. A firewall may answer this, too: "
                      "see nft list ruleset, or firewall-cmd --list-all on the other host.");
        break;
    case ETIMEDOUT:
        text = strdup("The packets are dropped on the way (a firewall), or the backend is too "
                      "busy to answer.");
        break;
    default:
        return NULL;
    }
    *ret_failed = !text;
    return text;
}

/* People turn booleans on for this: say what the policy has to do with it. */
static int note_policy(Diagnosis *diagnosis, const Hypothesis *current, const char *domain)
{
    const bool binding = streq(strempty(diagnosis->operation), "bind");
    _cleanup_free_ char *target = NULL, *source = NULL;
    Access access = {};
    int r;

    target = port_context(current, PORT_TCP, (uint16_t)diagnosis->port);
    source = format_string("system_u:system_r:%s%s", domain,
                           policy_is_mls(hypothesis_policy(current)) ? ":s0" : "");
    if (!source)
        return -ENOMEM;
    if (!target)
        return 0;
    r = access_init(&access, source, target, "tcp_socket", binding ? "name_bind" : "name_connect");
    if (r >= 0)
        r = decide_is_allowed(current, &access);
    access_clear(&access);
    if (r == -ENOMEM)
        return r;
    if (r > 0)
        return note(diagnosis, "SELinux allows it: no boolean and no label changes anything here.");
    /* The kernel asks the policy before it looks for the peer. */
    return r == 0 ? note(diagnosis, "The policy as it is now would deny it: it was another one "
                                    "then, or SELinux did not enforce.")
                  : 0;
}

static int explain_port(Diagnosis *diagnosis, const Hypothesis *current, const char *domain)
{
    bool failed;
    _cleanup_free_ char *text = words_of_port(diagnosis, &failed);
    int r = failed ? -ENOMEM : 0;

    if (text)
        r = note(diagnosis, text);
    return r < 0 || !current || !domain ? r : note_policy(diagnosis, current, domain);
}

static int explain_missing(Diagnosis *diagnosis, const HostFacts *host)
{
    const PathFacts *path = &host->path;

    if (path->object >= 0)
        return note(diagnosis, "It is there now: the backend was started since.");
    {
        _cleanup_free_ char *end = words_of_end(path);
        int r = note(diagnosis, end);

        if (r < 0 || path->error != -ENOENT)
            return r;
    }
    return note(diagnosis,
                path->missing_last
                    ? "Start the backend, or compare the path with what it is told to listen on."
                    : "The directory is made by the backend's service (RuntimeDirectory= or "
                      "tmpfiles.d): it is not running, or listens elsewhere.");
}

static int explain_refused(Diagnosis *diagnosis, const HostFacts *host)
{
    const PathFacts *path = &host->path;

    if (path->object >= 0 && !S_ISSOCK(path->components[path->object].mode))
        return note(diagnosis, "What is there now is no socket.");
    switch (host->socket_state) {
    case SOCKET_STATE_LISTENING:
        return note(diagnosis, "Somebody listens on it now: the backend was started since, or its "
                               "queue was full.");
    case SOCKET_STATE_BOUND:
        return note(diagnosis, "A process has the socket, and does not listen on it (or it is a "
                               "datagram socket).");
    case SOCKET_STATE_ABSENT:
        return note(diagnosis, "The file is a leftover: no process has a socket of that path. "
                               "Start the backend again.");
    case SOCKET_STATE_UNKNOWN:
        break;
    }
    return note(diagnosis,
                "The file is there and nobody listens: a backend left it behind. ss -lxp "
                "shows who listens where.");
}

int neighbours_explain(Diagnosis *diagnosis, const Hypothesis *current, const char *domain,
                       const HostFacts *host)
{
    if (diagnosis->target_kind == TARGET_PORT && diagnosis->port >= 0)
        return explain_port(diagnosis, current, domain);
    if (diagnosis->target_kind == TARGET_SOCKET && host && host->have_path) {
        if (diagnosis->error == ENOENT)
            return explain_missing(diagnosis, host);
        if (diagnosis->error == ECONNREFUSED)
            return explain_refused(diagnosis, host);
    }
    return 0;
}
