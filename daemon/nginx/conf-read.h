/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nginx.conf with all that it includes, as a tree of directives. nginx is not executed and
 * no directive is interpreted but "include": conf-intent.h does the rest. Errors do not
 * stop the rest from being read; they are kept as problems.
 *
 * An NginxConf is built at once, then immutable; everything in it lives until
 * nginx_conf_free().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/arena.h"

typedef struct NginxDirective NginxDirective;
struct NginxDirective {
    const char *name; /* "" for a block without a name, which nginx refuses */
    char **args;      /* NULL-terminated, unescaped */
    size_t n_args;
    bool block;
    const char *file; /* as nginx would name it, without the root */
    unsigned line;
    NginxDirective *parent; /* NULL at the top level */
    NginxDirective *first;  /* of its block */
    NginxDirective *next;   /* sibling; what an include brings follows the include */
};

typedef struct NginxConfProblem {
    const char *file;
    unsigned line; /* 0: the file as a whole */
    const char *text;
} NginxConfProblem;

typedef struct NginxConf {
    NginxDirective *first;   /* top level */
    const char *prefix;      /* without a trailing slash but for "/" itself */
    const char *conf_prefix; /* the directory of nginx.conf, likewise */
    NginxConfProblem *problems;
    size_t n_problems;
    size_t problems_total;
    char **files; /* each file read, once, in order of reading; NULL-terminated */
    size_t n_files;
    size_t n_directives;
    bool truncated; /* a limit of limits.h was met: something is missing */
    Arena memory;   /* private */
} NginxConf;

typedef struct NginxConfOptions {
    const char *root;      /* "/" of the host that is read; NULL: this one */
    const char *conf_path; /* absolute, beneath root; NULL: /etc/nginx/nginx.conf */
    const char *prefix;    /* nginx -p or --prefix, absolute; NULL: /usr/share/nginx */
} NginxConfOptions;

/* Returns 0, -ENOMEM, -EINVAL, or the negative errno of opening the first file. */
int nginx_conf_read(const NginxConfOptions *options, NginxConf **ret_conf);

/* The same on text in memory, named `name`; includes are problems. options may be NULL. */
int nginx_conf_parse(const char *name, const char *text, size_t length,
                     const NginxConfOptions *options, NginxConf **ret_conf);

NginxConf *nginx_conf_free(NginxConf *conf); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(NginxConf, nginx_conf_free, cleanup_nginx_conf);

/* The next directive in reading order, depth first; NULL at the end. Start with conf->first. */
const NginxDirective *nginx_directive_next(const NginxDirective *directive);
