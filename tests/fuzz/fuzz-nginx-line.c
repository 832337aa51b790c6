/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/failure.h"
#include "daemon/nginx/error-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every failure must hold, whatever the line. */
static void check(const Failure *failure, size_t length)
{
    Failure *copy;

    if (!failure->level || !failure->operation || !*failure->operation || !failure->line)
        abort();
    if (failure->error < 0 || failure->error > 4095 || failure->pid < 0)
        abort();
    if ((failure->target_kind == FAILURE_TARGET_ADDRESS) != (failure->address != NULL))
        abort();
    if (failure->port < -1 || failure->port > 65535 ||
        (failure->target_kind != FAILURE_TARGET_ADDRESS && failure->port != -1))
        abort();
    if (failure->target_kind != FAILURE_TARGET_NONE && !failure->target)
        abort();
    if (strlen(failure->line) != length)
        abort();
    /* but for NUL bytes the target stands in the line */
    if (failure->target && !strstr(failure->line, failure->target))
        abort();
    copy = failure_copy(failure);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static NginxLineParser parser;
    const char *text = (const char *)data;

    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, size > 0 ? data[0] * 100 : 0);
    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        size_t length = newline ? (size_t)(newline - text) : size;
        Failure failure;

        if (nginx_line_parse(&parser, length % 2 ? "/a" : NULL, text, length, &failure) ==
            NGINX_LINE_FAILURE)
            check(&failure, length);
        length += newline ? 1 : 0;
        text += length;
        size -= length;
    }
    return 0;
}
