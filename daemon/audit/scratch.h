/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buffer of fixed size that decoded strings are put into, one after the other, terminated. They
 * stay until `used` is set back. Nothing is allocated.
 */
#pragma once

#include <stddef.h>

#include "daemon/audit/event.h"
#include "daemon/audit/field.h"
#include "daemon/core/limits.h"

/* No path is longer (PATH_MAX). */
#define SCRATCH_PATH_MAX 4096u

/* What an event can decode to: each byte of its text at most once, terminators, a socket
 * address, and for each denial one path put together from CWD and PATH. */
#define SCRATCH_SIZE_FOR(text_length, n_denials)                                                   \
    ((text_length) + (n_denials) * (SCRATCH_PATH_MAX + 64) + 1024)
#define SCRATCH_SIZE SCRATCH_SIZE_FOR(AUDIT_EVENT_TEXT_MAX, AUDIT_EVENT_DENIALS_MAX)

typedef struct Scratch {
    char *data; /* the owner's, with room for the text that is decoded into it */
    size_t size;
    size_t used;
} Scratch;

/* What a NUL inside a decoded value becomes; REFUSE: the value is then absent. */
typedef enum NulRule {
    NUL_REFUSE,
    NUL_TO_SPACE,
    NUL_TO_AT,
} NulRule;

/* A copy of plain text. NULL if there is no room, which the buffer's size rules out. */
const char *scratch_copy_text(Scratch *scratch, const char *text, size_t length);

/* The decoded value of a field; NULL where it stands for none, is empty, or is refused. */
const char *scratch_copy_value(Scratch *scratch, AuditFieldKind kind, const char *value,
                               size_t length, NulRule rule);
