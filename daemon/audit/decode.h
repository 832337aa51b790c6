/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A complete event to its denials. Strings live in the decoder's fixed buffers
 * until the next call. A decoder is zeroed before its first use.
 *
 * Where a field may be written by somebody else (comm, name, path, exe, …) a NUL inside
 * makes it absent, since a C string would show only its beginning; abstract socket names
 * and process titles are the exceptions: '@' and a space stand for the NUL there.
 */
#pragma once

#include <stddef.h>

#include "daemon/audit/event-context.h"
#include "daemon/audit/event.h"
#include "daemon/audit/scratch.h"
#include "daemon/core/denial.h"
#include "daemon/core/limits.h"

/* An event of one denial that was decoded lately, and what it came to. In a storm events repeat
 * to the byte, but for their stamp. */
typedef struct KnownEvent {
    size_t n_records; /* 0: unused */
    AuditEventRecord records[AUDIT_KNOWN_RECORDS_MAX];
    uint32_t text_length;
    char text[AUDIT_KNOWN_TEXT_MAX];
    Denial denial; /* its strings are in: */
    char strings[SCRATCH_SIZE_FOR(AUDIT_KNOWN_TEXT_MAX, 1)];
} KnownEvent;

typedef struct AuditDecoder {
    Denial denials[AUDIT_EVENT_DENIALS_MAX];
    EventContextMemo memo;
    char strings[SCRATCH_SIZE];
    KnownEvent known[AUDIT_KNOWN_EVENTS]; /* each text has one place it can be in */
} AuditDecoder;

/* Fills decoder->denials[0 … event->n_avcs - 1]; returns how many. */
size_t audit_decode_event(AuditDecoder *decoder, const AuditEvent *event);
