/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-intent.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/path.h"
#include "daemon/nginx/intent-builder.h"

/* --- listen -------------------------------------------------------------- */

static int add_listen(IntentBuilder *builder, const NginxDirective *directive)
{
    Slice text = {directive->args[0], strlen(directive->args[0])};
    bool http = streq(intent_context_of(directive), "http");
    ConfEndpoint endpoint;
    NginxIntent *intent;
    int r;

    if (!conf_endpoint_parse(text, /* listen= */ true, &endpoint))
        return 0;
    r = intent_add(builder, NGINX_INTENT_LISTEN, directive, directive->args[0], &intent);
    if (r < 0 || !intent)
        return r;
    for (size_t i = 1; i < directive->n_args; i++)
        if (streq(directive->args[i], "udp") || streq(directive->args[i], "quic"))
            intent->udp = true;
    intent->write = endpoint.socket.start != NULL;
    return intent_set_endpoint(builder, intent, &endpoint, http ? 80 : -1);
}

/* A server of http without a listen: ngx_http_core_server() gives it *:80. */
static int add_default_listen(IntentBuilder *builder, const NginxDirective *server)
{
    NginxIntent *intent;
    int r;

    for (const NginxDirective *at = server->first; at; at = at->next)
        if (streq(at->name, "listen"))
            return 0;
    r = intent_add(builder, NGINX_INTENT_LISTEN, server, "80", &intent);
    if (r < 0 || !intent)
        return r;
    intent->address = "*";
    intent->numeric = true;
    intent->port = intent->port_last = 80;
    return 0;
}

static int add_resolvers(IntentBuilder *builder, const NginxDirective *directive)
{
    for (size_t i = 0; i < directive->n_args; i++) {
        const char *text = directive->args[i];
        ConfEndpoint endpoint;
        NginxIntent *intent;
        int r;

        if (strchr(text, '=') ||
            !conf_endpoint_parse((Slice){text, strlen(text)}, false, &endpoint))
            continue;
        r = intent_add(builder, NGINX_INTENT_RESOLVER, directive, text, &intent);
        if (r < 0 || !intent)
            return r;
        intent->udp = true;
        r = intent_set_endpoint(builder, intent, &endpoint, 53);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), end = strlen(ending);

    return length >= end && streq(text + length - end, ending);
}

/* Directives that say more of nginx's doings than one place to reach. */
static void note_features(NginxIntents *intents, const NginxDirective *directive)
{
    static const char *const code[] = {"perl",        "perl_set",  "js_content",
                                       "js_access",   "js_filter", "js_preread",
                                       "js_periodic", "js_set",    "perl_require"};
    const char *name = directive->name;

    if (strstr(name, "_by_lua") || strstr(name, "_by_njs"))
        intents->runs_code = true;
    for (size_t i = 0; i < ELEMENTS_OF(code); i++)
        if (streq(name, code[i]))
            intents->runs_code = true;
    if (ends_with(name, "_bind") && directive->n_args > 1 &&
        streq(directive->args[directive->n_args - 1], "transparent"))
        intents->transparent = true;
    if (streq(name, "quic_bpf") && directive->n_args == 1 && streq(directive->args[0], "on"))
        intents->quic_bpf = true;
}

static int add_user(IntentBuilder *builder, const NginxDirective *directive)
{
    NginxIntent *intent;
    int r = intent_add(builder, NGINX_INTENT_USER, directive, directive->args[0], &intent);

    if (r < 0 || !intent || directive->n_args < 2)
        return r;
    intent->group = intent_copy(builder, (Slice){directive->args[1], strlen(directive->args[1])});
    return intent->group ? 0 : -ENOMEM;
}

static int add_directive(IntentBuilder *builder, const NginxDirective *directive)
{
    note_features(builder->intents, directive);
    if (directive->block && !streq(directive->name, "geoip2")) {
        bool server = streq(directive->name, "server") && directive->parent &&
                      streq(directive->parent->name, "http");

        return server ? add_default_listen(builder, directive) : 0;
    }
    if (intent_is_pass(directive))
        return intent_add_pass(builder, directive);
    if (directive->n_args > 0 && streq(directive->name, "listen"))
        return add_listen(builder, directive);
    if (streq(directive->name, "resolver"))
        return add_resolvers(builder, directive);
    if (directive->n_args > 0 && streq(directive->name, "user") && !directive->parent)
        return add_user(builder, directive);
    return intent_add_paths(builder, directive);
}

/* --- the list ------------------------------------------------------------ */

/* What is known comes first, else in the order of the configuration. */
static int put_known_first(NginxIntents *intents)
{
    NginxIntent *sorted = malloc((intents->n_items + 1) * sizeof(*sorted));
    size_t n = 0;

    if (!sorted)
        return -ENOMEM;
    for (int known = 1; known >= 0; known--)
        for (size_t i = 0; i < intents->n_items; i++)
            if (intents->items[i].known == known)
                sorted[n++] = intents->items[i];
    free(intents->items);
    intents->items = sorted;
    intents->size = intents->n_items + 1;
    return 0;
}

static int build(IntentBuilder *builder, char *const *default_error_logs)
{
    int r = intent_collect_names(builder);

    for (const NginxDirective *at = builder->conf->first; r == 0 && at;
         at = nginx_directive_next(at))
        r = add_directive(builder, at);
    if (r == 0)
        r = intent_add_unused_upstreams(builder);
    if (r == 0)
        r = intent_add_default_paths(builder, default_error_logs);
    for (size_t i = 0; i < builder->intents->n_items; i++) {
        const NginxIntent *intent = &builder->intents->items[i];

        builder->intents->has_names |= intent->address && !intent->numeric;
    }
    return r == 0 ? put_known_first(builder->intents) : r;
}

int nginx_intents_add(NginxIntents *intents, const NginxConf *conf, char *const *default_error_logs)
{
    IntentBuilder builder = {.conf = conf, .intents = intents};
    int r;

    intents->truncated = intents->truncated || conf->truncated;
    r = build(&builder, default_error_logs);
    free(builder.upstreams.items);
    free(builder.variables.items);
    return r;
}

int nginx_intents_new(const NginxConf *conf, char *const *default_error_logs,
                      NginxIntents **ret_intents)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents = calloc(1, sizeof(*intents));
    int r = intents ? nginx_intents_add(intents, conf, default_error_logs) : -ENOMEM;

    if (r < 0)
        return r;
    *ret_intents = TAKE_POINTER(intents);
    return 0;
}

NginxIntents *nginx_intents_free(NginxIntents *intents)
{
    if (!intents)
        return NULL;
    arena_clear(&intents->memory);
    free(intents->items);
    free(intents);
    return NULL;
}

/* --- questions ----------------------------------------------------------- */

static const NginxIntent *first_after(const NginxIntents *intents, const NginxIntent *after)
{
    return after ? after + 1 : intents->items;
}

static bool connects(NginxIntentKind kind)
{
    return kind == NGINX_INTENT_PASS || kind == NGINX_INTENT_RESOLVER ||
           kind == NGINX_INTENT_SYSLOG;
}

const NginxIntent *nginx_intent_find_port(const NginxIntents *intents, int port, bool bind,
                                          const NginxIntent *after)
{
    const NginxIntent *end = intents->items + intents->n_items;

    for (const NginxIntent *at = first_after(intents, after); at < end; at++)
        if (at->port >= 0 && at->port <= port && port <= at->port_last &&
            (bind ? at->kind == NGINX_INTENT_LISTEN : connects(at->kind)))
            return at;
    return NULL;
}

/* Whether path is `base`, or, if that is a directory, beneath it. Both are absolute. */
static bool is_path_within(const char *path, const char *base, bool directory)
{
    for (;;) {
        if ((*base == '/' || *base == '\0') && (*path == '/' || *path == '\0')) {
            bool at_slash = *path == '/';

            if (*base == '/')
                base += strspn(base, "/");
            if (at_slash)
                path += strspn(path, "/");
            if (*base == '\0')
                return directory || *path == '\0';
            if (!at_slash || *path == '\0')
                return false;
        }
        if (*base++ != *path++)
            return false;
    }
}

/* The same for a base as it is configured, which may have ".." in it. */
static bool leads_into(const char *path, const char *base, bool directory)
{
    _cleanup_free_ char *collapsed = NULL;

    if (!path_has_dots(base))
        return is_path_within(path, base, directory);
    return path_collapse(base, &collapsed) >= 0 && is_path_within(path, collapsed, directory);
}

const NginxIntent *nginx_intent_find_path(const NginxIntents *intents, const char *path,
                                          const NginxIntent *after)
{
    const NginxIntent *end = intents->items + intents->n_items;
    _cleanup_free_ char *collapsed = NULL;

    if (path_collapse(path, &collapsed) < 0)
        return NULL;
    for (const NginxIntent *at = first_after(intents, after); at < end; at++)
        if (at->path && leads_into(collapsed, at->path, at->directory))
            return at;
    return NULL;
}

const NginxIntent *nginx_intent_find_socket(const NginxIntents *intents, const char *path,
                                            const NginxIntent *after)
{
    const NginxIntent *end = intents->items + intents->n_items;
    _cleanup_free_ char *collapsed = NULL;

    (void)path_collapse(path, &collapsed); /* an abstract one has no path */
    for (const NginxIntent *at = first_after(intents, after); at < end; at++)
        if (at->socket && (streq(at->socket, path) ||
                           (at->socket[0] == '/' && collapsed &&
                            leads_into(collapsed, at->socket, /* directory= */ false))))
            return at;
    return NULL;
}

const NginxIntent *nginx_intent_find_unknown(const NginxIntents *intents, NginxIntentKind kind)
{
    for (size_t i = 0; i < intents->n_items; i++)
        if (intents->items[i].kind == kind && !intents->items[i].known)
            return &intents->items[i];
    return NULL;
}

bool nginx_intent_any_unknown(const NginxIntents *intents, NginxIntentKind kind)
{
    return nginx_intent_find_unknown(intents, kind) != NULL;
}

const char *nginx_intent_kind_to_string(NginxIntentKind kind)
{
    static const char *const names[NGINX_INTENT_KIND_COUNT] = {
        [NGINX_INTENT_LISTEN] = "listen",
        [NGINX_INTENT_PASS] = "pass",
        [NGINX_INTENT_RESOLVER] = "resolver",
        [NGINX_INTENT_SYSLOG] = "syslog",
        [NGINX_INTENT_ERROR_LOG] = "error-log",
        [NGINX_INTENT_ACCESS_LOG] = "access-log",
        [NGINX_INTENT_ROOT] = "root",
        [NGINX_INTENT_ALIAS] = "alias",
        [NGINX_INTENT_CERTIFICATE] = "certificate",
        [NGINX_INTENT_CERTIFICATE_KEY] = "certificate-key",
        [NGINX_INTENT_CACHE_PATH] = "cache-path",
        [NGINX_INTENT_TEMP_PATH] = "temp-path",
        [NGINX_INTENT_STORE] = "store",
        [NGINX_INTENT_AUTH_FILE] = "auth-file",
        [NGINX_INTENT_MODULE] = "module",
        [NGINX_INTENT_PID] = "pid",
        [NGINX_INTENT_LOCK] = "lock",
        [NGINX_INTENT_CONF_FILE] = "conf-file",
        [NGINX_INTENT_FILE] = "file",
        [NGINX_INTENT_USER] = "user",
    };

    return (size_t)kind < ELEMENTS_OF(names) ? names[kind] : NULL;
}
