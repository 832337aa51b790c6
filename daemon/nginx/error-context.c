/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/error-context.h"

#include "daemon/core/macro.h"

/* In the order in which ngx_http_log_error_handler() writes them; login is mail's. */
enum {
    KEY_LOGIN,
    KEY_REQUEST,
    KEY_SUBREQUEST,
    KEY_UPSTREAM,
    KEY_HOST,
    KEY_REFERRER,
    KEY_COUNT,
};

static const char *const keys[KEY_COUNT] = {
    [KEY_LOGIN] = ", login: \"",
    [KEY_REQUEST] = ", request: \"",
    [KEY_SUBREQUEST] = ", subrequest: \"",
    [KEY_UPSTREAM] = ", upstream: \"",
    [KEY_HOST] = ", host: \"",
    [KEY_REFERRER] = ", referrer: \"",
};

/* The end of a line of mail, where the upstream has no quotes: an address, without blanks. */
#define MAIL_UPSTREAM ", upstream: "

static bool is_mail_upstream(Slice text)
{
    return slice_skip(&text, MAIL_UPSTREAM) && text.length > 0 && text.start[0] != '"' &&
           slice_find(text, 0, " ") == text.length && slice_find(text, 0, "\"") == text.length;
}

/* ngx_stream_proxy_log_error() ends with these counts. */
#define STREAM_BYTES ", bytes from/to client:"

/* All keys begin alike; the letter behind that tells nearly all of them apart. */
static int key_at(Slice text)
{
    if (text.length < 3)
        return -1;
    for (int key = 0; key < KEY_COUNT; key++)
        if (text.start[2] == keys[key][2] && slice_starts(text, keys[key]))
            return key;
    return -1;
}

static Slice *member_of(ErrorContext *context, int key)
{
    switch (key) {
    case KEY_REQUEST:
        return &context->request;
    case KEY_SUBREQUEST:
        return &context->subrequest;
    case KEY_UPSTREAM:
        return &context->upstream;
    case KEY_HOST:
        return &context->host;
    case KEY_REFERRER:
        return &context->referrer;
    default:
        return NULL;
    }
}

/* Where a value ends: at a quote behind which a later key, the counts of a stream, or nothing
 * stands. A quote before a key that must not follow is the client's: the value goes on. */
static size_t value_end(Slice text, int key, ErrorContext *context)
{
    for (size_t at = 0; (at = slice_find(text, at, "\"")) < text.length; at++) {
        Slice rest = slice_from(text, at + 1);
        int next;

        if (rest.length == 0 || slice_starts(rest, STREAM_BYTES) ||
            (key == KEY_LOGIN && is_mail_upstream(rest)))
            return at;
        next = key_at(rest);
        if (next > key)
            return at;
        if (next >= 0)
            context->ambiguous = true;
    }
    context->open = true;
    return text.length;
}

static void parse_quoted(Slice text, ErrorContext *context)
{
    int key;

    while ((key = key_at(text)) >= 0) {
        Slice *member = member_of(context, key);
        Slice value;
        size_t end;

        text = slice_from(text, strlen(keys[key]));
        end = value_end(text, key, context);
        value = slice_part(text, 0, end);
        if (member)
            *member = value;
        /* Only a request line says HTTP/1.1: elsewhere it is the rest of one. */
        if (key != KEY_REQUEST && slice_find(value, 0, " HTTP/") < value.length)
            context->ambiguous = true;
        if (end == text.length)
            break;
        text = slice_from(text, end + 1);
        /* A request line without its end, with something behind it, may have been cut by
         * a quote in it. */
        if (key == KEY_REQUEST && text.length > 0 && slice_find(value, 0, " HTTP/") == value.length)
            context->ambiguous = true;
    }
    if (context->open)
        context->ambiguous = true;
    else if (is_mail_upstream(text))
        context->upstream = slice_from(text, strlen(MAIL_UPSTREAM));
}

void error_context_parse(Slice tail, ErrorContext *ret_context)
{
    ErrorContext context = {0};
    size_t end;

    if (slice_starts(tail, " while ")) {
        tail = slice_from(tail, 1);
        end = slice_find(tail, 0, ", ");
        context.phase = slice_part(tail, 0, end);
        tail = slice_from(tail, end);
        if (slice_equals(context.phase, "while resolving") && slice_skip(&tail, ", resolver: "))
            context.peer = tail;
        else if (slice_equals(context.phase, "while logging to syslog") &&
                 slice_skip(&tail, ", server: "))
            context.peer = tail;
        else if (slice_equals(context.phase, "while requesting certificate status")) {
            /* of an OCSP responder; both stem from the certificate and the resolver */
            end = slice_find(tail, 0, ", peer: ");
            if (end < tail.length)
                context.peer = slice_from(tail, end + strlen(", peer: "));
        }
        if (context.peer.start) {
            /* a client's context may follow where a request's log was in use */
            context.peer.length = slice_find(context.peer, 0, ", ");
            *ret_context = context;
            return;
        }
    }
    if (slice_skip(&tail, ", client: ") || slice_skip(&tail, ", udp client: ")) {
        end = slice_find(tail, 0, ", ");
        context.client = slice_part(tail, 0, end);
        tail = slice_from(tail, end);
        end = slice_find(context.client, 0, " using starttls");
        context.client.length = end;
    }
    if (slice_skip(&tail, ", server: ")) {
        end = slice_find(tail, 0, ", ");
        if (end > 0)
            context.server = slice_part(tail, 0, end);
        tail = slice_from(tail, end);
    }
    parse_quoted(tail, &context);
    *ret_context = context;
}
