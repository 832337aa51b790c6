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
 *   DeniedTypes=PATTERN…             never given to a port or a file, and no rule reaches them
 *   AllowedActions=KIND…             of plan.h; the others are refused
 *   MaximumDomains=N MaximumPorts=N MaximumAccesses=N
 *                                    a plan that opens more is refused
 *   PreApproved=relabel PATH USER    nobody is asked; may stand several times
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH SYSCONFDIR "/nginx-selguard/selguard.conf"

typedef struct ExposureLimit {
    bool set;
    uint32_t value;
} ExposureLimit;

/* One user may have the default labels restored at and below one path. */
typedef struct PreApproval {
    char *path;
    char *user; /* a name or a number */
} PreApproval;

/* All lists are NULL-terminated or NULL; strings are owned. */
typedef struct Config {
    char *nginx_configuration; /* NULL: the default of nginx/conf-read.h */
    char *nginx_prefix;        /* likewise */
    char *audit_log;           /* NULL: what auditd.conf names */
    char **error_logs;         /* NULL: found from nginx's configuration */
    char **domains;            /* never empty after config_load() */
    char **nginx_units;        /* likewise */
    char **denied_booleans;
    char **denied_types;
    char **allowed_actions; /* NULL: all */
    ExposureLimit maximum_domains;
    ExposureLimit maximum_ports;
    ExposureLimit maximum_accesses;
    PreApproval *pre_approved;
    size_t n_pre_approved;
} Config;

/* Reads the file over the defaults. A file that does not exist is an empty one. Returns 0;
 * -EBADMSG for a line that is not understood, -EFBIG for an absurdly large file, or the errno
 * of opening it, with *ret_problem a sentence naming the place (to be freed; NULL if out of
 * memory) and *ret_config untouched; or -ENOMEM. */
int config_load(const char *path, Config *ret_config, char **ret_problem);
/* The defaults alone. 0 or -ENOMEM. */
int config_init(Config *ret_config);
void config_clear(Config *config);
