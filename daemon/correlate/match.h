/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a denial and a failure are one operation. Pure.
 *
 * What must agree: the process, the time within CORRELATE_WINDOW_USEC of the log's one
 * second, and the kind of operation. What raises it to certain: the port, the socket's
 * or the file's path, or a component of it, which is all that an AVC tells of a directory.
 */
#pragma once

#include "daemon/correlate/incident.h"

/* `together`: both came in at the same moment by a clock that nobody sets, so that their stamps may
 * differ if everything else agrees: somebody has set the clock in between. */
Match match_halves(const Denial *denial, const Failure *failure, bool together);

/* True for the errno values that a denial makes: EACCES, EPERM. */
bool error_is_refusal(int error);

/* Whether there can be a denial for it at all. */
bool failure_may_match(const Failure *failure);
