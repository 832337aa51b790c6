/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What syslog and `journalctl -o short` write before a message: priority, time, host and tag, as
 * RFC 3164 and RFC 5424's time have them. For error-line.c.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "daemon/nginx/slice.h"

typedef struct SyslogPrefix {
    /* "2026/11/22 20:35:54 ", as nginx writes it; the year 0 where the prefix has none. Empty
     * without a time. */
    char time[24];
    bool has_offset;
    int32_t utc_offset; /* seconds east of UTC, with has_offset */
    pid_t pid;          /* of "nginx[351]:"; 0 where absent */
} SyslogPrefix;

/* Takes the prefix away, if there is one. The host may be missing (syslog:…,nohostname); the tag
 * can be configured: any word. */
void syslog_prefix_skip(Slice *text, SyslogPrefix *ret_prefix);

/* "YYYY/MM/DD HH:MM:SS " at the start; nothing is said about the ranges. */
bool nginx_time_is_at(Slice text);
