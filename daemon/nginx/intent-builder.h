/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of conf-intent share while a list is made. */
#pragma once

#include "daemon/nginx/conf-endpoint.h"
#include "daemon/nginx/conf-intent.h"

/* An upstream block, or a value that a variable may have. */
typedef struct IntentName {
    const char *context; /* upstreams: "http" or "stream" */
    const char *name;    /* variables: without '$' */
    const char *value;   /* variables only */
    const NginxDirective *directive;
    size_t order;
    bool used;
} IntentName;

typedef struct IntentNames {
    IntentName *items;
    size_t n_items;
    size_t size;
} IntentNames;

typedef struct IntentBuilder {
    const NginxConf *conf;
    NginxIntents *intents;
    IntentNames upstreams; /* sorted by intent_names_sort() */
    IntentNames variables;
    /* Of the directive before, since neighbours share them. */
    const NginxDirective *server;
    const char *server_name;
    const NginxDirective *location;
    const char *location_text;
} IntentBuilder;

/* "main", "http", "stream", "mail" …: constant text or the name of the outermost block. */
const char *intent_context_of(const NginxDirective *directive);

/* A new intent with the directive's place filled in; more members are the caller's to fill. In
 * *ret_intent NULL if the list is full. The pointer is valid until the next call. Returns 0
 * or -ENOMEM. */
int intent_add(IntentBuilder *builder, NginxIntentKind kind, const NginxDirective *directive,
               const char *value, NginxIntent **ret_intent);
const char *intent_copy(IntentBuilder *builder, Slice text); /* NULL if out of memory */

/* Fills address, port and socket. Returns 0 or -ENOMEM. */
int intent_set_endpoint(IntentBuilder *builder, NginxIntent *intent, const ConfEndpoint *endpoint,
                        int default_port);

/* By name, without regard to case; those of one name in their order. */
int intent_names_add(IntentNames *names, const char *context, const char *name, const char *value,
                     const NginxDirective *directive);
void intent_names_sort(IntentNames *names);
/* The first of this name, *ret_count of them in a row; NULL if none. context may be NULL. */
IntentName *intent_names_find(const IntentNames *names, const char *context, Slice name,
                              size_t *ret_count);

/* intent-pass.c: collects upstreams and variables; adds what a directive connects to (it
 * must be one for which intent_is_pass() holds); adds upstreams that no directive names. */
int intent_collect_names(IntentBuilder *builder);
bool intent_is_pass(const NginxDirective *directive);
int intent_add_pass(IntentBuilder *builder, const NginxDirective *directive);
int intent_add_unused_upstreams(IntentBuilder *builder);

/* intent-path.c: adds what a directive says of files, if anything; and what holds where
 * nothing is said. */
int intent_add_paths(IntentBuilder *builder, const NginxDirective *directive);
int intent_add_default_paths(IntentBuilder *builder, char *const *default_error_logs);
