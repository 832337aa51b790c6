/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * selguard.conf: what an administrator may set, for both daemons. INI syntax; the man page
 * selguard.conf(5) describes it. A key that takes a list may stand several times.
 *
 *   [nginx]
 *   Configuration=/etc/nginx/nginx.conf
 *   Prefix=/usr/share/nginx          what relative paths in it are relative to
 *   ErrorLog=PATH…                   instead of those found in the configuration
 *   Domains=httpd_t                  SELinux domains whose denials count
 *   Units=nginx.service              nginx's unit: the first of them that systemd has
 *
 *   [audit]
 *   Log=/var/log/audit/audit.log     instead of the one that auditd.conf names
 *
 *   [remedy]
 *   DeniedBooleans=PATTERN…          never offered and never set, besides the built-in ones
 */
#pragma once

#include <stddef.h>

#define CONFIG_PATH SYSCONFDIR "/nginx-selguard/selguard.conf"

/* All lists are NULL-terminated or NULL; strings are owned. */
typedef struct Config {
    char *nginx_configuration; /* NULL: the default of nginx/conf-read.h */
    char *nginx_prefix;        /* likewise */
    char *audit_log;           /* NULL: what auditd.conf names */
    char **error_logs;         /* NULL: found from nginx's configuration */
    char **domains;            /* never empty after config_load() */
    char **nginx_units;        /* likewise */
    char **denied_booleans;
} Config;

/* Reads the file over the defaults. A file that does not exist is an empty one. Returns 0;
 * -EBADMSG for a line that is not understood, -EFBIG for an absurdly large file, or the errno
 * of opening it, with *ret_problem a sentence naming the place (to be freed; NULL if out of
 * memory) and *ret_config untouched; or -ENOMEM. */
int config_load(const char *path, Config *ret_config, char **ret_problem);
/* The defaults alone. 0 or -ENOMEM. */
int config_init(Config *ret_config);
void config_clear(Config *config);
