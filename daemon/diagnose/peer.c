/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/peer.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/path.h"
#include "daemon/core/text.h"

static bool names_peer(const Diagnosis *diagnosis)
{
    return diagnosis->denied && diagnosis->have_access && diagnosis->peer_context &&
           streq(diagnosis->access.target_class, "unix_stream_socket");
}

static bool same_path(const char *a, const char *b)
{
    _cleanup_free_ char *collapsed_a = NULL, *collapsed_b = NULL;

    return a && b && path_collapse(a, &collapsed_a) >= 0 && path_collapse(b, &collapsed_b) >= 0 &&
           streq(collapsed_a, collapsed_b);
}

int diagnosis_learn_peer(Diagnosis *diagnosis, const Diagnosis *other)
{
    int r;

    if (diagnosis->target_kind != TARGET_SOCKET || names_peer(diagnosis) || !names_peer(other) ||
        streq_ptr(diagnosis->peer_context, other->peer_context) ||
        !same_path(diagnosis->path, other->path))
        return 0;
    r = string_replace(&diagnosis->peer_context, other->peer_context);
    return r < 0 ? r : 1;
}
