/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A long log of nginx is read and parsed by a second process, while this one reads the audit log.
 * What came of it is handed over in memory that both share, some batches ahead and no more; the
 * pipeline gets the same failures in the same order as if it had parsed the lines itself.
 */
#pragma once

#include "daemon/monitor/line-reader.h"
#include "daemon/monitor/pipeline.h"

/* Bytes of a log below which another process is not worth its start. */
#define LINES_AHEAD_SIZE_MIN (4u * 1024 * 1024)

typedef struct LinesAhead LinesAhead;

/* Forks the process. It reads through the reader, which is the caller's and must not be used while
 * this lives; lines are parsed as the pipeline would, with `path` as their source, which must stay.
 * 0 or a negative errno. */
int lines_ahead_start(LineReader *reader, Pipeline *pipeline, const char *path,
                      LinesAhead **ret_ahead);
/* Puts the next step's failures into the pipeline, and adds to the counters. Waits for them.
 * 1: there is more; 0: the end; or a negative errno, -EPIPE if the process ended unexpectedly. */
int lines_ahead_step(LinesAhead *ahead, Pipeline *pipeline, uint64_t *lines,
                     uint64_t *lines_skipped);
/* Ends the process. Accepts and returns NULL. */
LinesAhead *lines_ahead_free(LinesAhead *ahead);
