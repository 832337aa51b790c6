/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client can have line ends logged: nginx decodes %0A in a path and writes the path raw.
 * The line before such a line end then stops within a quote. What follows it, as far as
 * one write of nginx can reach, may be the client's own text, whatever it looks like, and
 * is marked ambiguous. This is remembered for each log, by a hash of its path.
 */
#include "daemon/nginx/error-line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/nginx/error-context.h"
#include "daemon/nginx/error-message.h"
#include "daemon/nginx/slice.h"
#include "daemon/nginx/syslog-prefix.h"

#define SECONDS_PER_DAY UINT64_C(86400)

/* "2026/11/22 20:35" */
#define MINUTE_LENGTH 16u

/* A line of exactly these lengths was cut by nginx and ends anywhere: NGX_MAX_ERROR_STR, less
 * the newline, as released and in builds that doubled it. */
#define CUT_LINE_LENGTH      2047u
#define CUT_LINE_LENGTH_LONG 4095u

void nginx_line_parser_init(NginxLineParser *parser, NginxLineZone zone, int32_t utc_offset)
{
    /* the buffers need no initial value */
    parser->zone = zone;
    parser->utc_offset = utc_offset;
    parser->minute_cached = false;
    memset(parser->open, 0, sizeof(parser->open));
    parser->open_evicted = 0;
    parser->used = 0;
    known_lines_init(&parser->known);
}

/* --- lines left open ----------------------------------------------------- */

/* Counts the line against what its log has open. Returns whether it lies within. */
static bool take_open(NginxLineParser *parser, uint64_t log, size_t length)
{
    for (size_t i = 0; i < NGINX_LINE_OPEN_LOGS; i++) {
        size_t *remaining = &parser->open[i].remaining;

        if (*remaining == 0 || parser->open[i].log != log)
            continue;
        *remaining -= length + 1 < *remaining ? length + 1 : *remaining;
        return true;
    }
    return false;
}

static void set_open(NginxLineParser *parser, uint64_t log, size_t length)
{
    size_t slot = 0;

    if (length >= NGINX_MESSAGE_LENGTH_MAX)
        return;
    for (size_t i = 0; i < NGINX_LINE_OPEN_LOGS; i++) {
        if (parser->open[i].remaining > 0 && parser->open[i].log == log) {
            slot = i;
            break;
        }
        /* if all are in use, the one nearest to its end gives way */
        if (parser->open[i].remaining < parser->open[slot].remaining)
            slot = i;
    }
    parser->open_evicted += parser->open[slot].remaining > 0 && parser->open[slot].log != log;
    parser->open[slot].log = log;
    parser->open[slot].remaining = NGINX_MESSAGE_LENGTH_MAX - length;
}

static bool has_odd_quotes(Slice text)
{
    bool odd = false;

    for (size_t at = 0; (at = slice_find(text, at, "\"")) < text.length; at++)
        odd = !odd;
    return odd;
}

/* --- the beginning of a line --------------------------------------------- */

/* Two-digit numbers at fixed places. */
static int digits(const char *text, size_t count)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static bool convert_minute(const NginxLineParser *parser, const char *text, int64_t *ret_epoch)
{
    struct tm tm = {
        .tm_year = digits(text, 4) - 1900,
        .tm_mon = digits(text + 5, 2) - 1,
        .tm_mday = digits(text + 8, 2),
        .tm_hour = digits(text + 11, 2),
        .tm_min = digits(text + 14, 2),
        .tm_isdst = -1,
    };
    struct tm copy = tm;
    time_t epoch;

    if (tm.tm_year < 70 || tm.tm_hour > 23 || tm.tm_min > 59)
        return false;
    if (parser->zone == NGINX_ZONE_FIXED)
        epoch = timegm(&copy) - parser->utc_offset;
    else
        epoch = mktime(&copy);
    /* 30 February becomes another day; a clock change moves the hour, which is no error */
    if (epoch < 0 || copy.tm_mon != tm.tm_mon || copy.tm_mday != tm.tm_mday)
        return false;
    *ret_epoch = epoch;
    return true;
}

static bool convert_time(NginxLineParser *parser, const char *text, uint64_t *ret_usec)
{
    int second = digits(text + 17, 2);

    if (second > 60)
        return false;
    if (!parser->minute_cached || memcmp(parser->minute, text, MINUTE_LENGTH) != 0) {
        int64_t epoch;

        if (!convert_minute(parser, text, &epoch))
            return false;
        memcpy(parser->minute, text, MINUTE_LENGTH);
        parser->minute_epoch = epoch;
        parser->minute_cached = true;
    }
    *ret_usec = (uint64_t)(parser->minute_epoch + second) * USEC_PER_SEC;
    return true;
}

/* The time of a prefix. Where it has no year, that is the newest one with which it is not in the
 * future: logs older than a year are read wrong by this. */
static bool convert_prefix_time(NginxLineParser *parser, SyslogPrefix *prefix, uint64_t *ret_usec)
{
    const NginxLineZone zone = parser->zone;
    const int32_t offset = parser->utc_offset;
    const time_t now = time(NULL);
    struct tm tm;
    bool known;

    if (!*prefix->time)
        return false;
    parser->minute_cached = false;
    if (prefix->has_offset) {
        parser->zone = NGINX_ZONE_FIXED;
        parser->utc_offset = prefix->utc_offset;
    }
    if (memcmp(prefix->time, "0000", 4) != 0) {
        known = convert_time(parser, prefix->time, ret_usec);
    } else {
        known = gmtime_r(&now, &tm) != NULL;
        for (int back = 0; known && back < 2; back++) {
            char year[8];

            (void)snprintf(year, sizeof(year), "%04d", (tm.tm_year + 1900 - back) % 10000);
            memcpy(prefix->time, year, 4);
            known = convert_time(parser, prefix->time, ret_usec);
            if (known && *ret_usec <= ((uint64_t)now + SECONDS_PER_DAY) * USEC_PER_SEC)
                break;
            known = known || back == 0;
        }
    }
    parser->minute_cached = false;
    parser->zone = zone;
    parser->utc_offset = offset;
    return known;
}

static const char *skip_level(Slice *text)
{
    static const char *const levels[] = {"emerg", "alert",  "crit", "error",
                                         "warn",  "notice", "info", "debug"};
    Slice rest = *text;

    if (!slice_skip(&rest, "["))
        return NULL;
    for (size_t i = 0; i < ELEMENTS_OF(levels); i++) {
        Slice behind = rest;

        if (slice_skip(&behind, levels[i]) && slice_skip(&behind, "] ")) {
            *text = behind;
            return levels[i];
        }
    }
    return NULL;
}

/* "352#352: *7 " */
static bool skip_numbers(Slice *text, Failure *failure)
{
    Slice rest = *text;
    unsigned pid, tid;

    if (!slice_skip_number(&rest, &pid) || !slice_skip(&rest, "#") ||
        !slice_skip_number(&rest, &tid) || !slice_skip(&rest, ": "))
        return false;
    failure->pid = (pid_t)pid;
    *text = rest;
    if (slice_skip(&rest, "*")) {
        uint64_t connection = 0;
        size_t i;

        for (i = 0; i < rest.length && i < 19 && rest.start[i] >= '0' && rest.start[i] <= '9'; i++)
            connection = connection * 10 + (uint64_t)(rest.start[i] - '0');
        rest = slice_from(rest, i);
        if (i > 0 && slice_skip(&rest, " ")) {
            failure->connection = connection;
            *text = rest;
        }
    }
    return true;
}

/* Most lines of a log are of the same minute as the one before. */
static bool time_is_at(const NginxLineParser *parser, Slice text)
{
    if (!parser->minute_cached || text.length < MINUTE_LENGTH + 4 ||
        memcmp(parser->minute, text.start, MINUTE_LENGTH) != 0)
        return nginx_time_is_at(text);
    text = slice_from(text, MINUTE_LENGTH);
    return text.start[0] == ':' && digits(text.start + 1, 2) >= 0 && text.start[3] == ' ';
}

/* Takes the beginning away; false if nginx did not write it. What the line itself says of time and
 * process counts before what was written around it. */
static bool parse_beginning(NginxLineParser *parser, const NginxLineOrigin *origin, Slice *text,
                            Failure *failure)
{
    SyslogPrefix prefix = {};

    if (!time_is_at(parser, *text))
        syslog_prefix_skip(text, &prefix);
    if (time_is_at(parser, *text)) {
        failure->time_known = convert_time(parser, text->start, &failure->time_usec);
        *text = slice_from(*text, 20);
        failure->level = skip_level(text);
        return failure->level && skip_numbers(text, failure);
    }
    (void)slice_skip(text, "nginx: ");
    failure->level = skip_level(text);
    failure->on_stderr = true;
    if (failure->level && origin) {
        failure->pid = origin->pid;
        failure->time_usec = origin->time_usec;
        failure->time_known = origin->time_usec > 0;
    } else if (failure->level) {
        failure->pid = prefix.pid;
        failure->time_known = convert_prefix_time(parser, &prefix, &failure->time_usec);
    }
    return failure->level != NULL;
}

/* --- the whole ----------------------------------------------------------- */

static const char *keep(NginxLineParser *parser, Slice part)
{
    char *copy = parser->fields + parser->used;

    if (!part.start || part.length >= sizeof(parser->fields) - parser->used)
        return NULL;
    memcpy(copy, part.start, part.length);
    copy[part.length] = '\0';
    parser->used += part.length + 1;
    return copy;
}

/* The peer in "http://127.0.0.1:3000/uri" or "fastcgi://unix:/run/x.sock:". */
static Slice peer_of_upstream(Slice upstream)
{
    size_t scheme = slice_find(upstream, 0, "://"), end = 0;

    if (scheme < upstream.length)
        upstream = slice_from(upstream, scheme + strlen("://"));
    if (slice_starts(upstream, "unix:")) {
        end = slice_find(upstream, strlen("unix:"), ":");
    } else {
        while (end < upstream.length && upstream.start[end] != '/')
            end++;
    }
    return slice_part(upstream, 0, end);
}

/* nginx names the peer twice in one line, before and behind what a client wrote. */
static bool is_contradicted(const ErrorMessage *message, const ErrorContext *context)
{
    Slice peer = context->upstream.start ? peer_of_upstream(context->upstream) : SLICE_NONE;

    if (!peer.start || !slice_equals(message->operation, "connect") ||
        (message->target_kind != FAILURE_TARGET_ADDRESS &&
         message->target_kind != FAILURE_TARGET_SOCKET))
        return false;
    (void)slice_skip(&peer, "unix:");
    return peer.length != message->target.length ||
           memcmp(peer.start, message->target.start, peer.length) != 0;
}

/* nginx names no address where the answer to a connect() came later, or reading failed: what it
 * was busy with is the upstream's then. A refusal comes at once, with its address, so a client's
 * words never become the target of one. */
static void complete_target(ErrorMessage *message, const ErrorContext *context)
{
    if (message->target_kind != FAILURE_TARGET_NONE || message->target.start)
        return;
    if (context->peer.start)
        error_message_set_address(message, context->peer);
    else if (context->upstream.start && !context->ambiguous && message->error != EACCES &&
             message->error != EPERM)
        error_message_set_address(message, peer_of_upstream(context->upstream));
}

static void fill(NginxLineParser *parser, const ErrorMessage *message, const ErrorContext *context,
                 Failure *failure)
{
    parser->used = 0;
    failure->operation = keep(parser, message->operation);
    failure->error = message->error;
    failure->target_kind = message->target_kind;
    failure->target = keep(parser, message->target);
    failure->address = keep(parser, message->address);
    failure->port = message->target_kind == FAILURE_TARGET_ADDRESS ? message->port : -1;
    failure->phase = keep(parser, context->phase);
    failure->client = keep(parser, context->client);
    failure->server = keep(parser, context->server);
    failure->request = keep(parser, context->request);
    failure->subrequest = keep(parser, context->subrequest);
    failure->upstream = keep(parser, context->upstream);
    failure->host = keep(parser, context->host);
    failure->referrer = keep(parser, context->referrer);
    failure->contradicted = is_contradicted(message, context);
    failure->ambiguous |= message->ambiguous || context->ambiguous || failure->contradicted;
}

/* Whether the message is one of a failure, which is filled in then, and whether it is left open. */
static bool parse_message(NginxLineParser *parser, Slice text, Failure *failure, bool *ret_opens)
{
    ErrorMessage message;
    ErrorContext context;

    if (streq(failure->level, "debug") || !error_message_parse(text, &message)) {
        *ret_opens = has_odd_quotes(text) || error_message_is_open(text);
        return false;
    }
    error_context_parse(message.tail, &context);
    complete_target(&message, &context);
    *ret_opens = context.open || has_odd_quotes(text);
    fill(parser, &message, &context, failure);
    return true;
}

/* The same, once for the same text. What a line is, beside its message, is not remembered. */
static bool parse_known_message(NginxLineParser *parser, Slice text, bool may_be_known,
                                Failure *failure, bool *ret_opens)
{
    const KnownLine *known = NULL;
    int place =
        may_be_known ? known_lines_find(&parser->known, text.start, text.length, &known) : -1;
    const bool ambiguous = failure->ambiguous;
    bool is_failure;

    if (known) {
        *ret_opens = known->opens;
        if (known->is_failure)
            known_line_copy(known, failure);
        return known->is_failure;
    }
    failure->ambiguous = false;
    is_failure = parse_message(parser, text, failure, ret_opens);
    if (place >= 0)
        known_lines_put(&parser->known, place, text.start, text.length, is_failure ? failure : NULL,
                        parser->fields, parser->used, *ret_opens);
    failure->ambiguous |= ambiguous;
    return is_failure;
}

NginxLineClass nginx_line_parse(NginxLineParser *parser, const char *log_path, const char *line,
                                size_t length, Failure *ret_failure)
{
    return nginx_line_parse_from(parser, log_path, NULL, line, length, ret_failure);
}

NginxLineClass nginx_line_parse_from(NginxLineParser *parser, const char *log_path,
                                     const NginxLineOrigin *origin, const char *line, size_t length,
                                     Failure *ret_failure)
{
    Failure failure = {.port = -1, .log_path = log_path};
    uint64_t log = log_path ? hash_text(log_path, strlen(log_path)) : 0;
    Slice text = {parser->line, length};
    bool within_open, cut, is_failure, opens;

    within_open = take_open(parser, log, length);
    if (length > NGINX_LINE_LENGTH_MAX)
        return NGINX_LINE_FOREIGN;
    if (length > 0)
        memcpy(parser->line, line, length);
    parser->line[length] = '\0';
    for (char *nul = parser->line; (nul = memchr(nul, 0, length - (size_t)(nul - parser->line)));) {
        *nul = ' ';
        failure.ambiguous = true;
    }
    if (!parse_beginning(parser, origin, &text, &failure))
        return NGINX_LINE_FOREIGN;

    failure.ambiguous |= within_open;
    failure.line = parser->line;
    cut = length == CUT_LINE_LENGTH || length == CUT_LINE_LENGTH_LONG;
    is_failure =
        parse_known_message(parser, text, !cut && !streq(failure.level, "debug"), &failure, &opens);
    if (!cut && opens)
        set_open(parser, log, length);
    if (!is_failure)
        return NGINX_LINE_OTHER;
    *ret_failure = failure;
    return NGINX_LINE_FAILURE;
}
