/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an nginx configuration asks the system for: each port, socket and file that nginx
 * will bind, connect to, read or write, with where that is written. Pure: no file is looked
 * at and no name resolved, so a path is as written (symbolic links are not followed).
 *
 * The meaning of directives is that of nginx's documentation (nginx.org/en/docs).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/arena.h"
#include "daemon/nginx/conf-read.h"

typedef enum NginxIntentKind {
    NGINX_INTENT_LISTEN,    /* bind: address and port, or socket */
    NGINX_INTENT_PASS,      /* connect: proxy_pass and its kind, auth_http */
    NGINX_INTENT_RESOLVER,  /* connect, udp and tcp */
    NGINX_INTENT_SYSLOG,    /* connect: udp, or socket */
    NGINX_INTENT_ERROR_LOG, /* path NULL unless a file; value says which */
    NGINX_INTENT_ACCESS_LOG,
    NGINX_INTENT_ROOT,            /* directory, read; write if dav_methods has any */
    NGINX_INTENT_ALIAS,           /* directory or file, read */
    NGINX_INTENT_CERTIFICATE,     /* also trusted and client certificates, CRLs */
    NGINX_INTENT_CERTIFICATE_KEY, /* also password and ticket key files */
    NGINX_INTENT_CACHE_PATH,      /* directory, write */
    NGINX_INTENT_TEMP_PATH,       /* directory, write */
    NGINX_INTENT_STORE,           /* proxy_store with a path, write */
    NGINX_INTENT_AUTH_FILE,
    NGINX_INTENT_MODULE,
    NGINX_INTENT_PID,       /* write */
    NGINX_INTENT_LOCK,      /* write */
    NGINX_INTENT_CONF_FILE, /* each file of the configuration itself */
    NGINX_INTENT_FILE,      /* some other file that is read */
    NGINX_INTENT_USER,      /* value: the user */
    NGINX_INTENT_KIND_COUNT,
} NginxIntentKind;

/* Strings live as long as the list; the NginxConf may be freed before it. */
typedef struct NginxIntent {
    NginxIntentKind kind;
    const char *directive; /* "proxy_pass", "listen", … */
    const char *value;     /* its first argument, as written */
    const char *group;     /* of user: its second argument; NULL if none */

    /* Where it leads: an address and port, or a socket, or a path. */
    const char *address; /* numeric without brackets, "*", or a host name; NULL if none */
    bool numeric;        /* address is numeric or "*" */
    int port;            /* -1 if none */
    int port_last;       /* of a listen with a port range, else as port */
    bool udp;
    const char *socket; /* path of a Unix socket, "@name" if abstract; NULL if none */
    const char *path;   /* absolute; NULL if none */
    bool directory;     /* all beneath path is meant */
    bool write;

    const char *upstream;    /* name of the upstream block in between, NULL if none */
    const char *context;     /* "main", "http", "stream", "mail" */
    const char *server_name; /* all names, separated by spaces; NULL if none */
    const char *location;    /* of the innermost location, as written; NULL if none */
    const char *file;
    unsigned line; /* 0: nowhere, a default of nginx */

    /* False: a variable decides, so that the truth is known at run time only. What is filled
     * (a path up to the variable, say) holds; what is not may be anything. */
    bool known;
} NginxIntent;

typedef struct NginxIntents {
    NginxIntent *items;
    size_t n_items;
    bool truncated;   /* the configuration was, or NGINX_INTENTS_MAX was met */
    bool runs_code;   /* Lua, Perl or JavaScript: it may do anything */
    bool transparent; /* connections are made from foreign addresses */
    bool quic_bpf;    /* programs are loaded into the kernel */
    bool has_names;   /* host names are looked up at start-up */
    /* Private. */
    size_t size;
    Arena memory;
} NginxIntents;

/* default_error_logs: what is assumed where the configuration names none on its top level
 * (compiled into nginx, different for each distribution); NULL-terminated, may be NULL.
 * Returns 0 or -ENOMEM. */
int nginx_intents_new(const NginxConf *conf, char *const *default_error_logs,
                      NginxIntents **ret_intents);
/* Adds what another configuration asks for: a second nginx on the same host. 0 or -ENOMEM, after
 * which the list is good only for freeing. */
int nginx_intents_add(NginxIntents *intents, const NginxConf *conf,
                      char *const *default_error_logs);
NginxIntents *nginx_intents_free(NginxIntents *intents); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(NginxIntents, nginx_intents_free, cleanup_nginx_intents);

/* Each gives the first match, a known one if there is any, or NULL; to go on, give the last
 * match as `after` (NULL to start). */

/* bind: among what nginx listens on, else among what it connects to. */
const NginxIntent *nginx_intent_find_port(const NginxIntents *intents, int port, bool bind,
                                          const NginxIntent *after);
/* The path itself, or a directory above it. Repeated slashes do not matter. */
const NginxIntent *nginx_intent_find_path(const NginxIntents *intents, const char *path,
                                          const NginxIntent *after);
const NginxIntent *nginx_intent_find_socket(const NginxIntents *intents, const char *path,
                                            const NginxIntent *after);

/* Whether something of this kind is decided at run time, so that finding nothing proves
 * nothing. */
bool nginx_intent_any_unknown(const NginxIntents *intents, NginxIntentKind kind);
/* The first such; NULL if there is none. */
const NginxIntent *nginx_intent_find_unknown(const NginxIntents *intents, NginxIntentKind kind);

const char *nginx_intent_kind_to_string(NginxIntentKind kind);
