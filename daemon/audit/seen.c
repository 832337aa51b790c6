/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/seen.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/limits.h"

_Static_assert((AUDIT_SEEN_EVENTS & (AUDIT_SEEN_EVENTS - 1)) == 0, "a mask makes the index");

/* Of a stamp, an entry holds all that its index does not say: 45 bits of milliseconds reach into
 * the year 3084, and the serial has 32 bits, of which the index tells 16 and more. */
#define WAY_BITS    2u
#define SERIAL_BITS 16u

struct SeenEvents {
    uint64_t evicted_usec; /* the latest event that gave way */
    uint64_t n_recent;     /* ever added */
    SeenEvent recent[AUDIT_SEEN_RECENT];
    uint64_t table[AUDIT_SEEN_EVENTS];
};

int seen_events_new(SeenEvents **ret_seen)
{
    SeenEvents *seen = calloc(1, sizeof(*seen));

    if (!seen)
        return -ENOMEM;
    *ret_seen = seen;
    return 0;
}

SeenEvents *seen_events_free(SeenEvents *seen)
{
    free(seen);
    return NULL;
}

static uint64_t make_entry(uint64_t time_usec, uint64_t serial)
{
    uint64_t high = (serial >> 16) & ((1u << SERIAL_BITS) - 1u);

    return (time_usec / USEC_PER_MSEC) << (SERIAL_BITS + WAY_BITS) | high << WAY_BITS;
}

static uint64_t entry_time(uint64_t entry)
{
    return (entry >> (SERIAL_BITS + WAY_BITS)) * USEC_PER_MSEC;
}

bool seen_events_add(SeenEvents *seen, uint64_t time_usec, uint64_t serial, SeenWay way)
{
    uint64_t *place = &seen->table[serial & (AUDIT_SEEN_EVENTS - 1)];
    const uint64_t ways = (1u << WAY_BITS) - 1, entry = make_entry(time_usec, serial);
    uint64_t evicted = entry_time(*place);

    if ((*place & ~ways) == entry && *place != 0)
        return way == SEEN_LIVE && (*place & ways) == SEEN_LIVE;
    /* What is read up may be older than what is there: then that stays. */
    if (way == SEEN_READ && evicted > time_usec)
        evicted = time_usec;
    else
        *place = entry | way;
    if (evicted > seen->evicted_usec)
        seen->evicted_usec = evicted;
    if (way != SEEN_READ)
        seen->recent[seen->n_recent++ % AUDIT_SEEN_RECENT] = (SeenEvent){time_usec, serial};
    return true;
}

bool seen_events_knows(const SeenEvents *seen, uint64_t time_usec)
{
    return time_usec > seen->evicted_usec;
}

static const SeenEvent *recent_at(const SeenEvents *seen, uint64_t age)
{
    return &seen->recent[(seen->n_recent - 1 - age) % AUDIT_SEEN_RECENT];
}

uint64_t seen_events_last(const SeenEvents *seen)
{
    return seen->n_recent > 0 ? recent_at(seen, 0)->time_usec : 0;
}

size_t seen_events_recent(const SeenEvents *seen, SeenEvent ret_events[], uint64_t *ret_since)
{
    uint64_t last = seen_events_last(seen), since;
    size_t n = 0, max = seen->n_recent < AUDIT_SEEN_RECENT ? (size_t)seen->n_recent
                                                           : (size_t)AUDIT_SEEN_RECENT;

    since = last > AUDIT_SEEN_SPAN_USEC ? last - AUDIT_SEEN_SPAN_USEC : 0;
    for (size_t i = 0; i < max; i++) {
        const SeenEvent *event = recent_at(seen, i);

        if (event->time_usec >= since)
            ret_events[n++] = *event;
    }
    /* Events older than the oldest that is still known may have been forgotten. */
    if (seen->n_recent > AUDIT_SEEN_RECENT && recent_at(seen, max - 1)->time_usec > since)
        since = recent_at(seen, max - 1)->time_usec;
    *ret_since = since;
    return n;
}
