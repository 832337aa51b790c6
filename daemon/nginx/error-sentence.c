/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of nginx that begin with words, not with the name of a call. */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/error-code.h"
#include "daemon/nginx/error-message-internal.h"

/* OpenSSL's text is free; it ends with the last ')' before what the log handler adds. */
Slice error_message_tail_of_openssl(Slice text)
{
    static const char *const follow[] = {") while ", "), client: ", ") in /"};
    size_t end = text.length;

    for (size_t i = 0; i < ELEMENTS_OF(follow); i++) {
        size_t at = slice_find(text, 0, follow[i]);

        if (at < end)
            end = at + 1;
    }
    return slice_from(text, end);
}

bool error_sentence_parse_certificate(Slice text, ErrorMessage *message)
{
    size_t end, failed;

    if (slice_skip(&text, "cannot load certificate key \""))
        error_message_set_operation(message, "certificate-key");
    else if (slice_skip(&text, "cannot load certificate \""))
        error_message_set_operation(message, "certificate");
    else if (slice_skip(&text, "cannot load CRL \""))
        error_message_set_operation(message, "crl");
    else
        return false;
    end = slice_find(text, 0, "\": ");
    failed = slice_find(text, end, " failed (SSL: ");
    if (failed == text.length)
        return false;
    message->error = error_code_of_openssl(slice_from(text, failed + strlen(" failed ")));
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = slice_part(text, 0, end);
    message->tail = error_message_tail_of_openssl(slice_from(text, failed));
    return message->error != 0;
}

bool error_sentence_parse_forbidden(Slice text, ErrorMessage *message)
{
    size_t end;

    if (slice_skip(&text, "directory index of \"")) {
        size_t begin = 0, first = text.length;

        for (; (end = slice_find(text, begin, "\" is forbidden")) < text.length; begin = end + 1) {
            Slice rest = slice_from(text, end + strlen("\" is forbidden"));

            if (rest.length > 0 && !slice_starts(rest, ", "))
                continue;
            if (first < text.length) {
                message->ambiguous = true;
                break;
            }
            first = end;
            message->tail = rest;
        }
        if (first == text.length)
            return false;
        end = first;
        error_message_set_operation(message, "directory-index");
    } else if (slice_skip(&text, "\"")) {
        ErrorMessage other = *message;
        size_t missing = error_message_find_ending(text, 0, "\" is not found ", &other);

        end = error_message_find_ending(text, 0, "\" is forbidden ", message);
        if (end == text.length && missing == text.length)
            return false;
        if (end < text.length && missing < text.length)
            message->ambiguous = other.ambiguous = true;
        if (missing < end) {
            end = missing;
            *message = other;
        }
        error_message_set_operation(message, "stat");
    } else {
        return false;
    }
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = slice_part(text, 0, end);
    return true;
}

/* "auth http server 127.0.0.1:9000 timed out " */
static bool skip_auth_server(Slice *text, ErrorMessage *message)
{
    Slice rest = *text;
    size_t end;

    if (!slice_skip(&rest, "auth http server "))
        return false;
    end = slice_find(rest, 0, " timed out ");
    if (end == rest.length)
        return false;
    error_message_set_address(message, slice_part(rest, 0, end));
    *text = slice_from(rest, end + strlen(" timed out "));
    return true;
}

bool error_sentence_parse_timeout(Slice text, ErrorMessage *message)
{
    const char *operation = "timeout";
    bool auth = skip_auth_server(&text, message);
    bool upstream = !auth && slice_skip(&text, "upstream timed out ");

    if (!auth && !upstream && !slice_skip(&text, "client timed out ") &&
        !slice_skip(&text, "connection timed out ") &&
        !slice_skip(&text, "OCSP responder timed out "))
        return false;
    if (!error_message_skip_errno(&text, &message->error))
        return false;
    if (auth || (upstream && slice_starts(text, " while connecting ")))
        operation = "connect";
    else if (upstream && slice_starts(text, " while sending "))
        operation = "send";
    else if (upstream && slice_starts(text, " while reading "))
        operation = "recv";
    error_message_set_operation(message, operation);
    message->tail = text;
    return true;
}

/* testing "…" existence failed (13: …), of an access log with variables; "…" could not be created
 * (21: …), of a PUT to a directory. */
bool error_sentence_parse_existence(Slice text, ErrorMessage *message)
{
    bool testing = slice_skip(&text, "testing \"");
    size_t end;

    if (!testing && !slice_skip(&text, "\""))
        return false;
    end = error_message_find_ending(
        text, 0, testing ? "\" existence failed " : "\" could not be created ", message);
    if (end == text.length)
        return false;
    error_message_set_operation(message, testing ? "stat" : "open");
    message->target_kind = FAILURE_TARGET_PATH;
    message->target = slice_part(text, 0, end);
    return true;
}

/* What QUIC loads into the kernel; no word of a client is near. */
bool error_sentence_parse_bpf(Slice text, ErrorMessage *message)
{
    size_t end;

    if (!slice_starts(text, "quic bpf failed to ") && !slice_starts(text, "failed to load BPF"))
        return false;
    end = error_message_find_ending(text, 0, " ", message);
    error_message_set_operation(message, "bpf");
    return end < text.length;
}

static int error_in_words(Slice text)
{
    if (slice_find(text, 0, "Permission denied") < text.length)
        return EACCES;
    if (slice_find(text, 0, "Operation not permitted") < text.length)
        return EPERM;
    return 0;
}

/* What a FastCGI process complains of, in its own words, any of which its client may have chosen;
 * and one that went away. */
bool error_sentence_parse_backend(Slice text, ErrorMessage *message)
{
    static const char words[] = "upstream prematurely closed ";
    size_t end;

    if (slice_skip(&text, words)) {
        end = slice_find(text, 0, " while ");
        message->tail = slice_from(text, end);
        error_message_set_operation(message, "upstream-closed");
        return true;
    }
    if (!slice_skip(&text, "FastCGI sent in stderr: \""))
        return false;
    end = slice_find(text, 0, "\" while ");
    message->target = slice_part(text, 0, end);
    message->error = error_in_words(message->target);
    message->tail = slice_from(text, end < text.length ? end + 1 : end);
    error_message_set_operation(message, "backend-stderr");
    return true;
}
