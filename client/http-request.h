/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The request that failed, as nginx's log has it, made into one that may be sent again, and what
 * its answer means. Pure. The log is what some client wrote: whatever is not a plain GET or HEAD
 * is refused, and nothing of it gets into the new request but a checked target and host.
 *
 * Format: HTTP/1.1, RFC 9112; targets in origin-form only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json_object.h>

typedef struct HttpRequest {
    char *method;  /* "GET" or "HEAD" */
    char *target;  /* "/orders/6" */
    char *host;    /* of the Host header, without a port; "localhost" if the log names none */
    uint16_t port; /* from the Host header, else 80 */
} HttpRequest;

void http_request_clear(HttpRequest *request);

/* From the newest request and host of a diagnosis' "nginx" member. 0; -ENODATA with *ret_reason a
 * sentence (to be freed) if there is none that may be sent; -ENOMEM. */
int http_request_from_log(json_object *nginx, HttpRequest *ret_request, char **ret_reason);

/* What is written to the socket; to be freed. NULL if out of memory. */
char *http_request_to_text(const HttpRequest *request);

/* The status of an answer's first line, 100 to 599; -EBADMSG if it is no HTTP. */
int http_parse_status(const char *answer, size_t length);

/* Who answered, by the Server header (nginx puts its own in place of a backend's): escaped, to be
 * freed; NULL if it does not say, or if out of memory. */
char *http_answer_server(const char *answer);
/* Whether that is nginx or built from it. */
bool http_server_is_nginx(const char *server);

typedef enum VerifyOutcome {
    VERIFY_FIXED,
    VERIFY_STILL_FAILING,
    VERIFY_UNKNOWN,
} VerifyOutcome;

const char *verify_outcome_to_string(VerifyOutcome outcome);

/* What the status says about the operation that failed ("connect", "open" …; NULL unknown), with
 * a sentence that is not to be freed. */
VerifyOutcome http_judge(const char *operation, int status, const char **ret_sentence);
