/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/host-lookup.h"

#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/correlate/match.h"
#include "daemon/diagnose/path-need.h"

void host_lookup_clear(HostLookup *lookup)
{
    for (size_t i = 0; i < lookup->n; i++)
        host_facts_clear(&lookup->facts[i]);
    free(lookup->facts);
    free(lookup->known);
    host_view_free(lookup->view);
    *lookup = (HostLookup){};
}

static const NginxIntent *find_user(const NginxIntents *intents)
{
    for (size_t i = 0; intents && i < intents->n_items; i++)
        if (intents->items[i].kind == NGINX_INTENT_USER && intents->items[i].known)
            return &intents->items[i];
    return NULL;
}

/* The path is the kernel's word or the log's; it is looked at no more than the answer takes. */
static bool wants_lookup(const Diagnosis *diagnosis, const NginxIntents *intents,
                         HostRequest *ret_request)
{
    const bool socket = diagnosis->target_kind == TARGET_SOCKET;
    const bool refused = diagnosis->denied || error_is_refusal(diagnosis->error);
    PathOperation operation = {.need = PATH_NEED_CONNECT, .follow_last = true};

    /* Others in nginx's domain run as other users. */
    if (diagnosis->program && !streq(diagnosis->program, "nginx"))
        return false;
    if (diagnosis->target_kind == TARGET_PORT && refused && !diagnosis->denied) {
        *ret_request = (HostRequest){.pid = diagnosis->pid, .by_master = !diagnosis->in_request};
        return true;
    }
    /* Of other errors only those of sockets are about what is there. */
    if (!diagnosis->path || diagnosis->path[0] != '/' || (!refused && !socket))
        return false;
    /* A denial may have come without nginx's line. */
    if (!path_operation_of(diagnosis, intents, &operation) && !(diagnosis->denied && socket))
        return false;
    *ret_request = (HostRequest){
        .path = diagnosis->path,
        .follow_last = operation.follow_last,
        .pid = diagnosis->pid,
        .by_master = operation.by_master,
        .socket = socket,
    };
    return true;
}

static int look_up(HostLookup *lookup, const NginxIntents *intents, Diagnosis *const *diagnoses)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < lookup->n; i++) {
        HostRequest request;

        if (!wants_lookup(diagnoses[i], intents, &request))
            continue;
        r = host_facts_collect(lookup->view, &request, &lookup->facts[i]);
        lookup->known[i] = r >= 0;
    }
    return r;
}

int host_lookup_run(const char *root, const NginxIntents *intents, Diagnosis *const *diagnoses,
                    size_t n_diagnoses, HostLookup *ret_lookup)
{
    HostLookup lookup = {.n = n_diagnoses};
    const NginxIntent *user = find_user(intents);
    HostRequest request;
    bool wanted = false;
    int r = 0;

    for (size_t i = 0; i < n_diagnoses && !wanted; i++)
        wanted = wants_lookup(diagnoses[i], intents, &request);
    if (!wanted) {
        *ret_lookup = (HostLookup){};
        return 0;
    }
    lookup.facts = calloc(n_diagnoses, sizeof(*lookup.facts));
    lookup.known = calloc(n_diagnoses, sizeof(*lookup.known));
    if (!lookup.facts || !lookup.known) {
        lookup.n = 0;
        r = -ENOMEM;
    }
    if (r >= 0)
        r = host_view_new(root, user ? user->value : NULL, user ? user->group : NULL, &lookup.view);
    if (r >= 0)
        r = look_up(&lookup, intents, diagnoses);
    if (r < 0) {
        host_lookup_clear(&lookup);
        if (r == -ENOMEM)
            return r;
    }
    *ret_lookup = lookup;
    return 0;
}

const HostFacts *host_lookup_get(const HostLookup *lookup, size_t index)
{
    return index < lookup->n && lookup->known[index] ? &lookup->facts[index] : NULL;
}
