/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sink that keeps what it is given, for the tests of this folder. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/audit/event.h"
#include "daemon/core/denial.h"

#define CAPTURE_MAX 4096u

typedef struct Capture {
    Denial *denials[CAPTURE_MAX];
    size_t n_denials;
    size_t n_events;
    size_t event_sizes[CAPTURE_MAX]; /* denials of each event */
    int policy_changes[16];          /* types */
    size_t n_policy_changes;
    int result; /* what the sink returns */
} Capture;

static int capture_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                           size_t n_denials)
{
    Capture *capture = userdata;

    if (capture->n_events >= CAPTURE_MAX || capture->n_denials + n_denials > CAPTURE_MAX)
        return -E2BIG;
    capture->event_sizes[capture->n_events++] = n_denials;
    for (size_t i = 0; i < n_denials; i++) {
        Denial *copy = denial_copy(&denials[i]);

        if (!copy)
            return -ENOMEM;
        capture->denials[capture->n_denials++] = copy;
    }
    return capture->result;
}

static int capture_policy_change(void *userdata, const AuditRecord *record)
{
    Capture *capture = userdata;

    if (capture->n_policy_changes < sizeof(capture->policy_changes) / sizeof(int))
        capture->policy_changes[capture->n_policy_changes++] = record->type;
    return 0;
}

static inline AuditSink capture_sink(Capture *capture)
{
    return (AuditSink){
        .userdata = capture, .denials = capture_denials, .policy_change = capture_policy_change};
}

static inline void capture_clear(Capture *capture)
{
    for (size_t i = 0; i < capture->n_denials; i++)
        free(capture->denials[i]);
    *capture = (Capture){0};
}
