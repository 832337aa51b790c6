/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/gaps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

_Static_assert(ELEMENTS_OF(((GapList *)NULL)->gaps) == AUDIT_GAPS_MAX, "the limit of limits.h");

static const char *const causes[GAP_CAUSE_COUNT] = {
    [GAP_STOPPED] = "stopped",
    [GAP_OVERFLOW] = "overflow",
    [GAP_KERNEL] = "kernel",
};

static const char *const states[GAP_STATE_COUNT] = {
    [GAP_OPEN] = "open",     [GAP_WAITING] = "waiting",   [GAP_FILLING] = "filling",
    [GAP_FILLED] = "filled", [GAP_UNFILLED] = "unfilled",
};

DEFINE_ENUM_STRINGS(gap_cause, GapCause, causes)
DEFINE_ENUM_STRINGS(gap_state, GapState, states)

static void remove_at(GapList *list, size_t index)
{
    list->n_gaps--;
    memmove(list->gaps + index, list->gaps + index + 1,
            (list->n_gaps - index) * sizeof(list->gaps[0]));
}

/* What is being read stays: its reader finds it again by its id. */
static void make_room(GapList *list)
{
    static const GapState order[] = {GAP_FILLED, GAP_UNFILLED, GAP_WAITING, GAP_OPEN};

    if (list->n_gaps < ELEMENTS_OF(list->gaps))
        return;
    for (size_t i = 0; i < ELEMENTS_OF(order); i++) {
        for (size_t at = 0; at < list->n_gaps; at++) {
            if (list->gaps[at].state != order[i])
                continue;
            list->evicted += order[i] != GAP_FILLED;
            remove_at(list, at);
            return;
        }
    }
    remove_at(list, 0);
}

static Gap *add(GapList *list, const Gap *gap)
{
    Gap *added;

    make_room(list);
    added = &list->gaps[list->n_gaps++];
    *added = *gap;
    added->id = ++list->last_id;
    return added;
}

static bool is_shortly_before(const Gap *gap, uint64_t from_usec)
{
    return gap->to_usec + AUDIT_GAP_JOIN_USEC >= from_usec &&
           from_usec + AUDIT_GAP_JOIN_USEC >= gap->from_usec;
}

Gap *gap_list_open(GapList *list, GapCause cause, uint64_t from_usec, uint64_t lost)
{
    for (size_t i = list->n_gaps; i > 0; i--) {
        Gap *gap = &list->gaps[i - 1];

        if (gap->cause != cause || !(gap->state == GAP_OPEN || (gap->state == GAP_WAITING &&
                                                                is_shortly_before(gap, from_usec))))
            continue;
        gap->state = GAP_OPEN;
        gap->to_usec = 0;
        gap->lost += lost;
        if (from_usec < gap->from_usec)
            gap->from_usec = from_usec;
        return gap;
    }
    return add(list, &(Gap){.cause = cause, .from_usec = from_usec, .lost = lost});
}

void gap_list_end(GapList *list, uint64_t to_usec)
{
    for (size_t i = 0; i < list->n_gaps; i++) {
        Gap *gap = &list->gaps[i];

        if (gap->state != GAP_OPEN)
            continue;
        gap->state = GAP_WAITING;
        gap->to_usec = to_usec > gap->from_usec ? to_usec : gap->from_usec;
    }
}

Gap *gap_list_add_unfilled(GapList *list, GapCause cause, uint64_t from_usec, uint64_t to_usec,
                           uint64_t lost, const char *reason)
{
    Gap gap = {.cause = cause,
               .state = GAP_UNFILLED,
               .from_usec = from_usec,
               .to_usec = to_usec,
               .lost = lost};

    (void)snprintf(gap.reason, sizeof(gap.reason), "%s", reason);
    for (size_t i = list->n_gaps; i > 0; i--) {
        Gap *before = &list->gaps[i - 1];

        if (before->cause != cause || before->state != GAP_UNFILLED ||
            !is_shortly_before(before, from_usec) || !streq(before->reason, gap.reason))
            continue;
        before->lost += lost;
        if (to_usec > before->to_usec)
            before->to_usec = to_usec;
        return before;
    }
    return add(list, &gap);
}

void gap_list_restore(GapList *list, const Gap *gap)
{
    Gap *added = add(list, gap);

    /* As long as nothing was counted of it, it can be read anew. */
    if ((added->state == GAP_WAITING || added->state == GAP_FILLING) && added->found == 0 &&
        added->to_usec > added->from_usec)
        added->state = GAP_WAITING;
    /* The gap of the stop that follows begins before the end of this one, or its reading was
     * cut short: nobody goes on with it. */
    else if (added->state != GAP_FILLED && added->state != GAP_UNFILLED)
        gap_finish(added, "the monitor was stopped before it had read the log");
    if (added->to_usec < added->from_usec)
        added->to_usec = added->from_usec;
}

bool gap_list_has_open(const GapList *list)
{
    for (size_t i = 0; i < list->n_gaps; i++)
        if (list->gaps[i].state == GAP_OPEN)
            return true;
    return false;
}

Gap *gap_list_next(GapList *list)
{
    for (size_t i = 0; i < list->n_gaps; i++)
        if (list->gaps[i].state == GAP_WAITING)
            return &list->gaps[i];
    return NULL;
}

Gap *gap_list_find(GapList *list, uint64_t id)
{
    for (size_t i = 0; i < list->n_gaps; i++)
        if (list->gaps[i].id == id)
            return &list->gaps[i];
    return NULL;
}

void gap_finish(Gap *gap, const char *reason)
{
    gap->state = reason ? GAP_UNFILLED : GAP_FILLED;
    (void)snprintf(gap->reason, sizeof(gap->reason), "%s", reason ? reason : "");
}

size_t gap_list_count_unfilled(const GapList *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_gaps; i++)
        n += list->gaps[i].state == GAP_UNFILLED;
    return n;
}

bool gap_list_expire(GapList *list, uint64_t now_usec)
{
    bool any = false;

    for (size_t i = list->n_gaps; i > 0; i--) {
        const Gap *gap = &list->gaps[i - 1];

        if ((gap->state != GAP_FILLED && gap->state != GAP_UNFILLED) ||
            gap->to_usec + AUDIT_GAP_KEEP_USEC > now_usec)
            continue;
        remove_at(list, i - 1);
        any = true;
    }
    return any;
}
