/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One audit record: its type, its stamp and its body. Nothing is copied; a record
 * points into the caller's bytes, which need no terminator and may hold any byte.
 *
 * Framings, all ending in "audit(SECONDS.MILLISECONDS:SERIAL): BODY"
 * (audit_log_start() in kernel/audit.c; auditd-event.c for the log):
 *   payload  the kernel's netlink payload: the stamp alone, the type is nlmsg_type
 *   line     audit.log: [node=NAME ]type=NAME msg=STAMP; unknown types are
 *            UNKNOWN[NUMBER]; an ENRICHED suffix follows byte 0x1d and is cut off
 *   text     a line as people paste it: the above, or after any prefix
 *            "type=1400 audit(…)" (kernel log), or journald's "AVC avc:  denied …"
 *            without any stamp
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* linux/audit.h; the ones that matter here. */
typedef enum AuditRecordType {
    AUDIT_RECORD_OTHER = 0, /* a type name that is none of these */
    AUDIT_RECORD_SYSCALL = 1300,
    AUDIT_RECORD_PATH = 1302,
    AUDIT_RECORD_SOCKADDR = 1306,
    AUDIT_RECORD_CWD = 1307,
    AUDIT_RECORD_EOE = 1320,
    AUDIT_RECORD_PROCTITLE = 1327,
    AUDIT_RECORD_AVC = 1400,
    AUDIT_RECORD_POLICY_LOAD = 1403,   /* MAC_POLICY_LOAD: a policy was loaded */
    AUDIT_RECORD_STATUS = 1404,        /* MAC_STATUS: enforcing, permissive */
    AUDIT_RECORD_CONFIG_CHANGE = 1405, /* MAC_CONFIG_CHANGE: a boolean was set */
} AuditRecordType;

typedef struct AuditRecord {
    int type;           /* AuditRecordType, or any other number of linux/audit.h */
    uint64_t time_usec; /* CLOCK_REALTIME; 0 where the text had no stamp */
    uint64_t serial;    /* 0 where the text had no stamp */
    const char *body;   /* after "): "; not terminated */
    size_t length;      /* of the body, without enrichment, newline and trailing NULs */
} AuditRecord;

/* Each returns 0, or -EBADMSG where the framing is not right; *ret_record is then
 * untouched. A payload or line longer than the limits is -EMSGSIZE. */
int audit_record_parse_payload(int type, const char *payload, size_t length,
                               AuditRecord *ret_record);
int audit_record_parse_line(const char *line, size_t length, AuditRecord *ret_record);
/* -ENODATA: the line holds no audit record at all. */
int audit_record_parse_text(const char *line, size_t length, AuditRecord *ret_record);

/* The type that a log line claims, without reading any further: the means to pass over
 * a line at the cost of its newline. -1 if the line does not start as a record does. */
int audit_line_peek_type(const char *line, size_t length);

/* Whether the record says that the loaded policy, or how it is enforced, changed. */
static inline int audit_record_type_is_policy_change(int type)
{
    return type >= AUDIT_RECORD_POLICY_LOAD && type <= AUDIT_RECORD_CONFIG_CHANGE;
}
