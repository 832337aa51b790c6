/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of auditd's log as one stream: audit.log.N … audit.log.1, audit.log, oldest first
 * (rotate_logs() of auditd renames each to the next number). Files move on while they are read;
 * they are told by device and inode, not by name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/audit/logfile.h"

typedef struct AuditLogPosition {
    dev_t device;
    ino_t inode; /* 0: none */
    uint64_t offset;
} AuditLogPosition;

#define AUDITD_CONF_PATH  "/etc/audit/auditd.conf"
#define AUDIT_LOG_DEFAULT "/var/log/audit/audit.log"

/* Where auditd writes: log_file of auditd.conf(5), else its default. A new string; 0 or -ENOMEM. */
int audit_log_find(char **ret_path);

/* The present end of the log. Returns 0 or -errno; -EINVAL if it is no regular file. */
int audit_log_get_end(const char *path, AuditLogPosition *ret_position);

typedef struct AuditLogWalk AuditLogWalk;

/* Starts at that position; where it is not to be found (rotated away, cut), or is NULL, at the
 * newest file that begins before `from_usec`, else at the oldest. 0, -ENOMEM, or the negative
 * errno of opening the log. */
int audit_log_walk_new(AuditLogWalk **ret_walk, const char *path, const AuditLogPosition *start,
                       uint64_t from_usec);
AuditLogWalk *audit_log_walk_free(AuditLogWalk *walk);

/* Reads at most about `max_bytes` into the assembler. Returns 1 when there is more, 0 at the
 * present end of the newest file, or a negative errno of reading or of the sink. */
int audit_log_walk_process(AuditLogWalk *walk, AuditAssembler *assembler, uint64_t max_bytes);

/* Whether something between the start and here is known to be missing: a file that was gone
 * before it was read to its end, or cut. */
bool audit_log_walk_has_hole(const AuditLogWalk *walk);
uint64_t audit_log_walk_bytes(const AuditLogWalk *walk);
/* The stamp of the last whole line of the file at hand, and whether it says that auditd ended;
 * 0 where there is none. */
uint64_t audit_log_walk_last_stamp(const AuditLogWalk *walk, bool *ret_ended);
