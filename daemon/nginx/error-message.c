/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/error-message.h"

#include <arpa/inet.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/error-code.h"
#include "daemon/nginx/error-message-internal.h"

/* The longest strerror() text of glibc has some 50 bytes. */
#define ERROR_TEXT_MAX 128u

/* Shorter messages were not cut by nginx, which cuts at 2048 bytes with time and all. */
#define CUT_MESSAGE_MIN 1900u

bool error_message_skip_errno(Slice *text, int *ret_error)
{
    Slice rest = *text;
    unsigned number;
    size_t i;

    if (!slice_skip(&rest, "(") || !slice_skip_number(&rest, &number) || number == 0 ||
        number > 4095 || !slice_skip(&rest, ": "))
        return false;
    for (i = 0; i < rest.length && i < ERROR_TEXT_MAX && rest.start[i] != ')'; i++)
        if (rest.start[i] == '"' || rest.start[i] == '(' || (unsigned char)rest.start[i] < ' ')
            return false;
    if (i == rest.length || i == ERROR_TEXT_MAX)
        return false;
    rest = slice_from(rest, i + 1);
    if (rest.length > 0 && rest.start[0] != ' ' && rest.start[0] != ',')
        return false;
    *text = rest;
    *ret_error = (int)number;
    return true;
}

size_t error_message_find_ending(Slice text, size_t begin, const char *ending,
                                 ErrorMessage *message)
{
    size_t first = text.length;

    for (size_t at = begin; (at = slice_find(text, at, ending)) < text.length; at++) {
        Slice rest = slice_from(text, at + strlen(ending));
        int error;

        if (!error_message_skip_errno(&rest, &error))
            continue;
        if (first < text.length) {
            message->ambiguous = true;
            break;
        }
        first = at;
        message->error = error;
        message->tail = rest;
    }
    return first;
}

static bool parse_port(Slice text, int *ret_port)
{
    unsigned port;

    if (!slice_skip_number(&text, &port) || text.length > 0 || port > 65535)
        return false;
    *ret_port = (int)port;
    return true;
}

static bool is_numeric(int family, Slice text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (text.length == 0 || text.length >= sizeof(copy) || memchr(text.start, 0, text.length))
        return false;
    memcpy(copy, text.start, text.length);
    copy[text.length] = '\0';
    return inet_pton(family, copy, &address) == 1;
}

void error_message_set_address(ErrorMessage *message, Slice text)
{
    Slice address, rest = text;
    int port = 0, family = AF_INET;

    /* It may have one already, of what stood between the brackets. */
    message->target = text;
    message->target_kind = FAILURE_TARGET_NONE;
    message->address = SLICE_NONE;
    message->port = -1;
    if (slice_skip(&rest, "unix:")) {
        if (rest.length > 0) {
            message->target = rest;
            message->target_kind = FAILURE_TARGET_SOCKET;
        }
        return;
    }
    if (slice_skip(&rest, "[")) {
        size_t end = slice_find(rest, 0, "]");

        if (end == rest.length)
            return;
        family = AF_INET6;
        address = slice_part(rest, 0, end);
        rest = slice_from(rest, end + 1);
    } else {
        size_t end = slice_find(rest, 0, ":");

        address = slice_part(rest, 0, end);
        rest = slice_from(rest, end);
    }
    if (rest.length > 0 && (!slice_skip(&rest, ":") || !parse_port(rest, &port)))
        return;
    if (!is_numeric(family, address))
        return;
    message->target_kind = FAILURE_TARGET_ADDRESS;
    message->address = address;
    message->port = port;
}

void error_message_set_operation(ErrorMessage *message, const char *operation)
{
    message->operation = (Slice){operation, strlen(operation)};
}

/* " failed (N: …)", or " failed, ignored (N: …)". */
static bool skip_failed(Slice *text, ErrorMessage *message)
{
    Slice rest = *text;

    if (!slice_skip(&rest, " failed"))
        return false;
    (void)slice_skip(&rest, ", ignored");
    if (!slice_skip(&rest, " ") || !error_message_skip_errno(&rest, &message->error))
        return false;
    *text = rest;
    message->tail = rest;
    return true;
}

/* What follows "name() ": an address, or words that name nothing of use. */
static bool parse_address_and_failed(Slice rest, ErrorMessage *message)
{
    Slice copy = rest;
    size_t end;

    if (skip_failed(&copy, message))
        return true;
    copy = rest;
    if ((slice_skip(&copy, " socket") || slice_skip(&copy, " channel")) &&
        skip_failed(&copy, message))
        return true;
    if (!slice_skip(&rest, " to ") && !slice_skip(&rest, " socket ") &&
        !slice_skip(&rest, " for ") && !slice_skip(&rest, " "))
        return false;
    for (end = 0; end < rest.length; end++) {
        if (rest.start[end] == '"')
            return false; /* no message of nginx has a quote between here and the errno */
        copy = slice_from(rest, end);
        if (rest.start[end] == ' ' && skip_failed(&copy, message)) {
            Slice target = slice_part(rest, 0, end);
            size_t comma = slice_find(target, 0, ", backlog ");

            error_message_set_address(message, slice_part(target, 0, comma));
            return true;
        }
    }
    return false;
}

/* " /run/a failed (N: …)", " /run/a to /run/b failed before … "/usr/sbin/nginx" (N: …)": paths
 * without quotes, which only the configuration names. */
static bool parse_bare_paths(Slice rest, ErrorMessage *message)
{
    size_t end = slice_find(rest, 0, " failed"), to;
    Slice path, behind = slice_from(rest, end);

    if (!slice_starts(rest, " /") || end == rest.length)
        return false;
    path = slice_part(rest, 1, end);
    to = slice_find(path, 0, " to /");
    if (to < path.length)
        path = slice_from(path, to + strlen(" to "));
    if (!skip_failed(&behind, message) &&
        error_message_find_ending(behind, 0, " ", message) == behind.length)
        return false;
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = path;
    return true;
}

/* " failed while executing new binary process "/usr/sbin/nginx" (N: …)", " failed while waiting on
 * shmtx (N: …)" */
static bool parse_failed_while(Slice rest, ErrorMessage *message)
{
    size_t quote, end;

    if (!slice_skip(&rest, " failed while "))
        return false;
    quote = slice_find(rest, 0, "\"");
    end = slice_find(rest, 0, " (");
    if (end < quote)
        return error_message_skip_errno(&(Slice){rest.start + end + 1, rest.length - end - 1},
                                        &message->error) &&
               error_message_find_ending(rest, end, " ", message) == end;
    if (quote == rest.length)
        return false;
    rest = slice_from(rest, quote + 1);
    end = error_message_find_ending(rest, 0, "\" ", message);
    if (end == rest.length)
        return false;
    if (slice_starts(rest, "/")) {
        message->target_kind = FAILURE_TARGET_PATH;
        message->target = slice_part(rest, 0, end);
    }
    return true;
}

/* `begin` is behind the opening quote of the first path. */
static bool parse_paths_and_failed(Slice text, size_t begin, ErrorMessage *message)
{
    size_t end = error_message_find_ending(text, begin, "\" failed ", message);
    Slice path;
    size_t to;

    if (end == text.length) {
        size_t cut;

        /* The path was so long that nginx cut it: "/very/lo... (36: File name too long)". */
        if (text.length < CUT_MESSAGE_MIN)
            return false;
        cut = error_message_find_ending(text, begin, "... ", message);
        if (cut == text.length)
            return false;
        message->ambiguous = true;
        return true;
    }
    path = slice_part(text, begin, end);
    to = slice_find(path, 0, "\" to \"");
    if (to < path.length) {
        if (slice_find(path, to + 1, "\" to \"") < path.length)
            message->ambiguous = true;
        path = slice_from(path, to + strlen("\" to \""));
    }
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = path;
    return true;
}

static bool parse_dlopen(Slice text, size_t begin, ErrorMessage *message)
{
    size_t end = slice_find(text, begin, "\" failed (");
    size_t close, inside = end + strlen("\" failed (");

    if (end == text.length)
        return false;
    close = slice_find(text, inside, ") in ");
    if (close == text.length) {
        if (text.start[text.length - 1] != ')' || text.length <= inside)
            return false;
        close = text.length - 1;
    }
    message->error = error_code_of_loader(slice_part(text, inside, close));
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = slice_part(text, begin, end);
    message->tail = slice_from(text, close + 1);
    return message->error != 0;
}

/* name("path", …) failed */
static bool parse_quoted_argument(Slice text, size_t begin, ErrorMessage *message)
{
    size_t quote = slice_find(text, begin, "\"");
    size_t close = slice_find(text, quote, ")");
    Slice rest, argument;

    if (close == text.length)
        return false;
    argument = slice_part(text, begin, quote);
    rest = slice_from(text, close + 1);
    /* getpwnam("nginx") names no file */
    if (slice_starts(argument, "/")) {
        message->target_kind = FAILURE_TARGET_PATH;
        message->target = argument;
    }
    if (slice_starts(rest, " failed (SSL: ")) {
        message->error = error_code_of_openssl(slice_from(rest, strlen(" failed ")));
        message->tail = error_message_tail_of_openssl(rest);
        return message->error != 0;
    }
    return skip_failed(&rest, message);
}

static size_t name_length(Slice text)
{
    size_t i = 0;

    while (i < text.length && i < 64 &&
           ((text.start[i] >= 'a' && text.start[i] <= 'z') ||
            (text.start[i] >= 'A' && text.start[i] <= 'Z') || text.start[i] == '_' ||
            (i > 0 && text.start[i] >= '0' && text.start[i] <= '9')))
        i++;
    return i < text.length && text.start[i] == '(' ? i : 0;
}

static bool parse_call(Slice text, ErrorMessage *message)
{
    size_t name = name_length(text), close;
    Slice rest;

    if (name == 0)
        return false;
    message->operation = slice_part(text, 0, name);
    if (slice_starts(slice_from(text, name), "(\""))
        return parse_quoted_argument(text, name + 2, message);
    close = slice_find(text, name, ")");
    if (close == text.length)
        return false;
    rest = slice_from(text, close + 1);
    if (slice_starts(rest, " to \"")) /* write() to "…" failed */
        return parse_paths_and_failed(text, close + 1 + strlen(" to \""), message);
    if (parse_bare_paths(rest, message) || parse_failed_while(rest, message))
        return true;
    if (!slice_starts(rest, " \"")) {
        /* the local address of a connection (proxy_bind) stands between the brackets */
        if (slice_equals(message->operation, "bind") && close > name + 1)
            error_message_set_address(message, slice_part(text, name + 1, close));
        return parse_address_and_failed(rest, message);
    }
    if (slice_equals(message->operation, "dlopen"))
        return parse_dlopen(text, close + 3, message);
    return parse_paths_and_failed(text, close + 3, message);
}

bool error_message_parse(Slice text, ErrorMessage *ret_message)
{
    static bool (*const parsers[])(Slice, ErrorMessage *) = {
        parse_call,
        error_sentence_parse_forbidden,
        error_sentence_parse_certificate,
        error_sentence_parse_timeout,
        error_sentence_parse_existence,
        error_sentence_parse_bpf,
        error_sentence_parse_backend,
    };

    (void)slice_skip(&text, "could not open error log file: ");
    for (size_t i = 0; i < ELEMENTS_OF(parsers); i++) {
        ErrorMessage message = {.port = -1};

        if (!parsers[i](text, &message))
            continue;
        *ret_message = message;
        return true;
    }
    return false;
}

bool error_message_is_open(Slice text)
{
    size_t name = name_length(text), close;
    ErrorMessage message = {.port = -1};

    if (slice_starts(text, "directory index of \""))
        return !error_sentence_parse_forbidden(text, &message);
    if (name == 0)
        return false;
    close = slice_find(text, name, ")");
    if (close == text.length || !slice_starts(slice_from(text, close + 1), " \""))
        return false;
    return slice_find(text, close, "\" failed (") == text.length;
}
