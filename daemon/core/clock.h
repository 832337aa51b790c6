/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <time.h>

#include "daemon/core/limits.h"

/* What a clock that every kernel has (clock_gettime(2)) shows, in microseconds. */
static inline uint64_t clock_usec(clockid_t clock)
{
    struct timespec now = {};

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}
