/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much came in the last minute, and how late: one slot for each second of it. Plain data;
 * the clock is the caller's and does not go back.
 */
#pragma once

#include <stdint.h>

#define METER_SECONDS 60u

typedef struct Meter {
    struct {
        uint64_t second; /* that the slot is about */
        uint64_t n;
        uint64_t lag_usec; /* the largest */
    } slots[METER_SECONDS];
    uint64_t lag_usec; /* the last */
} Meter;

typedef struct MeterReading {
    uint64_t last_minute;  /* how many */
    uint64_t busiest;      /* of those, the most in one second */
    uint64_t lag_usec;     /* of the last one */
    uint64_t lag_max_usec; /* of all in the last minute */
} MeterReading;

void meter_add(Meter *meter, uint64_t now_usec, uint64_t n, uint64_t lag_usec);
MeterReading meter_read(const Meter *meter, uint64_t now_usec);
