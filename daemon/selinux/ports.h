/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports, nodes and network interfaces: which context the kernel gives them
 * (security/selinux/ss/services.c: security_port_sid, security_node_sid,
 * security_netif_sid: the first match in the policy's order, else the initial
 * SID), and which ports a domain may use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/diagnosis.h"
#include "daemon/selinux/hypothesis.h"

typedef enum PortOrigin {
    PORT_FROM_HYPOTHESIS,
    PORT_FROM_POLICY,
    PORT_FROM_DEFAULT, /* no record: initial SID "port" */
} PortOrigin;

typedef struct PortLabel {
    PortOrigin origin;
    uint16_t low; /* of the record that decides; 0..65535 for the default */
    uint16_t high;
    uint32_t type;
    const char *type_name; /* belongs to policy or hypothesis */
} PortLabel;

/* Returns 0, -EINVAL (protocol), or -ENODATA (no record, and no initial SID). */
int port_find_label(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t port,
                    PortLabel *ret_label);
/* The whole context, for use in an Access; the caller frees it. NULL if out of memory
 * or not known. */
char *port_context(const Hypothesis *hypothesis, PortProtocol protocol, uint16_t port);

/* Ports that have this type in effect, merged and ascending; the caller frees
 * *ret_ranges (NULL where none). Returns 0, -ENOENT (type), -EINVAL, -ENOMEM. */
int port_ranges_of_type(const Hypothesis *hypothesis, PortProtocol protocol, const char *type,
                        PortRange **ret_ranges, size_t *ret_n);

/* What a domain may do with ports of one protocol: permission is "name_connect" or
 * "name_bind". Type enforcement only. */
typedef struct PortReach {
    uint32_t *types; /* port types that are in use as labels and allowed; ascending */
    size_t n_types;
    PortRange *ranges; /* merged, ascending */
    size_t n_ranges;
    uint32_t count; /* ports, 0..65536 */
} PortReach;

/* Returns 0 (port_reach_clear() it), -ENOENT (domain, or the policy lacks class or
 * permission), -EINVAL, -ENOMEM. */
int port_reach(const Hypothesis *hypothesis, const char *domain, PortProtocol protocol,
               const char *permission, PortReach *ret_reach);
void port_reach_clear(PortReach *reach);

/* The socket class whose name_connect and name_bind govern the protocol. */
const char *port_protocol_class(PortProtocol protocol);

/* Merges overlapping and adjacent ranges in place, ascending. Returns how many remain. */
size_t port_ranges_merge(PortRange *ranges, size_t n);
uint32_t port_ranges_count(const PortRange *ranges, size_t n); /* of merged ranges */

/* The context of an IPv4 (4 bytes) or IPv6 (16 bytes) address, network order; of an
 * interface. The caller frees it. NULL if out of memory or not known. */
char *node_context(const Policy *policy, const void *address, size_t length);
char *netif_context(const Policy *policy, const char *name);

/* Whether the label of a port is nobody's to change for the sake of a web server: one below 1024
 * that the policy gives to a service. `type_name` may be NULL. */
bool port_belongs_to_service(uint16_t port, const char *type_name);
