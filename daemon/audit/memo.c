/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/memo.h"

#include <string.h>

#include "daemon/core/text.h"

_Static_assert((AUDIT_MEMO_ENTRIES & (AUDIT_MEMO_ENTRIES - 1)) == 0, "the hash is masked");
_Static_assert(AUDIT_MEMO_TEXT_MAX <= UINT16_MAX, "lengths have two bytes");

int memo_find(const Memo *memo, const char *text, size_t length, bool *ret_known)
{
    size_t place;

    if (length == 0 || length > AUDIT_MEMO_TEXT_MAX)
        return -1;
    place = hash_text(text, length) & (AUDIT_MEMO_ENTRIES - 1);
    *ret_known = memo->lengths[place] == length && memcmp(memo->texts[place], text, length) == 0;
    return (int)place;
}

void memo_put(Memo *memo, int place, const char *text, size_t length)
{
    memo->lengths[place] = (uint16_t)length;
    memcpy(memo->texts[place], text, length);
}
