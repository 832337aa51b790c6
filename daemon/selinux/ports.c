/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/access.h"
#include "daemon/core/macro.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports-internal.h"

static const struct {
    uint8_t number;
    const char *class_name;
} protocols[PORT_PROTOCOL_COUNT] = {
    [PORT_TCP] = {IPPROTO_TCP, "tcp_socket"},
    [PORT_UDP] = {IPPROTO_UDP, "udp_socket"},
    [PORT_DCCP] = {IPPROTO_DCCP, "dccp_socket"},
    [PORT_SCTP] = {IPPROTO_SCTP, "sctp_socket"},
};

const char *port_protocol_class(PortProtocol protocol)
{
    return (unsigned)protocol < PORT_PROTOCOL_COUNT ? protocols[protocol].class_name : NULL;
}

/* --- one port ----------------------------------------------------------- */

static const PortOverride *find_override(const Hypothesis *hypothesis, PortProtocol protocol,
                                         uint16_t port)
{
    for (size_t i = hypothesis->n_ports; i > 0; i--) {
        const PortOverride *override = &hypothesis->ports[i - 1];

        if (override->protocol == protocol && override->low <= port && port <= override->high)
            return override;
    }
    return NULL;
}

static const PortRecord *find_record(const Policy *policy, PortProtocol protocol, uint16_t port)
{
    for (size_t i = 0; i < policy->n_ports; i++) {
        const PortRecord *record = &policy->ports[i];

        if (record->protocol == protocols[protocol].number && record->low <= port &&
            port <= record->high)
            return record;
    }
    return NULL;
}

int port_find_label(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t port,
                    PortLabel *ret_label)
{
    const Policy *policy = hypothesis->policy;
    const PortOverride *override;
    const PortRecord *record;
    PortLabel label;

    if ((unsigned)protocol >= PORT_PROTOCOL_COUNT)
        return -EINVAL;
    override = find_override(hypothesis, protocol, port);
    record = override ? NULL : find_record(policy, protocol, port);
    if (override)
        label =
            (PortLabel){PORT_FROM_HYPOTHESIS, override->low, override->high, override->type, NULL};
    else if (record)
        label = (PortLabel){PORT_FROM_POLICY, record->low, record->high, record->type, NULL};
    else if (policy->initial_types[INITIAL_SID_PORT] != 0)
        label = (PortLabel){PORT_FROM_DEFAULT, 0, UINT16_MAX,
                            policy->initial_types[INITIAL_SID_PORT], NULL};
    else
        return -ENODATA;
    label.type_name = hypothesis_type_name(hypothesis, label.type);
    *ret_label = label;
    return 0;
}

char *port_context(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t port)
{
    const Policy *policy = hypothesis->policy;
    const PortOverride *override;
    const PortRecord *record;
    const char *context;

    if ((unsigned)protocol >= PORT_PROTOCOL_COUNT)
        return NULL;
    override = find_override(hypothesis, protocol, port);
    record = find_record(policy, protocol, port);
    context = record ? record->context : policy->initial_contexts[INITIAL_SID_PORT];
    if (!context)
        return NULL;
    /* A label set by hand gets the user, role and level that all ports have. */
    return override ? context_with_type(context, hypothesis_type_name(hypothesis, override->type))
                    : strdup(context);
}

/* --- all ports ---------------------------------------------------------- */

static void fill(uint16_t *types, uint16_t low, uint16_t high, uint32_t type)
{
    for (uint32_t port = low; port <= high; port++)
        types[port] = (uint16_t)type;
}

void port_map_fill(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t *types)
{
    const Policy *policy = hypothesis->policy;

    /* From the weakest claim to the strongest. */
    fill(types, 0, UINT16_MAX, policy->initial_types[INITIAL_SID_PORT]);
    for (size_t i = policy->n_ports; i > 0; i--) {
        const PortRecord *record = &policy->ports[i - 1];

        if (record->protocol == protocols[protocol].number)
            fill(types, record->low, record->high, record->type);
    }
    for (size_t i = 0; i < hypothesis->n_ports; i++) {
        const PortOverride *override = &hypothesis->ports[i];

        if (override->protocol == protocol)
            fill(types, override->low, override->high, override->type);
    }
}

int port_ranges_append(PortRange **ranges, size_t *n, uint16_t low, uint16_t high)
{
    PortRange *larger = *ranges;

    /* Room doubles whenever the count reaches a power of two. */
    if ((*n & (*n - 1)) == 0) {
        larger = reallocarray(*ranges, *n == 0 ? 1 : *n * 2, sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        *ranges = larger;
    }
    larger[(*n)++] = (PortRange){low, high};
    return 0;
}

static int compare_ranges(const void *a, const void *b)
{
    const PortRange *x = a;
    const PortRange *y = b;

    return x->low != y->low ? x->low - y->low : x->high - y->high;
}

size_t port_ranges_merge(PortRange *ranges, size_t n)
{
    size_t kept = 0;

    if (n == 0)
        return 0;
    qsort(ranges, n, sizeof(*ranges), compare_ranges);
    for (size_t i = 1; i < n; i++) {
        if (ranges[i].low <= (uint32_t)ranges[kept].high + 1) {
            if (ranges[i].high > ranges[kept].high)
                ranges[kept].high = ranges[i].high;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    return kept + 1;
}

uint32_t port_ranges_count(const PortRange *ranges, size_t n)
{
    uint32_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += (uint32_t)ranges[i].high - ranges[i].low + 1;
    return count;
}

/* The ports whose type is marked in `wanted` (by value), merged and ascending. */
static int collect_ranges(const uint16_t *types, const bool *wanted, PortRange **ret_ranges,
                          size_t *ret_n)
{
    PortRange *ranges = NULL;
    size_t n = 0;
    uint32_t port = 0;

    while (port < PORT_COUNT) {
        uint32_t low = port;

        if (!wanted[types[port]]) {
            port++;
            continue;
        }
        while (port < PORT_COUNT && wanted[types[port]])
            port++;
        if (port_ranges_append(&ranges, &n, (uint16_t)low, (uint16_t)(port - 1)) < 0) {
            free(ranges);
            return -ENOMEM;
        }
    }
    *ret_ranges = ranges;
    *ret_n = n;
    return 0;
}

int port_ranges_of_type(const Hypothesis *hypothesis, PortProtocol protocol, const char *type,
                        PortRange **ret_ranges, size_t *ret_n)
{
    uint32_t value = hypothesis_find_type(hypothesis, type);
    _cleanup_free_ uint16_t *types = NULL;
    _cleanup_free_ bool *wanted = NULL;

    if ((unsigned)protocol >= PORT_PROTOCOL_COUNT)
        return -EINVAL;
    if (value == 0)
        return -ENOENT;
    types = calloc(PORT_COUNT, sizeof(*types));
    wanted = calloc((size_t)hypothesis_n_types(hypothesis) + 1, sizeof(*wanted));
    if (!types || !wanted)
        return -ENOMEM;
    port_map_fill(hypothesis, protocol, types);
    wanted[value] = true;
    return collect_ranges(types, wanted, ret_ranges, ret_n);
}

/* --- reach -------------------------------------------------------------- */

void port_reach_clear(PortReach *reach)
{
    free(reach->types);
    free(reach->ranges);
    *reach = (PortReach){};
}

/* Marks the types in use that the domain may use; 0, the unknown type, never is. */
static size_t mark_types(const Hypothesis *hypothesis, const uint16_t *types, uint32_t domain,
                         uint32_t class, uint32_t permission, bool *seen, bool *allowed)
{
    size_t n = 0;

    seen[0] = true;
    for (uint32_t port = 0; port < PORT_COUNT; port++) {
        uint32_t type = types[port];

        if (seen[type])
            continue;
        seen[type] = true;
        allowed[type] =
            (decide_allowed_by_rules(hypothesis, domain, type, class) & permission) != 0;
        n += allowed[type];
    }
    return n;
}

int port_reach(const Hypothesis *hypothesis, const char *domain, PortProtocol protocol,
               const char *permission, PortReach *ret_reach)
{
    size_t n_types = (size_t)hypothesis_n_types(hypothesis) + 1;
    uint32_t source = hypothesis_find_type(hypothesis, domain);
    _cleanup_free_ uint16_t *types = NULL;
    _cleanup_free_ bool *marks = NULL;
    PortReach reach = {};
    uint32_t class, bit;
    bool *allowed;
    int r;

    if ((unsigned)protocol >= PORT_PROTOCOL_COUNT)
        return -EINVAL;
    class = policy_find_class(hypothesis->policy, protocols[protocol].class_name);
    bit = policy_find_permission(hypothesis->policy, class, permission);
    if (source == 0 || bit == 0)
        return -ENOENT;
    types = calloc(PORT_COUNT, sizeof(*types));
    marks = calloc(2 * n_types, sizeof(*marks));
    if (!types || !marks)
        return -ENOMEM;
    allowed = marks + n_types;

    port_map_fill(hypothesis, protocol, types);
    reach.n_types = mark_types(hypothesis, types, source, class, bit, marks, allowed);
    reach.types = calloc(reach.n_types + 1, sizeof(*reach.types));
    if (!reach.types)
        return -ENOMEM;
    for (uint32_t type = 1, n = 0; type < n_types; type++)
        if (allowed[type])
            reach.types[n++] = type;
    r = collect_ranges(types, allowed, &reach.ranges, &reach.n_ranges);
    if (r < 0) {
        port_reach_clear(&reach);
        return r;
    }
    reach.count = port_ranges_count(reach.ranges, reach.n_ranges);
    *ret_reach = reach;
    return 0;
}

/* --- nodes and interfaces ------------------------------------------------ */

static bool node_matches(const NodeRecord *node, const unsigned char *address, size_t length)
{
    if (node->length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((address[i] & node->mask[i]) != node->address[i])
            return false;
    return true;
}

static char *copy_context(const char *context)
{
    return context ? strdup(context) : NULL;
}

char *node_context(const Policy *policy, const void *address, size_t length)
{
    if (length != 4 && length != 16)
        return NULL;
    for (size_t i = 0; i < policy->n_nodes; i++)
        if (node_matches(&policy->nodes[i], address, length))
            return copy_context(policy->nodes[i].context);
    return copy_context(policy->initial_contexts[INITIAL_SID_NODE]);
}

char *netif_context(const Policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_netifs; i++)
        if (streq(policy->netifs[i].name, name))
            return copy_context(policy->netifs[i].context);
    return copy_context(policy->initial_contexts[INITIAL_SID_NETIF]);
}

bool port_belongs_to_service(uint16_t port, const char *type_name)
{
    static const char *const web_or_nobody[] = {
        "http_port_t", "http_cache_port_t", "reserved_port_t", "hi_reserved_port_t", "port_t",
    };

    if (port >= 1024 || !type_name || strncmp(type_name, "selguard_", 9) == 0)
        return false;
    for (size_t i = 0; i < ELEMENTS_OF(web_or_nobody); i++)
        if (streq(web_or_nobody[i], type_name))
            return false;
    return true;
}
