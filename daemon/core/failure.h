/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A failure: one line of an nginx error log that reports a failed system call.
 * Everything after the operation and its target came through a client and is
 * context only: no decision may rest on it.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum FailureTargetKind {
    FAILURE_TARGET_NONE,    /* the line names none */
    FAILURE_TARGET_ADDRESS, /* address and port */
    FAILURE_TARGET_SOCKET,  /* path of a Unix socket, "@name" if abstract */
    FAILURE_TARGET_PATH,    /* a file or directory */
} FailureTargetKind;

typedef struct Failure {
    uint64_t time_usec;  /* CLOCK_REALTIME; the log has 1 s resolution, in local time */
    bool time_known;     /* false where the line had no readable time */
    const char *level;   /* "crit", "error", "emerg", … */
    pid_t pid;           /* 0 where absent */
    uint64_t connection; /* *N; 0 where absent */

    const char *operation; /* "connect", "bind", "open", "stat", …: without "()" */
    int error;             /* errno as printed by nginx */
    FailureTargetKind target_kind;
    const char *target;  /* as printed: "127.0.0.1:3000", "/run/app.sock", "/srv/x" */
    const char *address; /* numeric, without brackets; NULL unless ADDRESS */
    int port;            /* -1 unless ADDRESS */

    /* Context, all untrusted, NULL where absent. */
    const char *phase; /* "while connecting to upstream" */
    const char *client;
    const char *server; /* server_name */
    const char *request;
    const char *subrequest;
    const char *upstream;
    const char *host;
    const char *referrer;

    /* The line can be read in more than one way, because what a client wrote (a
     * quote, a line end, a forged " failed (13: …)") stands in it raw. Target, error
     * and context are then the left-most reading: to show, never to rely on. */
    bool ambiguous;

    /* The line names two upstreams for one connection: a client wrote one of them. Ambiguous, too.
     */
    bool contradicted;
    /* By nginx on its standard error output, while it starts: it says the same in its error log. */
    bool on_stderr;

    const char *log_path; /* where the line came from */
    const char *line;     /* the whole line, without the newline */
} Failure;

/* Whether nginx passes on what a backend says of itself: no failure of nginx's own. */
bool failure_is_of_backend(const Failure *failure);

/* A deep copy in one allocation; free() it. NULL if out of memory. */
Failure *failure_copy(const Failure *failure);

/* The same into memory of the caller's: the strings go to `text`, of `size` bytes, of which
 * *ret_used are taken. False, and nothing is written, where they do not fit. */
bool failure_copy_into(const Failure *failure, Failure *ret_copy, char *text, size_t size,
                       size_t *ret_used);
