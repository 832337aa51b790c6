/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes because objects change their labels: ports first of all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/exposure-internal.h"
#include "daemon/selinux/ports-internal.h"

uint32_t exposure_port_permissions(const Policy *policy, uint32_t class)
{
    return policy_find_permission(policy, class, "name_connect") |
           policy_find_permission(policy, class, "name_bind");
}

static bool labels_ports(const Hypothesis *hypothesis, uint32_t type)
{
    for (size_t i = 0; i < hypothesis->n_ports; i++)
        if (hypothesis->ports[i].type == type)
            return true;
    return false;
}

static bool labels_protocol(const Hypothesis *hypothesis, PortProtocol protocol)
{
    for (size_t i = 0; i < hypothesis->n_ports; i++)
        if (hypothesis->ports[i].protocol == protocol)
            return true;
    return false;
}

bool exposure_is_new_port_type(const Difference *difference, uint32_t type)
{
    bool in_before = type <= hypothesis_n_types(difference->before);
    bool in_after = type <= hypothesis_n_types(difference->after);

    return in_before != in_after &&
           (labels_ports(difference->before, type) || labels_ports(difference->after, type));
}

int exposure_port_segments(const Difference *difference, PortProtocol protocol,
                           PortSegment **ret_segments, size_t *ret_n)
{
    _cleanup_free_ uint16_t *types = calloc(2 * (size_t)PORT_COUNT, sizeof(*types));
    _cleanup_free_ PortSegment *segments = NULL;
    const uint16_t *before, *after;
    size_t n = 0, allocated = 0;

    if (!types)
        return -ENOMEM;
    before = types;
    after = types + PORT_COUNT;
    port_map_fill(difference->before, protocol, types);
    port_map_fill(difference->after, protocol, types + PORT_COUNT);

    for (uint32_t low = 0, next; low < PORT_COUNT; low = next) {
        for (next = low + 1;
             next < PORT_COUNT && before[next] == before[low] && after[next] == after[low];)
            next++;
        if (n == allocated) {
            PortSegment *larger =
                reallocarray(segments, allocated = allocated * 2 + 64, sizeof(*segments));

            if (!larger)
                return -ENOMEM;
            segments = larger;
        }
        segments[n++] = (PortSegment){
            .low = (uint16_t)low,
            .high = (uint16_t)(next - 1),
            .before = before[low],
            .after = after[low],
        };
    }
    *ret_segments = TAKE_POINTER(segments);
    *ret_n = n;
    return 0;
}

/* --- relabelled objects --------------------------------------------------- */

/* What rules alone change about a domain and a type is reported with the rules. */
static uint32_t changed_by_rules(const Difference *difference, uint32_t domain, uint32_t type,
                                 uint32_t class)
{
    if (type > hypothesis_n_types(difference->before) ||
        type > hypothesis_n_types(difference->after))
        return 0;
    return decide_allowed_by_rules(difference->before, domain, type, class) ^
           decide_allowed_by_rules(difference->after, domain, type, class);
}

static int report_column(const Difference *difference, uint32_t target, uint32_t class, bool lost,
                         const uint32_t *column, DifferenceSink sink, void *data)
{
    for (uint32_t domain = 1; domain <= difference->n_types; domain++) {
        DifferenceItem item = {.domain = domain, .target = target, .class = class};
        uint32_t permissions = column[domain];
        int r;

        if (permissions != 0)
            permissions &= ~changed_by_rules(difference, domain, target, class);
        if (permissions == 0)
            continue;
        *(lost ? &item.lost : &item.gained) = permissions;
        r = sink(&item, data);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Objects of a class that go from one type to another. */
typedef struct Move {
    uint32_t before;
    uint32_t after;
} Move;

/* Adds to `result` what the domains may do on one side of a move and not on the other. */
static void add_move(const Difference *difference, const Move *move, uint32_t class, bool lost,
                     uint32_t permissions, uint32_t *columns, uint32_t *result)
{
    uint32_t *before = columns;
    uint32_t *after = columns + difference->n_types + 1;

    exposure_fill_column(difference->before, move->before, class, difference->n_types, before);
    exposure_fill_column(difference->after, move->after, class, difference->n_types, after);
    for (uint32_t domain = 1; domain <= difference->n_types; domain++)
        result[domain] |= permissions & (lost ? before[domain] & ~after[domain]
                                              : after[domain] & ~before[domain]);
}

/* Gains are reported by the new type, losses by the old one; each once, however many moves
 * share it. */
static int compare_moves(const Difference *difference, const Move *moves, size_t n, uint32_t class,
                         uint32_t permissions, DifferenceSink sink, void *data)
{
    size_t cells = (size_t)difference->n_types + 1;
    _cleanup_free_ uint32_t *columns = calloc(3 * cells, sizeof(*columns));
    _cleanup_free_ bool *done = calloc(2 * cells, sizeof(*done));

    if (!columns || !done)
        return -ENOMEM;
    for (size_t i = 0; i < 2 * n; i++) {
        bool lost = i % 2 == 1;
        uint32_t target = lost ? moves[i / 2].before : moves[i / 2].after;
        uint32_t *result = columns + 2 * cells;
        int r;

        if (done[(lost ? cells : 0) + target])
            continue;
        done[(lost ? cells : 0) + target] = true;
        memset(result, 0, cells * sizeof(*result));
        for (size_t j = i / 2; j < n; j++)
            if ((lost ? moves[j].before : moves[j].after) == target)
                add_move(difference, &moves[j], class, lost, permissions, columns, result);
        r = report_column(difference, target, class, lost, result, sink, data);
        if (r < 0)
            return r;
    }
    return 0;
}

int exposure_compare_relabel(const Difference *difference, uint32_t before, uint32_t after,
                             uint32_t class, DifferenceSink sink, void *data)
{
    Move move = {before, after};

    return compare_moves(difference, &move, 1, class, ~UINT32_C(0), sink, data);
}

static size_t collect_moves(const PortSegment *segments, size_t n, Move *moves)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool seen = segments[i].before == segments[i].after || segments[i].before == 0 ||
                    segments[i].after == 0;

        for (size_t j = 0; j < kept && !seen; j++)
            seen = moves[j].before == segments[i].before && moves[j].after == segments[i].after;
        if (!seen)
            moves[kept++] = (Move){segments[i].before, segments[i].after};
    }
    return kept;
}

static int compare_protocol(const Difference *difference, PortProtocol protocol,
                            DifferenceSink sink, void *data)
{
    const Policy *policy = difference->before->policy;
    uint32_t class = policy_find_class(policy, port_protocol_class(protocol));
    _cleanup_free_ PortSegment *segments = NULL;
    _cleanup_free_ Move *moves = NULL;
    size_t n = 0;
    int r;

    if (class == 0)
        return 0;
    r = exposure_port_segments(difference, protocol, &segments, &n);
    if (r < 0)
        return r;
    moves = calloc(n, sizeof(*moves));
    if (!moves)
        return -ENOMEM;
    n = collect_moves(segments, n, moves);
    return compare_moves(difference, moves, n, class, exposure_port_permissions(policy, class),
                         sink, data);
}

int exposure_compare_ports(const Difference *difference, DifferenceSink sink, void *data)
{
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        int r = 0;

        /* What neither side labels is as the policy has it, on both. */
        if (labels_protocol(difference->before, (PortProtocol)protocol) ||
            labels_protocol(difference->after, (PortProtocol)protocol))
            r = compare_protocol(difference, (PortProtocol)protocol, sink, data);
        if (r < 0)
            return r;
    }
    return 0;
}
