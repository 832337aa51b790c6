/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/status-intake.h"

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static uint64_t number(json_object *statistics, const char *key)
{
    return json_object_get_uint64(json_get(statistics, key));
}

static unsigned long long milliseconds(json_object *statistics, const char *key)
{
    return (unsigned long long)(number(statistics, key) / USEC_PER_MSEC);
}

static unsigned long long kibibytes(json_object *statistics, const char *key)
{
    return (unsigned long long)(number(statistics, key) / 1024);
}

static uint64_t item_number(json_object *array, size_t n)
{
    return n < json_length(array) ? json_object_get_uint64(json_object_array_get_idx(array, n)) : 0;
}

static void print_gaps(json_object *gaps)
{
    for (size_t i = 0; i < json_length(gaps); i++) {
        json_object *gap = json_object_array_get_idx(gaps, i);
        _cleanup_free_ char *cause = escape_for_terminal(json_item_text(gap, 0));
        _cleanup_free_ char *state = escape_for_terminal(json_item_text(gap, 1));
        _cleanup_free_ char *reason = escape_for_terminal(json_item_text(gap, 6));
        char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE] = "now";

        timestamp_format(item_number(gap, 2), from);
        if (item_number(gap, 3) > 0)
            timestamp_format(item_number(gap, 3), to);
        (void)printf("  %-9s %s to %s (%s): %s", i == 0 ? "gaps" : "", from, to, strempty(cause),
                     strempty(state));
        if (item_number(gap, 4) > 0)
            (void)printf(", records lost: %s", json_item_text(gap, 4));
        if (item_number(gap, 5) > 0)
            (void)printf(", denials read up: %s", json_item_text(gap, 5));
        (void)printf("%s%s\n", *strempty(reason) ? "; " : "", strempty(reason));
    }
}

void status_print_intake(json_object *statistics)
{
    (void)printf("  rate      %s denials in the last minute, at most %s in a second\n",
                 json_get_text(statistics, "denials_last_minute"),
                 json_get_text(statistics, "denials_busiest_second"));
    (void)printf("  lag       %llu ms, at most %llu ms in the last minute\n",
                 milliseconds(statistics, "lag_usec"), milliseconds(statistics, "lag_max_usec"));
    (void)printf("  queues    socket %llu of %llu KiB, incidents %s, analyses %s, signals %s\n",
                 kibibytes(statistics, "socket_queued"), kibibytes(statistics, "socket_buffer"),
                 json_get_text(statistics, "pending"), json_get_text(statistics, "unanalyzed"),
                 json_get_text(statistics, "signals_queued"));
    (void)printf("  memory    %llu KiB\n", kibibytes(statistics, "memory"));
    if (number(statistics, "backfill_bytes") > 0)
        (void)printf("  reading   the audit log of a gap: %llu KiB, denials so far: %s\n",
                     kibibytes(statistics, "backfill_bytes"),
                     json_get_text(statistics, "backfill_denials"));
    print_gaps(json_get(statistics, "gaps"));
}
