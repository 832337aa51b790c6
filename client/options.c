/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/options.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

int option_parse_seconds(const char *text, uint64_t low, uint64_t high, uint64_t *ret_seconds)
{
    static const struct {
        const char *name;
        uint64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    size_t digits = strspn(text, "0123456789");
    _cleanup_free_ char *number = strndup(text, digits);
    uint64_t value;
    int r;

    if (!number)
        return -ENOMEM;
    r = parse_number(number, 0, UINT32_MAX, &value);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTS_OF(units); i++) {
        if (!streq(text + digits, units[i].name))
            continue;
        value *= units[i].seconds;
        if (value < low || value > high)
            return -ERANGE;
        *ret_seconds = value;
        return 0;
    }
    return -EINVAL;
}
