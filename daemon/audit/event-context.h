/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the records of an event say besides its AVCs: SYSCALL, CWD, PROCTITLE, SOCKADDR.
 * The same for all denials of the event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/event.h"
#include "daemon/audit/scratch.h"

/* Strings live in the scratch buffer, NULL where absent. */
typedef struct EventContext {
    int64_t pid; /* of SYSCALL; 0 where absent */
    const char *comm;
    bool have_a0;
    uint64_t a0;
    int syscall;
    uint32_t arch;
    const char *exe;
    int64_t uid;
    int64_t euid;
    bool have_exit;
    int64_t exit_code;
    const char *proctitle;
    const char *cwd;
    const char *saddr;
} EventContext;

void event_context_read(EventContext *ret_context, Scratch *scratch, const AuditEvent *event);
