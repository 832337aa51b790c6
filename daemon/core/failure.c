/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/failure.h"

#include <stddef.h>

#include "daemon/core/macro.h"
#include "daemon/core/string-pack.h"

bool failure_is_of_backend(const Failure *failure)
{
    return streq(failure->operation, "backend-stderr") ||
           streq(failure->operation, "upstream-closed");
}

static const size_t strings[] = {
    offsetof(Failure, level),    offsetof(Failure, operation), offsetof(Failure, target),
    offsetof(Failure, address),  offsetof(Failure, phase),     offsetof(Failure, client),
    offsetof(Failure, server),   offsetof(Failure, request),   offsetof(Failure, subrequest),
    offsetof(Failure, upstream), offsetof(Failure, host),      offsetof(Failure, referrer),
    offsetof(Failure, log_path), offsetof(Failure, line),
};

Failure *failure_copy(const Failure *failure)
{
    return string_pack_copy(failure, sizeof(*failure), strings, ELEMENTS_OF(strings));
}

bool failure_copy_into(const Failure *failure, Failure *ret_copy, char *text, size_t size,
                       size_t *ret_used)
{
    size_t lengths[ELEMENTS_OF(strings)];
    size_t total = string_pack_measure(failure, strings, ELEMENTS_OF(strings), lengths);

    if (total > size)
        return false;
    string_pack_fill(ret_copy, text, failure, sizeof(*failure), strings, ELEMENTS_OF(strings),
                     lengths);
    *ret_used = total;
    return true;
}
