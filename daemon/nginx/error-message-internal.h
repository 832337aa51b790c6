/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of error-message.h: error-message.c reads "name() …" and chooses, error-sentence.c
 * reads the messages that begin with words. */
#pragma once

#include "daemon/nginx/error-message.h"

/* "(13: Permission denied)" at the start: takes it away. */
bool error_message_skip_errno(Slice *text, int *ret_error);

/* Finds the first `ending` that an errno follows, fills error and tail, and marks the message
 * ambiguous if there are others. Returns its place, or text.length. */
size_t error_message_find_ending(Slice text, size_t begin, const char *ending,
                                 ErrorMessage *message);

/* OpenSSL's text is free; it ends with the last ')' before what the log handler adds. */
Slice error_message_tail_of_openssl(Slice text);

void error_message_set_operation(ErrorMessage *message, const char *operation);

/* Each reads one kind of sentence; false if it is another. */
bool error_sentence_parse_forbidden(Slice text, ErrorMessage *message);
bool error_sentence_parse_certificate(Slice text, ErrorMessage *message);
bool error_sentence_parse_timeout(Slice text, ErrorMessage *message);
bool error_sentence_parse_existence(Slice text, ErrorMessage *message);
bool error_sentence_parse_bpf(Slice text, ErrorMessage *message);
bool error_sentence_parse_backend(Slice text, ErrorMessage *message);
