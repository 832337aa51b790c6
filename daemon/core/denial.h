/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A denial: one AVC of an audit event with what the event's other records say.
 * Fields as written by the kernel in security/selinux/avc.c,
 * security/lsm_audit.c and kernel/auditsc.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Denial {
    uint64_t time_usec; /* CLOCK_REALTIME since the epoch; the kernel gives milliseconds */
    uint64_t serial;    /* audit serial, unique within a boot */
    uint64_t content;   /* a number: equal only if all but these two is equal; 0: not known */

    /* From the AVC. Strings are decoded (no hex, no quotes), NULL where absent. */
    const char *source_context;
    const char *target_context;
    const char *target_class;
    const char *permissions; /* sorted, separated by one space */
    bool permissive;         /* permissive=1: logged, and let through */
    pid_t pid;               /* 0 where absent */
    const char *comm;
    const char *path; /* absolute, or as the kernel has it ("socket:[123]") */
    const char *name; /* last component only */
    const char *device;
    uint64_t inode;    /* 0 where absent */
    int source_port;   /* src= / lport=; -1 where absent */
    int dest_port;     /* dest= / fport=; -1 where absent */
    const char *laddr; /* laddr= / saddr= */
    const char *faddr; /* faddr= / daddr= */
    int capability;    /* capability=; -1 where absent */
    int ioctl_command; /* ioctlcmd=, 16 bits; 0 where absent */

    /* From SYSCALL; -1 or NULL where the record did not come. */
    int syscall;
    uint32_t arch; /* AUDIT_ARCH_*; 0 where absent */
    const char *exe;
    int64_t uid;
    int64_t euid;
    bool have_exit;
    int64_t exit_code; /* negative errno on failure */

    const char *proctitle; /* NUL bytes shown as spaces */
    const char *cwd;       /* CWD record */
    const char *saddr;     /* SOCKADDR, rendered "127.0.0.1:80", "[::1]:80", "unix:/path" */
} Denial;

/* A deep copy in one allocation; free() it. NULL if out of memory. */
Denial *denial_copy(const Denial *denial);
