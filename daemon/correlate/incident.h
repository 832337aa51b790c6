/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An incident: one failed operation, seen by the kernel, by nginx, or by both.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/denial.h"
#include "daemon/core/failure.h"

/* How sure it is that a denial and a failure are the same operation. */
typedef enum Match {
    MATCH_NONE,
    MATCH_LIKELY,  /* process and time agree, and nothing contradicts */
    MATCH_CERTAIN, /* the port or the path agrees, too */
} Match;

/* Valid during the call it is passed to. At least one half is there. */
typedef struct Incident {
    const Denial *denial;
    const Failure *failure;
    Match match; /* MATCH_NONE unless both halves are there */
    /* A half that came so late that the other had been reported alone: it adds
     * context to what was counted already. */
    bool denial_reported;
    bool failure_reported;
} Incident;
