/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which texts were seen lately, so that what they mean need not be worked out again: in a storm
 * the records of one denial repeat to the byte, but for their stamp. A text has one place it can
 * be in; another one takes it over. Fixed size, nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/limits.h"

typedef struct Memo {
    uint16_t lengths[AUDIT_MEMO_ENTRIES]; /* 0: the place is empty */
    char texts[AUDIT_MEMO_ENTRIES][AUDIT_MEMO_TEXT_MAX];
} Memo;

/* The place of a text, at most AUDIT_MEMO_ENTRIES - 1; -1 for one that is empty or too long to
 * be remembered. *ret_known (set unless -1 is returned) is whether the very text is there. */
int memo_find(const Memo *memo, const char *text, size_t length, bool *ret_known);
/* Puts the text into the place that memo_find() gave for it. */
void memo_put(Memo *memo, int place, const char *text, size_t length);
