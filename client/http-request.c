/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/http-request.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

void http_request_clear(HttpRequest *request)
{
    free(request->method);
    free(request->target);
    free(request->host);
    *request = (HttpRequest){};
}

static int refuse(char **ret_reason, const char *reason)
{
    *ret_reason = strdup(reason);
    return *ret_reason ? -ENODATA : -ENOMEM;
}

/* Printable ASCII without blanks: what a request line may hold. A backslash is how the log's
 * other bytes are shown. */
static bool is_target(const char *text)
{
    if (*text != '/' || strlen(text) > VERIFY_TARGET_MAX)
        return false;
    for (; *text; text++)
        if (*text <= 0x20 || *text >= 0x7f || *text == '\\' || *text == '#')
            return false;
    return true;
}

/* A name or an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(const char *text, size_t length)
{
    const bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';

    if (length == 0 || length > 255)
        return false;
    for (size_t i = brackets ? 1 : 0; i < length - (brackets ? 1 : 0); i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(brackets ? ":." : ".-_", text[i]))
            return false;
    return true;
}

/* host[:port] */
static int take_host(const char *text, HttpRequest *request)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 80;
    size_t length = strlen(text);

    if (colon && !strchr(colon, ']')) {
        if (parse_number(colon + 1, 1, UINT16_MAX, &port) < 0)
            return -EINVAL;
        length = (size_t)(colon - text);
    }
    if (!is_host(text, length))
        return -EINVAL;
    request->host = strndup(text, length);
    request->port = (uint16_t)port;
    return request->host ? 0 : -ENOMEM;
}

static int take_line(const char *line, HttpRequest *request, char **ret_reason)
{
    _cleanup_strv_ char **words = strv_split(line, " ");

    if (!words)
        return -ENOMEM;
    /* Later versions of HTTP are sent as 1.1: what failed is behind that. */
    if (strv_length(words) != 3 || strncmp(words[2], "HTTP/", 5) != 0)
        return refuse(ret_reason, "The request in the log is no plain HTTP request line.");
    if (!streq(words[0], "GET") && !streq(words[0], "HEAD"))
        return refuse(ret_reason, "Only GET and HEAD are sent again: another method may change "
                                  "something a second time.");
    if (!is_target(words[1]))
        return refuse(ret_reason, "The request's target holds what is not sent again: it is no "
                                  "plain path.");
    request->method = strdup(words[0]);
    request->target = strdup(words[1]);
    return request->method && request->target ? 0 : -ENOMEM;
}

int http_request_from_log(json_object *nginx, HttpRequest *ret_request, char **ret_reason)
{
    const char *line = json_get_text(nginx, "request"), *host = json_get_text(nginx, "host");
    HttpRequest request = {};
    int r;

    if (!*line)
        return refuse(ret_reason, "nginx's log names no request that failed because of it.");
    r = take_line(line, &request, ret_reason);
    if (r >= 0)
        r = take_host(*host ? host : "localhost", &request);
    if (r == -EINVAL)
        r = refuse(ret_reason, "The host in the log is no plain name.");
    if (r < 0) {
        http_request_clear(&request);
        return r;
    }
    *ret_request = request;
    return 0;
}

char *http_request_to_text(const HttpRequest *request)
{
    _cleanup_free_ char *host = request->port == 80
                                    ? strdup(request->host)
                                    : format_string("%s:%u", request->host, request->port);

    return host ? format_string("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: selguardctl\r\n"
                                "Accept: */*\r\nConnection: close\r\n\r\n",
                                request->method, request->target, host)
                : NULL;
}

int http_parse_status(const char *answer, size_t length)
{
    int status;

    if (length < 12 || strncmp(answer, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)answer[7]) ||
        answer[8] != ' ')
        return -EBADMSG;
    for (size_t i = 9; i < 12; i++)
        if (!isdigit((unsigned char)answer[i]))
            return -EBADMSG;
    status = (answer[9] - '0') * 100 + (answer[10] - '0') * 10 + (answer[11] - '0');
    return status >= 100 && status <= 599 ? status : -EBADMSG;
}

char *http_answer_server(const char *answer)
{
    static const char name[] = "\r\nserver:";
    const char *end = strstr(answer, "\r\n\r\n"), *header = strcasestr(answer, name);
    _cleanup_free_ char *value = NULL;

    if (!header || (end && header > end))
        return NULL;
    header += strlen(name);
    header += strspn(header, " \t");
    value = strndup(header, strcspn(header, "\r\n"));
    return value ? escape_for_terminal(value) : NULL;
}

bool http_server_is_nginx(const char *server)
{
    static const char *const names[] = {"nginx", "openresty", "tengine", "angie"};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        if (strcasestr(server, names[i]))
            return true;
    return false;
}

const char *verify_outcome_to_string(VerifyOutcome outcome)
{
    static const char *const words[] = {"fixed", "still-failing", "unknown"};

    return words[outcome];
}

static VerifyOutcome say(const char **ret_sentence, const char *sentence, VerifyOutcome outcome)
{
    *ret_sentence = sentence;
    return outcome;
}

VerifyOutcome http_judge(const char *operation, int status, const char **ret_sentence)
{
    if (status >= 200 && status < 400)
        return say(ret_sentence, "nginx answers the request.", VERIFY_FIXED);
    if (operation && streq(operation, "connect")) {
        if (status == 502)
            return say(ret_sentence, "nginx still does not get through to the backend.",
                       VERIFY_STILL_FAILING);
        if (status == 503 || status == 504)
            return say(ret_sentence,
                       "The backend does not answer in time or is marked as down. That may be "
                       "left over from before: try again in a moment.",
                       VERIFY_UNKNOWN);
        if (status == 500)
            return say(ret_sentence, "It may be nginx's or the backend's: see nginx's error log.",
                       VERIFY_UNKNOWN);
        return say(ret_sentence,
                   "The request gets as far as the backend, or nginx answers it by "
                   "itself before that.",
                   status == 400 || status == 403 ? VERIFY_UNKNOWN : VERIFY_FIXED);
    }
    if (status == 403)
        return say(ret_sentence, "nginx still may not read what was asked for.",
                   VERIFY_STILL_FAILING);
    if (status == 500)
        return say(ret_sentence, "nginx fails, maybe over the same: see its error log.",
                   VERIFY_STILL_FAILING);
    if (status == 404)
        return say(ret_sentence, "What was asked for is not there any more, so it does not show.",
                   VERIFY_UNKNOWN);
    return say(ret_sentence, "That says nothing about what failed.", VERIFY_UNKNOWN);
}
