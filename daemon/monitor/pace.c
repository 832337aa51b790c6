/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/pace.h"

#include "daemon/core/limits.h"

uint64_t pace_begin(Pace *pace)
{
    pace->delay_usec = pace->flood ? 0 : INTAKE_DELAY_USEC;
    return pace->delay_usec;
}

uint64_t pace_next(Pace *pace, size_t n_found)
{
    pace->flood = n_found >= INTAKE_FLOOD;
    if (n_found == 0 || pace->flood) {
        pace->delay_usec = 0;
        return n_found == 0 ? PACE_REST : 0;
    }
    if (pace->delay_usec < INTAKE_DELAY_USEC)
        pace->delay_usec = INTAKE_DELAY_USEC;
    else if (pace->delay_usec < INTAKE_DELAY_MAX_USEC)
        pace->delay_usec *= 2;
    return pace->delay_usec;
}
