/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A complete event to its denials. Strings live in the decoder's fixed scratch buffer
 * until the next call.
 *
 * Where a field may be written by somebody else (comm, name, path, exe, …) a NUL inside
 * makes it absent, since a C string would show only its beginning; abstract socket names
 * and process titles are the exceptions: '@' and a space stand for the NUL there.
 */
#pragma once

#include <stddef.h>

#include "daemon/audit/event.h"
#include "daemon/core/denial.h"
#include "daemon/core/limits.h"

/* What an event can decode to: each byte of its text at most once, its sorted
 * permissions and terminators, and for each denial one path put together from CWD and
 * PATH (PATH_MAX). */
#define AUDIT_DECODE_PATH_MAX 4096u
#define AUDIT_DECODE_SCRATCH_MAX                                                                   \
    (AUDIT_EVENT_TEXT_MAX + AUDIT_EVENT_DENIALS_MAX * (AUDIT_DECODE_PATH_MAX + 64) + 1024)

typedef struct AuditDecoder {
    Denial denials[AUDIT_EVENT_DENIALS_MAX];
    size_t used;
    char scratch[AUDIT_DECODE_SCRATCH_MAX];
} AuditDecoder;

/* Fills decoder->denials[0 … event->n_avcs - 1]; returns how many. */
size_t audit_decode_event(AuditDecoder *decoder, const AuditEvent *event);
