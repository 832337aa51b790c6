/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
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

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What is remembered of a message is what it says. */
static void check_again(NginxLineParser *parser, const char *text, size_t length,
                        const Failure *first)
{
    Failure *before = failure_copy(first), again;

    if (nginx_line_parse(parser, first->log_path, text, length, &again) != NGINX_LINE_FAILURE)
        abort();
    if (before &&
        (before->error != again.error || before->target_kind != again.target_kind ||
         before->port != again.port || before->pid != again.pid ||
         before->connection != again.connection || before->time_usec != again.time_usec ||
         before->contradicted != again.contradicted || (before->ambiguous && !again.ambiguous) ||
         !same(before->operation, again.operation) || !same(before->target, again.target) ||
         !same(before->address, again.address) || !same(before->phase, again.phase) ||
         !same(before->client, again.client) || !same(before->server, again.server) ||
         !same(before->request, again.request) || !same(before->subrequest, again.subrequest) ||
         !same(before->upstream, again.upstream) || !same(before->host, again.host) ||
         !same(before->referrer, again.referrer) || !same(before->line, again.line)))
        abort();
    free(before);
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
            NGINX_LINE_FAILURE) {
            check(&failure, length);
            check_again(&parser, text, length, &failure);
        }
        length += newline ? 1 : 0;
        text += length;
        size -= length;
    }
    return 0;
}
