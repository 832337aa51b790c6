/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ties denials to failures. Either half may come first; a half that nothing joined within
 * CORRELATE_WAIT_USEC is reported alone, and remembered for CORRELATE_REMEMBER_USEC so that
 * a late other half becomes context instead of a second problem.
 *
 * Time is the caller's: any clock in microseconds that does not go back. Live it is the
 * monotonic one; over recorded files it is the records' own.
 */
#pragma once

#include <stdint.h>

#include "daemon/correlate/incident.h"

typedef struct Correlator Correlator;

/* Called for every incident, from within the functions below. Must not call them. */
typedef void (*IncidentSink)(const Incident *incident, void *userdata);

typedef struct CorrelatorStatistics {
    uint64_t matched;
    uint64_t denials_alone;
    uint64_t failures_alone;
    uint64_t late;      /* joined after one half had been reported */
    uint64_t evicted;   /* reported early: too many were waiting */
    uint64_t forgotten; /* reported, and no longer known to a late other half: too many were */
    uint64_t unchecked; /* directories that were not looked at: too many in one second */
    uint64_t twins;     /* lines that said again what nginx had said on its standard error output */
    size_t pending;     /* waiting now, both kinds */
} CorrelatorStatistics;

/* 0 or -ENOMEM. */
int correlator_new(Correlator **ret_correlator, IncidentSink sink, void *userdata);
/* Whether the caller's time is a clock, as it is live: what comes in within one moment then belongs
 * together whatever its stamps say. */
void correlator_set_live(Correlator *correlator, bool live);
/* Asks whether a directory, of which a record has the last name ("/" for the root of a file system)
 * and the inode number, can be on the way to a path (directory-on-way.h). Without it every path may
 * pass every root, and every directory of a name that the path has. */
typedef bool (*DirectoryCheck)(const char *path, const char *name, uint64_t inode);
void correlator_set_directory_check(Correlator *correlator, DirectoryCheck check);
/* Drops what waits. Accepts and returns NULL. */
Correlator *correlator_free(Correlator *correlator);

/* Each copies what it has to keep. 0 or -ENOMEM; then the half was reported alone. */
int correlator_push_denial(Correlator *correlator, const Denial *denial, uint64_t now_usec);
int correlator_push_failure(Correlator *correlator, const Failure *failure, uint64_t now_usec);

/* Reports what waited long enough. */
void correlator_advance(Correlator *correlator, uint64_t now_usec);
/* Reports all that waits: the end of a recorded input. */
void correlator_flush(Correlator *correlator);
/* When correlator_advance() has something to do; UINT64_MAX if nothing waits. */
uint64_t correlator_deadline(const Correlator *correlator);

void correlator_get_statistics(const Correlator *correlator, CorrelatorStatistics *ret_statistics);
