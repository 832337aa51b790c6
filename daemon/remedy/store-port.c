/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports: local records of the store. A port inside a range of the policy has no record of its
 * own there; a local record for it wins over the range.
 */
#include <errno.h>
#include <limits.h>

#include "daemon/core/text.h"
#include "daemon/remedy/store-internal.h"

DEFINE_POINTER_CLEANUP(semanage_port_key_t, semanage_port_key_free, port_key_cleanup);
DEFINE_POINTER_CLEANUP(semanage_port_t, semanage_port_free, port_cleanup);
DEFINE_POINTER_CLEANUP(semanage_context_t, semanage_context_free, context_cleanup);

static int protocol_number(const char *protocol)
{
    return streq(protocol, "tcp")    ? SEMANAGE_PROTO_TCP
           : streq(protocol, "udp")  ? SEMANAGE_PROTO_UDP
           : streq(protocol, "dccp") ? SEMANAGE_PROTO_DCCP
                                     : SEMANAGE_PROTO_SCTP;
}

static int create_key(PolicyStore *store, const Action *action, semanage_port_key_t **ret_key)
{
    return semanage_port_key_create(store->handle, action->low, action->high,
                                    protocol_number(action->protocol), ret_key) < 0
               ? -ENOMEM
               : 0;
}

static bool overlaps(const semanage_port_t *port, const Action *action)
{
    return semanage_port_get_proto(port) == protocol_number(action->protocol) &&
           semanage_port_get_low(port) <= action->high &&
           semanage_port_get_high(port) >= action->low;
}

static bool is_same(const semanage_port_t *port, const Action *action)
{
    return semanage_port_get_low(port) == action->low &&
           semanage_port_get_high(port) == action->high;
}

static int read_local(PolicyStore *store, const Action *action, ActionState *state)
{
    semanage_port_t **ports = NULL;
    unsigned n = 0;
    int r = 0;

    if (semanage_port_list_local(store->handle, &ports, &n) < 0)
        return -EIO;
    for (unsigned i = 0; i < n; i++) {
        _cleanup_free_ char *context = NULL;

        if (r >= 0 && overlaps(ports[i], action)) {
            if (is_same(ports[i], action)) {
                r = store_context_to_text(store, semanage_port_get_con(ports[i]), &context);
                if (r >= 0)
                    state_set_text(state, state->record, context);
            } else
                state_set_obstacle(state,
                                   "a local record for %s ports %d-%d overlaps this one; remove "
                                   "it first (semanage port -d).",
                                   action->protocol, semanage_port_get_low(ports[i]),
                                   semanage_port_get_high(ports[i]));
        }
        semanage_port_free(ports[i]);
    }
    free(ports);
    return r;
}

/* The narrowest range of the policy that has the whole of the action's. The list has local
 * records first; one for exactly this range is known already. */
static int read_policy(PolicyStore *store, const Action *action, ActionState *state)
{
    semanage_port_t **ports = NULL;
    unsigned n = 0, best = UINT_MAX;
    int best_width = INT_MAX, r = 0;

    if (semanage_port_list(store->handle, &ports, &n) < 0)
        return -EIO;
    for (unsigned i = 0; i < n; i++) {
        int low = semanage_port_get_low(ports[i]), high = semanage_port_get_high(ports[i]);

        if (!overlaps(ports[i], action) || low > action->low || high < action->high ||
            high - low >= best_width)
            continue;
        if (*state->record && is_same(ports[i], action))
            continue;
        best = i;
        best_width = high - low;
    }
    if (best != UINT_MAX) {
        const char *type = semanage_context_get_type(semanage_port_get_con(ports[best]));
        _cleanup_free_ char *text =
            format_string("%s:%d-%d", strempty(type), semanage_port_get_low(ports[best]),
                          semanage_port_get_high(ports[best]));

        if (text)
            state_set_text(state, state->effective, text);
        else
            r = -ENOMEM;
    }
    for (unsigned i = 0; i < n; i++)
        semanage_port_free(ports[i]);
    free(ports);
    return r;
}

int store_port_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    const Action *action = &store->plan->actions[index];
    _cleanup_free_ char *wanted = NULL;
    PolicyView *view = store_view(store, ret_state);
    int r = 0;

    ret_state->known = true;
    if (view)
        r = policy_view_check_port(view, store->plan, action, ret_state->obstacle);
    if (r >= 0)
        r = read_local(store, action, ret_state);
    if (r >= 0)
        r = read_policy(store, action, ret_state);
    if (r >= 0)
        r = store_format_context(store, action->type, &wanted);
    if (r >= 0)
        state_set_text(ret_state, ret_state->wanted, wanted);
    return r;
}

int store_port_stage(PolicyStore *store, size_t index, const ActionState *target)
{
    const Action *action = &store->plan->actions[index];
    _cleanup_(port_key_cleanup) semanage_port_key_t *key = NULL;
    _cleanup_(port_cleanup) semanage_port_t *port = NULL;
    _cleanup_(context_cleanup) semanage_context_t *context = NULL;
    int exists = 0;
    int r = create_key(store, action, &key);

    if (r < 0)
        return r;
    if (*target->record == '\0') {
        if (semanage_port_exists_local(store->handle, key, &exists) < 0)
            return -EIO;
        return exists && semanage_port_del_local(store->handle, key) < 0 ? -EIO : 0;
    }
    if (semanage_port_create(store->handle, &port) < 0 ||
        semanage_context_from_string(store->handle, target->record, &context) < 0)
        return -ENOMEM;
    semanage_port_set_proto(port, protocol_number(action->protocol));
    semanage_port_set_range(port, action->low, action->high);
    if (semanage_port_set_con(store->handle, port, context) < 0)
        return -ENOMEM;
    return semanage_port_modify_local(store->handle, key, port) < 0 ? -EIO : 0;
}

int store_port_touch(PolicyStore *store)
{
    _cleanup_(port_key_cleanup) semanage_port_key_t *key = NULL;
    _cleanup_(port_cleanup) semanage_port_t *port = NULL;
    _cleanup_(context_cleanup) semanage_context_t *context = NULL;
    _cleanup_free_ char *text = NULL;
    int number = 0, exists = 1;

    /* A record that there is not, put in and taken out again: in memory, before the commit. */
    while (exists) {
        semanage_port_key_free(TAKE_POINTER(key));
        if (++number > UINT16_MAX ||
            semanage_port_key_create(store->handle, number, number, SEMANAGE_PROTO_DCCP, &key) <
                0 ||
            semanage_port_exists_local(store->handle, key, &exists) < 0)
            return -EIO;
    }
    if (store_format_context(store, "port_t", &text) < 0 ||
        semanage_port_create(store->handle, &port) < 0 ||
        semanage_context_from_string(store->handle, text, &context) < 0)
        return -ENOMEM;
    semanage_port_set_proto(port, SEMANAGE_PROTO_DCCP);
    semanage_port_set_range(port, number, number);
    if (semanage_port_set_con(store->handle, port, context) < 0)
        return -ENOMEM;
    return semanage_port_modify_local(store->handle, key, port) < 0 ||
                   semanage_port_del_local(store->handle, key) < 0
               ? -EIO
               : 0;
}
