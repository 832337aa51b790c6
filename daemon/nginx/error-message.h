/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The message of an error-log line, from the level and numbers up to the errno: what nginx
 * tried, on what, and how it failed. For error-line.c; see error-line.h.
 */
#pragma once

#include "daemon/core/failure.h"
#include "daemon/nginx/slice.h"

typedef struct ErrorMessage {
    Slice operation;
    int error;
    FailureTargetKind target_kind;
    Slice target;
    Slice address;
    int port;
    Slice tail; /* what follows the errno */
    bool ambiguous;
} ErrorMessage;

/* "127.0.0.1:80", "[::1]:80", "127.0.0.1" (port 0), "unix:/path": sets the target members.
 * Any other text is kept as a target of no kind. */
void error_message_set_address(ErrorMessage *message, Slice text);

/* Whether the text reports a failed system call. On false *ret_message is untouched. */
bool error_message_parse(Slice text, ErrorMessage *ret_message);

/* Whether the message names a file and stops before it says how it ended: its path
 * holds a line end. */
bool error_message_is_open(Slice text);
