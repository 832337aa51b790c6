/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/scratch.h"

#include <string.h>

const char *scratch_copy_text(Scratch *scratch, const char *text, size_t length)
{
    char *at = scratch->data + scratch->used;

    if (length >= scratch->size - scratch->used)
        return NULL;
    memcpy(at, text, length);
    at[length] = '\0';
    scratch->used += length + 1;
    return at;
}

const char *scratch_copy_value(Scratch *scratch, AuditFieldKind kind, const char *value,
                               size_t length, NulRule rule)
{
    char *at = scratch->data + scratch->used;
    size_t room = scratch->size - scratch->used;
    int n;

    if (length == 0 || room == 0)
        return NULL;
    n = audit_value_decode(kind, value, length, at, room - 1);
    if (n <= 0)
        return NULL;
    if (memchr(at, '\0', (size_t)n)) {
        switch (rule) {
        case NUL_REFUSE:
            return NULL;
        case NUL_TO_AT:
            /* Only an abstract name begins with one. */
            if (at[0] != '\0')
                return NULL;
            break;
        case NUL_TO_SPACE:
            while (n > 0 && at[n - 1] == '\0')
                n--;
            if (n == 0)
                return NULL;
            break;
        }
        for (int i = 0; i < n; i++) {
            if (at[i] == '\0')
                at[i] = rule == NUL_TO_AT ? '@' : ' ';
        }
    }
    at[n] = '\0';
    scratch->used += (size_t)n + 1;
    return at;
}
