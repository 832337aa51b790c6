/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/memo.h"

#include <string.h>

_Static_assert((AUDIT_MEMO_ENTRIES & (AUDIT_MEMO_ENTRIES - 1)) == 0, "the hash is masked");
_Static_assert(AUDIT_MEMO_TEXT_MAX <= UINT16_MAX, "lengths have two bytes");

/* Eight bytes a step. Whoever makes texts collide only has them parsed each time. */
uint64_t memo_hash(const char *text, size_t length)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = length * factor, word;

    for (; length >= sizeof(word); text += sizeof(word), length -= sizeof(word)) {
        memcpy(&word, text, sizeof(word));
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, text, length);
    hash = (hash ^ word) * factor;
    return hash ^ hash >> 32;
}

int memo_find(const Memo *memo, const char *text, size_t length, bool *ret_known)
{
    size_t place;

    if (length == 0 || length > AUDIT_MEMO_TEXT_MAX)
        return -1;
    place = memo_hash(text, length) & (AUDIT_MEMO_ENTRIES - 1);
    *ret_known = memo->lengths[place] == length && memcmp(memo->texts[place], text, length) == 0;
    return (int)place;
}

void memo_put(Memo *memo, int place, const char *text, size_t length)
{
    memo->lengths[place] = (uint16_t)length;
    memcpy(memo->texts[place], text, length);
}
