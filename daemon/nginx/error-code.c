/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/error-code.h"

#include <errno.h>

#include "daemon/core/macro.h"

int error_code_of_openssl(Slice text)
{
    unsigned long code = 0;
    size_t i;

    if (!slice_skip(&text, "(SSL: error:"))
        return 0;
    for (i = 0; i < text.length && i < 9 && text.start[i] != ':'; i++) {
        char c = text.start[i];

        if (c >= '0' && c <= '9')
            code = code * 16 + (unsigned long)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            code = code * 16 + (unsigned long)((c | 0x20) - 'a') + 10;
        else
            return 0;
    }
    if (i != 8 || i == text.length || text.start[i] != ':')
        return 0;
    if (code & 0x80000000UL)
        code &= 0x7fffffffUL;
    else if (code >> 24 == 2)
        code &= 0xfffUL;
    else
        return 0;
    return code <= 4095 ? (int)code : 0;
}

int error_code_of_loader(Slice text)
{
    static const struct {
        const char *text;
        int error;
    } table[] = {
        {": Permission denied", EACCES},
        {": Operation not permitted", EPERM},
        {": No such file or directory", ENOENT},
    };

    for (size_t i = 0; i < ELEMENTS_OF(table); i++) {
        size_t length = strlen(table[i].text);

        if (text.length >= length &&
            slice_equals(slice_from(text, text.length - length), table[i].text))
            return table[i].error;
    }
    return 0;
}
