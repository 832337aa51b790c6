/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which events were taken, by their stamp (time and serial), so that one that comes by two ways
 * (socket, log, journal) counts once. A table of fixed size: a newer serial takes the place of
 * one AUDIT_SEEN_EVENTS older, and from then on the set does not know about events of that time.
 *
 * Besides, the newest few that came live, in that order: what a restart must know.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SeenEvents SeenEvents;

typedef enum SeenWay {
    SEEN_LIVE = 1, /* from the socket, where no event comes twice, if perhaps in two parts */
    SEEN_READ = 2, /* from a log */
    SEEN_KEPT = 3, /* in an earlier run */
} SeenWay;

typedef struct SeenEvent {
    uint64_t time_usec; /* of whole milliseconds, as the kernel's stamps are */
    uint64_t serial;
} SeenEvent;

int seen_events_new(SeenEvents **ret_seen); /* 0 or -ENOMEM */
SeenEvents *seen_events_free(SeenEvents *seen);

/* Remembers the event. Returns false if it was counted before: came by the other way, or was
 * read already. */
bool seen_events_add(SeenEvents *seen, uint64_t time_usec, uint64_t serial, SeenWay way);
/* Whether the event would have been found if it had come before. */
bool seen_events_knows(const SeenEvents *seen, uint64_t time_usec);

/* The stamp of the newest arrival; 0 before the first. */
uint64_t seen_events_last(const SeenEvents *seen);
/* The newest arrivals from AUDIT_SEEN_SPAN_USEC before the last one on, at most
 * AUDIT_SEEN_RECENT, newest first. Returns how many, and in *ret_since the time from which on
 * these are all that came. */
size_t seen_events_recent(const SeenEvents *seen, SeenEvent ret_events[], uint64_t *ret_since);
