/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps the monitor from doing its whole job, one sentence each. The sentence anyone may
 * read names no path; the detail may, and goes only where reading is authorized.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum ProblemCode {
    PROBLEM_CONFIGURATION,
    PROBLEM_SELINUX_DISABLED,
    PROBLEM_SELINUX_PERMISSIVE,
    PROBLEM_UNCONFINED,
    PROBLEM_MODULE,
    PROBLEM_DOMAINS,
    PROBLEM_AUDIT_SOCKET,
    PROBLEM_AUDIT_LOSS,
    PROBLEM_NGINX_CONFIGURATION,
    PROBLEM_ERROR_LOG,
    PROBLEM_NGINX_JOURNAL,
    PROBLEM_POLICY,
    PROBLEM_STATE,
    PROBLEM_CODE_COUNT,
} ProblemCode;

typedef struct Problems {
    char *details[PROBLEM_CODE_COUNT]; /* NULL: there is no such problem */
} Problems;

/* "audit-socket" …; part of the D-Bus interface. */
const char *problem_code_to_string(ProblemCode code);
/* The public sentence. */
const char *problem_code_to_sentence(ProblemCode code);

/* Sets or (detail NULL) clears. Returns true if that changed anything; out of memory counts
 * as no change. */
bool problems_set(Problems *problems, ProblemCode code, const char *detail);
void problems_clear(Problems *problems);
