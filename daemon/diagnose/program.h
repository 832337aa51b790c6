/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who was denied. nginx, Apache, php-fpm and their helpers share one domain; advice for one of them
 * does not fit another. Judged by what the process runs, where the kernel tells, else by its name,
 * which a process can choose. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"

typedef enum ProgramKind {
    PROGRAM_UNKNOWN, /* neither name is known */
    PROGRAM_NGINX,
    PROGRAM_PHP,
    PROGRAM_APACHE,
    PROGRAM_HELPER, /* an application server or a CGI wrapper */
    PROGRAM_SHELL,  /* a shell, or what intruders start from one */
    PROGRAM_OTHER,
} ProgramKind;

ProgramKind program_of_diagnosis(const Diagnosis *diagnosis);

/* The same for a name or path, such as "php-fpm" or "/usr/sbin/nginx"; may be NULL. */
ProgramKind program_of_name(const char *name);

/* The last component of what the process runs, else its name, else "". */
const char *program_name(const Diagnosis *diagnosis);

/* What to keep in mind about advice for it: a sentence for the caller to free; NULL for nginx and
 * for what is not known. 0 or -ENOMEM. */
int program_remark(const Diagnosis *diagnosis, char **ret_text);
