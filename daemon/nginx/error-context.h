/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nginx's log handlers add to a message: " while ACTION, client: …, server: …,
 * request: "…", …", from ngx_http_log_error(), ngx_stream_log_error(),
 * ngx_mail_log_error() and the resolver's. For error-line.c; all of it is untrusted.
 */
#pragma once

#include "daemon/nginx/slice.h"

typedef struct ErrorContext {
    Slice phase; /* "while connecting to upstream" */
    Slice client;
    Slice server;
    Slice request;
    Slice subrequest;
    Slice upstream;
    Slice host;
    Slice referrer;
    Slice peer; /* of a resolver or a syslog server: by nginx alone, no client's text before it */
    bool ambiguous;
    bool open; /* the last quote is not closed */
} ErrorContext;

void error_context_parse(Slice tail, ErrorContext *ret_context);
