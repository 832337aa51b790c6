/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of an nginx error log -> a Failure.
 *
 * The format is that of nginx's src/core/ngx_log.c: time in local time, level,
 * pid#tid, *connection, message, and " (errno: text)" where a system call failed;
 * then what the log handlers add (ngx_http_request.c, ngx_stream_handler.c,
 * ngx_mail_handler.c): " while ACTION, client: …, server: …, request: "…",
 * subrequest: "…", upstream: "…", host: "…", referrer: "…"".
 *
 * nginx escapes nothing. A client chooses request, host and referrer, and, percent-
 * decoded, much of a file's path, line ends included. So the line is read strictly from
 * left to right: operation, target and errno come from the first " failed (N: …)"
 * only, and text of a later field never becomes one of them, but for an answer to connect() that
 * came later (111, 110, 113 …), where nginx names the upstream alone. Where more than one
 * reading is possible, Failure.ambiguous is set. A client that can put line ends into a
 * path can still forge lines that look whole: a Failure is never proof of anything,
 * its pid and time must agree with a record of the kernel.
 *
 * Which operations: whatever nginx prints as "name()", plus these:
 *   "directory-index"  directory index of "…" is forbidden; error is 0
 *   "stat"             "…" is forbidden (13: …), "…" is not found (2: …): the index module
 *   "certificate", "certificate-key"   cannot load certificate [key] "…"; the errno is
 *                      taken from OpenSSL's code; a line without one (a file that
 *                      is no certificate) is OTHER
 *   "dlopen"           the errno is taken from the loader's text, else it is OTHER
 *   "connect", "send", "recv"   upstream timed out, by what nginx was doing
 *   "timeout"          a client or connection timed out
 *   "crl"              cannot load CRL "…"
 *   "bpf"              what QUIC loads into the kernel
 *   "upstream-closed"  upstream prematurely closed …; error is 0
 *   "backend-stderr"   FastCGI sent in stderr: "…"; target is that text, error what its words
 *                      say, else 0. Not nginx's own failure, and no proof of one.
 * Of rename() "A" to "B" the target is B, where the new name is made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/failure.h"
#include "daemon/core/limits.h"
#include "daemon/nginx/known-lines.h"

typedef enum NginxLineClass {
    NGINX_LINE_FOREIGN, /* not written by nginx, or too long, or the rest of a broken line */
    NGINX_LINE_OTHER,   /* by nginx, but no failed system call */
    NGINX_LINE_FAILURE,
} NginxLineClass;

typedef enum NginxLineZone {
    NGINX_ZONE_LOCAL, /* this process' time zone; between two readings mktime() chooses */
    NGINX_ZONE_FIXED, /* utc_offset seconds east of UTC: logs of another host */
} NginxLineZone;

/* Logs whose last line was left open by a client's line end: see error-line.c. */
#define NGINX_LINE_OPEN_LOGS 16u

/* Caller-owned, no clean-up needed, some 70 KB, of which a quiet host touches 17. One serves any
 * number of logs. Private. */
typedef struct NginxLineParser {
    NginxLineZone zone;
    int32_t utc_offset;
    bool minute_cached;
    char minute[16]; /* "2026/11/22 20:35" */
    int64_t minute_epoch;
    struct {
        uint64_t log;
        size_t remaining;
    } open[NGINX_LINE_OPEN_LOGS];
    uint64_t open_evicted; /* of these, given up before their end: too many */
    char line[NGINX_LINE_LENGTH_MAX + 1];
    char fields[NGINX_LINE_LENGTH_MAX + 256];
    size_t used;
    KnownLines known;
} NginxLineParser;

/* What is known of a line from elsewhere, such as the journal's own fields. */
typedef struct NginxLineOrigin {
    uint64_t time_usec; /* CLOCK_REALTIME; 0: not known */
    pid_t pid;          /* of the writer; 0: not known */
} NginxLineOrigin;

/* utc_offset is used with NGINX_ZONE_FIXED only. */
void nginx_line_parser_init(NginxLineParser *parser, NginxLineZone zone, int32_t utc_offset);

/* Parses a line (without its newline, any bytes). Prefixes of syslog and of the journal
 * and nginx's own lines on stderr ("nginx: [emerg] …") are understood; the latter have no time or
 * process of their own, and take both from the prefix, if there is one. log_path may be NULL; it is
 * not copied. Allocates nothing.
 *
 * On NGINX_LINE_FAILURE *ret_failure is filled; its strings, NUL-terminated, may hold any
 * byte but NUL (shown as a space) and are valid until the next call. Otherwise it is
 * untouched. Lines of one log are to be given in their order. */
NginxLineClass nginx_line_parse(NginxLineParser *parser, const char *log_path, const char *line,
                                size_t length, Failure *ret_failure);

/* The same for a line without a prefix of which the origin (may be NULL) is known otherwise; what
 * the line says itself counts before it. */
NginxLineClass nginx_line_parse_from(NginxLineParser *parser, const char *log_path,
                                     const NginxLineOrigin *origin, const char *line, size_t length,
                                     Failure *ret_failure);
