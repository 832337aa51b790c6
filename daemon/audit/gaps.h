/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spans of time in which audit records may not have reached us, and what became of them: still
 * going on, to be read from a log, filled, or not. Times are those of the records
 * (CLOCK_REALTIME). At most AUDIT_GAPS_MAX are kept: filled ones give way first, then the
 * oldest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/audit/log-walk.h"

typedef enum GapCause {
    GAP_STOPPED,  /* the monitor did not run */
    GAP_OVERFLOW, /* our receive buffer was full */
    GAP_KERNEL,   /* the kernel dropped records before it passed them to anybody */
    GAP_CAUSE_COUNT,
} GapCause;

typedef enum GapState {
    GAP_OPEN,     /* it has not ended yet */
    GAP_WAITING,  /* to be read */
    GAP_FILLING,  /* being read */
    GAP_FILLED,   /* a log had all of it */
    GAP_UNFILLED, /* no log had all of it */
    GAP_STATE_COUNT,
} GapState;

#define GAP_REASON_SIZE 160u

typedef struct Gap {
    uint64_t id; /* of this run; 0 is none */
    GapCause cause;
    GapState state;
    uint64_t from_usec;
    uint64_t to_usec;             /* 0 while it is open */
    uint64_t lost;                /* records, as far as it is known */
    AuditLogPosition start;       /* in the log, before all of it; inode 0: not known */
    uint64_t found;               /* denials that were read for it */
    char reason[GAP_REASON_SIZE]; /* why it was not filled; names no path */
} Gap;

typedef struct GapList {
    size_t n_gaps; /* in the order they came */
    uint64_t last_id;
    uint64_t evicted; /* unfilled ones that gave way */
    Gap gaps[16];
} GapList;

/* "stopped" …, "open" …; part of the D-Bus interface and of the state file. */
const char *gap_cause_to_string(GapCause cause);
int gap_cause_from_string(const char *text, GapCause *ret_cause);
const char *gap_state_to_string(GapState state);
int gap_state_from_string(const char *text, GapState *ret_state);

/* Records from `from_usec` on are missing, `lost` of them if that is known. Goes on with a gap
 * of the same cause that is open, or that ended shortly before and is not being read yet. */
Gap *gap_list_open(GapList *list, GapCause cause, uint64_t from_usec, uint64_t lost);
/* What comes from now on is complete: open gaps end at `to_usec`, to be read from the logs. */
void gap_list_end(GapList *list, uint64_t to_usec);
/* A gap that is known as a whole and that nothing can fill. Goes on with one of the same cause
 * and reason that ended shortly before. */
Gap *gap_list_add_unfilled(GapList *list, GapCause cause, uint64_t from_usec, uint64_t to_usec,
                           uint64_t lost, const char *reason);
/* One of an earlier run. What that run had to read, and had counted nothing of, is to be read. */
void gap_list_restore(GapList *list, const Gap *gap);

bool gap_list_has_open(const GapList *list);
/* The first that waits to be read; NULL if none. */
Gap *gap_list_next(GapList *list);
Gap *gap_list_find(GapList *list, uint64_t id);
/* The end of reading. `reason` NULL: it is filled. */
void gap_finish(Gap *gap, const char *reason);
/* Unfilled ones. */
size_t gap_list_count_unfilled(const GapList *list);
/* Forgets gaps that ended AUDIT_GAP_KEEP_USEC ago. True if there were any. */
bool gap_list_expire(GapList *list, uint64_t now_usec);
