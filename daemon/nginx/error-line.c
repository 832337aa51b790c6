/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client can have line ends logged: nginx decodes %0A in a path and writes the path raw.
 * The line before such a line end then stops within a quote. What follows it, as far as
 * one write of nginx can reach, may be the client's own text, whatever it looks like, and
 * is marked ambiguous. This is remembered for each log, by a hash of its path.
 */
#include "daemon/nginx/error-line.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/nginx/error-context.h"
#include "daemon/nginx/error-message.h"
#include "daemon/nginx/slice.h"

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
    parser->used = 0;
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

/* "YYYY/MM/DD HH:MM:SS "; nothing is said about the ranges. */
static bool has_time(Slice text)
{
    static const char shape[] = "dddd/dd/dd dd:dd:dd ";

    if (text.length < sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == 'd' ? text.start[i] < '0' || text.start[i] > '9'
                            : text.start[i] != shape[i])
            return false;
    return true;
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

/* A word and the space behind it. */
static bool skip_word(Slice *text)
{
    size_t end = slice_find(*text, 0, " ");

    if (end == 0 || end >= text->length)
        return false;
    *text = slice_from(*text, end + 1);
    return true;
}

/* "<187>", "Nov 22 20:35:54 host nginx: " or "2026-11-22T20:35:54+00:00 host nginx[3]: ". The
 * host may be missing (syslog:…,nohostname). The tag can be configured: any word. */
static void skip_syslog(Slice *text)
{
    Slice rest = *text;
    unsigned priority;
    int words = 1;

    if (slice_skip(&rest, "<") && slice_skip_number(&rest, &priority) && slice_skip(&rest, ">"))
        *text = rest;
    rest = *text;
    if (has_time(rest))
        return;
    if (rest.length > 16 && digits(rest.start, 4) >= 0 && rest.start[4] == '-' &&
        rest.start[10] == 'T') {
        if (!skip_word(&rest))
            return;
    } else if (rest.length > 16 && rest.start[3] == ' ' && rest.start[6] == ' ' &&
               rest.start[9] == ':' && rest.start[12] == ':' && rest.start[15] == ' ') {
        rest = slice_from(rest, 16);
    } else {
        return;
    }
    for (; words <= 2; words++) {
        size_t end = slice_find(rest, 0, " ");
        bool tag = end > 0 && end < rest.length && rest.start[end - 1] == ':';

        if (!skip_word(&rest))
            return;
        if (tag) {
            *text = rest;
            return;
        }
    }
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

/* Takes the beginning away; false if nginx did not write it. */
static bool parse_beginning(NginxLineParser *parser, Slice *text, Failure *failure)
{
    skip_syslog(text);
    if (has_time(*text)) {
        failure->time_known = convert_time(parser, text->start, &failure->time_usec);
        *text = slice_from(*text, 20);
        failure->level = skip_level(text);
        return failure->level && skip_numbers(text, failure);
    }
    (void)slice_skip(text, "nginx: ");
    failure->level = skip_level(text);
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
    failure->ambiguous |= message->ambiguous || context->ambiguous;
}

NginxLineClass nginx_line_parse(NginxLineParser *parser, const char *log_path, const char *line,
                                size_t length, Failure *ret_failure)
{
    Failure failure = {.port = -1, .log_path = log_path};
    uint64_t log = hash_string(HASH_SEED, log_path);
    Slice text = {parser->line, length};
    ErrorMessage message;
    ErrorContext context;
    bool within_open, cut, is_failure;

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
    if (!parse_beginning(parser, &text, &failure))
        return NGINX_LINE_FOREIGN;

    failure.ambiguous |= within_open;
    failure.line = parser->line;
    cut = length == CUT_LINE_LENGTH || length == CUT_LINE_LENGTH_LONG;
    is_failure = !streq(failure.level, "debug") && error_message_parse(text, &message);
    if (!is_failure) {
        if (!cut && (has_odd_quotes(text) || error_message_is_open(text)))
            set_open(parser, log, length);
        return NGINX_LINE_OTHER;
    }
    error_context_parse(message.tail, &context);
    complete_target(&message, &context);
    if (!cut && (context.open || has_odd_quotes(text)))
        set_open(parser, log, length);
    fill(parser, &message, &context, &failure);
    *ret_failure = failure;
    return NGINX_LINE_FAILURE;
}
