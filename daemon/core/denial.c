/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/denial.h"

#include <stddef.h>

#include "daemon/core/macro.h"
#include "daemon/core/string-pack.h"

Denial *denial_copy(const Denial *denial)
{
    static const size_t strings[] = {
        offsetof(Denial, source_context),
        offsetof(Denial, target_context),
        offsetof(Denial, target_class),
        offsetof(Denial, permissions),
        offsetof(Denial, comm),
        offsetof(Denial, path),
        offsetof(Denial, name),
        offsetof(Denial, device),
        offsetof(Denial, laddr),
        offsetof(Denial, faddr),
        offsetof(Denial, exe),
        offsetof(Denial, proctitle),
        offsetof(Denial, cwd),
        offsetof(Denial, saddr),
    };

    return string_pack_copy(denial, sizeof(*denial), strings, ELEMENTS_OF(strings));
}
