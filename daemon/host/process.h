/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a process is: from /proc/PID/status (proc_pid_status(5)). Nothing of it is trusted further
 * than that a process may call itself what it likes.
 */
#pragma once

#include <sys/types.h>

#include "daemon/host/permission.h"

#define PROCESS_NAME_SIZE 16u

typedef struct ProcessStatus {
    char name[PROCESS_NAME_SIZE];
    pid_t parent;
    Subject subject; /* with the ids that file access is decided by */
} ProcessStatus;

/* 0, -EBADMSG, or -E2BIG past SUBJECT_GROUPS_MAX. */
int process_status_parse(const char *text, ProcessStatus *ret_status);
/* 0, -ENOENT (gone), -EACCES, or as above. */
int process_status_read(pid_t pid, ProcessStatus *ret_status);
/* The security context of a process; the caller frees it. 0 or a negative errno. */
int process_context_read(pid_t pid, char **ret_context);

typedef struct NginxProcesses {
    bool worker_known, master_known;
    ProcessStatus worker, master;
    pid_t worker_pid, master_pid;
    bool ambiguous; /* there are workers with different rights */
} NginxProcesses;

/* Looks for a process named nginx whose parent has that name: a worker, and a master. 0 or a
 * negative errno; finding none is 0. */
int process_find_nginx(NginxProcesses *ret_processes);
