/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audit intake saw and what it could not use. Counters only ever grow. */
#pragma once

#include <stdint.h>

typedef struct AuditStatistics {
    uint64_t records;         /* seen, well-formed or not, of use or not */
    uint64_t events;          /* delivered: each holds at least one denial */
    uint64_t denials;         /* delivered */
    uint64_t other_denials;   /* of source types that the filter does not name */
    uint64_t malformed;       /* no readable stamp, or an AVC that lacks a part */
    uint64_t truncated;       /* datagrams larger than a record can be; lines likewise */
    uint64_t wrong_sender;    /* datagrams that did not come from the kernel's multicast */
    uint64_t loss_episodes;   /* the receive buffer overflowed (ENOBUFS), times */
    uint64_t lost_records;    /* dropped by the kernel in those episodes, if it told */
    uint64_t evictions;       /* events delivered early because too many were open */
    uint64_t timeouts;        /* events delivered without their end record */
    uint64_t dropped_records; /* of an event, beyond what one event may keep */
} AuditStatistics;
