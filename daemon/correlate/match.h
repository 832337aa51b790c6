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

Match match_halves(const Denial *denial, const Failure *failure);

/* True for the errno values that a denial makes: EACCES, EPERM. */
bool error_is_refusal(int error);
