/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the records of an event say besides its AVCs: SYSCALL, CWD, PROCTITLE, SOCKADDR.
 * The same for all denials of the event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/event.h"
#include "daemon/audit/memo.h"
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

/* A field of a record, as it stands there: offset from where the part of it begins. */
typedef struct ContextSlice {
    uint16_t offset;
    uint16_t length; /* 0: absent */
    uint8_t kind;    /* an AuditFieldKind */
} ContextSlice;

/* What the part of a SYSCALL record says that tells of the process, not of the call. */
typedef struct ProcessPart {
    int64_t pid, uid, euid; /* -1 where absent */
    ContextSlice comm, exe;
} ProcessPart;

/* That of processes seen lately. */
typedef struct EventContextMemo {
    Memo memo;
    ProcessPart parts[AUDIT_MEMO_ENTRIES];
} EventContextMemo;

void event_context_read(EventContext *ret_context, EventContextMemo *memo, Scratch *scratch,
                        const AuditEvent *event);
