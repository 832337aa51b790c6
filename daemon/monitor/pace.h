/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When to look at what comes in. A denial is four records and a line of a log, each of which wakes
 * whoever waits for it: what comes within a moment is taken at one look. The more often there is
 * something, the longer that moment, up to a bound below what a person notices; a flood is taken as
 * fast as it comes, for a buffer waits for nobody.
 *
 * Plain data, zeroed to begin with.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instead of a delay: nothing is there, wait for it. */
#define PACE_REST UINT64_MAX

typedef struct Pace {
    uint64_t delay_usec; /* before the look to come; 0: at rest, or in a flood */
    bool flood;
} Pace;

/* Something came: microseconds until it is looked at; 0: now. */
uint64_t pace_begin(Pace *pace);
/* A look found that many records and lines: microseconds until the next look; 0: as soon as there
 * is something; PACE_REST. */
uint64_t pace_next(Pace *pace, size_t n_found);
