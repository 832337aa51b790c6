/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/options.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/macro.h"

/* One or two digits; returns how many, 0 if none. */
static int parse_digits(const char *text, int32_t *ret_number)
{
    int n = 0;

    *ret_number = 0;
    while (n < 2 && isdigit((unsigned char)text[n]))
        *ret_number = *ret_number * 10 + (text[n++] - '0');
    return n;
}

int options_parse_utc_offset(const char *text, int32_t *ret_seconds)
{
    int32_t sign, hours, minutes = 0;
    int n;

    if (streq(text, "Z") || streq(text, "UTC")) {
        *ret_seconds = 0;
        return 0;
    }
    if (*text != '+' && *text != '-')
        return -EINVAL;
    sign = *text++ == '-' ? -1 : 1;
    n = parse_digits(text, &hours);
    text += n;
    if (n == 0)
        return -EINVAL;
    if (*text == ':')
        text++;
    if (*text && parse_digits(text, &minutes) != 2)
        return -EINVAL;
    if (*text && text[2] != '\0')
        return -EINVAL;
    if (hours > 14 || minutes > 59)
        return -EINVAL;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return 0;
}
