/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx connects to: proxy_pass and its kind, through upstreams and variables. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/core/text.h"
#include "daemon/nginx/intent-builder.h"

/* Values of variables put into one directive: each is one way it may go. */
#define EXPANSIONS_MAX 256u

typedef struct PassKind {
    const char *directive;
    int port;         /* where neither scheme nor address says; -1: none */
    bool need_scheme; /* without one the value is a variable, or wrong */
    bool any_context; /* else it counts in "http" only */
} PassKind;

static const PassKind pass_kinds[] = {
    {"proxy_pass", 80, true, false},         {"fastcgi_pass", -1, false, false},
    {"uwsgi_pass", -1, false, false},        {"scgi_pass", -1, false, false},
    {"memcached_pass", -1, false, false},    {"grpc_pass", 80, false, false},
    {"auth_http", 80, false, true},          {"ssl_stapling_responder", 80, false, true},
    {"ssl_ocsp_responder", 80, false, true},
};
/* Of modules that are not nginx's own: redis2_pass, ajp_pass, postgres_pass … */
static const PassKind other_pass = {"*_pass", -1, false, false};
/* The certificate names whom to ask for its status. */
static const PassKind stapling = {"ssl_stapling", -1, true, true};
static const PassKind stream_pass = {"proxy_pass", -1, false, true};

static const struct {
    const char *scheme;
    int port;
} schemes[] = {
    {"http://", 80},   {"https://", 443}, {"grpc://", 80},
    {"grpcs://", 443}, {"uwsgi://", -1},  {"suwsgi://", -1},
};

static bool ends_with_pass(const char *name)
{
    size_t length = strlen(name), ending = strlen("_pass");

    return length > ending && streq(name + length - ending, "_pass");
}

/* Whether the responder is named beside or above the directive. */
static bool has_responder(const NginxDirective *directive)
{
    for (const NginxDirective *block = directive->parent; block; block = block->parent)
        for (const NginxDirective *at = block->first; at; at = at->next)
            if (streq(at->name, "ssl_stapling_responder") ||
                streq(at->name, "ssl_ocsp_responder") || streq(at->name, "ssl_stapling_file"))
                return true;
    return false;
}

static const PassKind *kind_of(const NginxDirective *directive)
{
    const char *context;

    if (directive->block || directive->n_args < 1)
        return NULL;
    for (size_t i = 0; i < ELEMENTS_OF(pass_kinds); i++) {
        if (!streq(directive->name, pass_kinds[i].directive))
            continue;
        context = intent_context_of(directive);
        if (i == 0 && streq(context, "stream"))
            return &stream_pass;
        return pass_kinds[i].any_context || streq(context, "http") ? &pass_kinds[i] : NULL;
    }
    if (ends_with_pass(directive->name) && streq(intent_context_of(directive), "http"))
        return &other_pass;
    if ((streq(directive->name, "ssl_stapling") || streq(directive->name, "ssl_ocsp")) &&
        !streq(directive->args[0], "off") && !has_responder(directive))
        return &stapling;
    return NULL;
}

bool intent_is_pass(const NginxDirective *directive)
{
    return kind_of(directive) != NULL;
}

/* --- upstreams ----------------------------------------------------------- */

static int add_upstream_servers(IntentBuilder *builder, const NginxDirective *directive,
                                const char *value, IntentName *upstream)
{
    const NginxDirective *block = upstream->directive;
    const char *name = NULL;

    upstream->used = true;
    for (const NginxDirective *server = block->first; server; server = server->next) {
        ConfEndpoint endpoint;
        NginxIntent *intent;
        int r;

        if (!streq(server->name, "server") || server->block || server->n_args < 1 ||
            !conf_endpoint_parse((Slice){server->args[0], strlen(server->args[0])}, false,
                                 &endpoint))
            continue;
        r = intent_add(builder, NGINX_INTENT_PASS, directive ? directive : server,
                       value ? value : server->args[0], &intent);
        if (r < 0 || !intent)
            return r;
        if (!name)
            name = intent_copy(builder, (Slice){upstream->name, strlen(upstream->name)});
        if (!name)
            return -ENOMEM;
        intent->upstream = name;
        r = intent_set_endpoint(builder, intent, &endpoint, 80);
        if (r < 0)
            return r;
    }
    return 0;
}

int intent_add_unused_upstreams(IntentBuilder *builder)
{
    for (size_t i = 0; i < builder->upstreams.n_items; i++) {
        int r;

        if (builder->upstreams.items[i].used)
            continue;
        r = add_upstream_servers(builder, NULL, NULL, &builder->upstreams.items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "map $a $name { key value; }": what `name` may be. */
static int collect_block_values(IntentBuilder *builder, const NginxDirective *directive,
                                const char *name)
{
    for (const NginxDirective *item = directive->first; item; item = item->next) {
        int r;

        if (item->n_args != 1 || item->block || streq(item->name, "include"))
            continue;
        r = intent_names_add(&builder->variables, NULL, name + 1, item->args[0], item);
        if (r < 0)
            return r;
    }
    return 0;
}

static int collect_name(IntentBuilder *builder, const NginxDirective *directive)
{
    char *const *args = directive->args;
    size_t n = directive->n_args;
    bool is_map = streq(directive->name, "map") || streq(directive->name, "split_clients") ||
                  streq(directive->name, "geo");

    if (directive->block && n == 1 && streq(directive->name, "upstream"))
        return intent_names_add(&builder->upstreams, intent_context_of(directive), args[0], NULL,
                                directive);
    if (streq(directive->name, "set") && n == 2 && args[0][0] == '$')
        return intent_names_add(&builder->variables, NULL, args[0] + 1, args[1], directive);
    if (directive->block && is_map && n >= 1 && args[n - 1][0] == '$')
        return collect_block_values(builder, directive, args[n - 1]);
    return 0;
}

int intent_collect_names(IntentBuilder *builder)
{
    for (const NginxDirective *at = builder->conf->first; at; at = nginx_directive_next(at)) {
        int r = collect_name(builder, at);

        if (r < 0)
            return r;
    }
    intent_names_sort(&builder->upstreams);
    intent_names_sort(&builder->variables);
    return 0;
}

/* --- one directive ------------------------------------------------------- */

static int add_unknown(IntentBuilder *builder, const NginxDirective *directive,
                       const ConfEndpoint *endpoint)
{
    NginxIntent *intent;
    int r;

    r = intent_add(builder, NGINX_INTENT_PASS, directive, directive->args[0], &intent);
    if (r < 0 || !intent)
        return r;
    if (endpoint)
        r = intent_set_endpoint(builder, intent, endpoint, -1);
    intent->known = false;
    return r;
}

/* These variables begin with '/': an address before them is whole. */
static Slice cut_uri_variable(Slice authority)
{
    static const char *const variables[] = {"$request_uri", "$uri", "$document_uri"};

    for (size_t i = 0; i < ELEMENTS_OF(variables); i++) {
        size_t at = slice_find(authority, 0, variables[i]);

        if (at < authority.length && at + strlen(variables[i]) == authority.length)
            authority.length = at;
    }
    return authority;
}

/* The part that says where to connect to: up to the URI. */
static Slice authority_of(Slice text)
{
    size_t end = 0;

    if (slice_starts(text, "unix:")) {
        end = slice_find(text, strlen("unix:"), ":");
        return slice_part(text, 0, end);
    }
    while (end < text.length && text.start[end] != '/' && text.start[end] != '?')
        end++;
    return cut_uri_variable(slice_part(text, 0, end));
}

static size_t variable_length(Slice text, Slice *ret_name)
{
    size_t begin = text.length > 1 && text.start[1] == '{' ? 2 : 1, end = begin;

    while (end < text.length &&
           ((text.start[end] >= 'a' && text.start[end] <= 'z') ||
            (text.start[end] >= 'A' && text.start[end] <= 'Z') ||
            (text.start[end] >= '0' && text.start[end] <= '9') || text.start[end] == '_'))
        end++;
    *ret_name = slice_part(text, begin, end);
    return begin == 2 && end < text.length && text.start[end] == '}' ? end + 1 : end;
}

static int add_destination(IntentBuilder *builder, const NginxDirective *directive,
                           const PassKind *kind, const char *value, bool expanded);

/* Tries each value that the configuration gives the first variable. */
static int expand(IntentBuilder *builder, const NginxDirective *directive, const PassKind *kind,
                  const char *value)
{
    const char *dollar = strchr(value, '$');
    Slice name;
    size_t length = variable_length((Slice){dollar, strlen(dollar)}, &name), count;
    const IntentName *found = intent_names_find(&builder->variables, NULL, name, &count);

    for (size_t i = 0; i < count && i < EXPANSIONS_MAX; i++) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (strchr(found[i].value, '$'))
            continue;
        text = format_string("%.*s%s%s", (int)(dollar - value), value, found[i].value,
                             dollar + length);
        if (!text)
            return -ENOMEM;
        r = add_destination(builder, directive, kind, text, /* expanded= */ true);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_destination(IntentBuilder *builder, const NginxDirective *directive,
                           const PassKind *kind, const char *value, bool expanded)
{
    Slice text = {value, strlen(value)};
    ConfEndpoint endpoint = {.port = -1, .port_last = -1};
    int port = kind->port;
    bool have_scheme = false, parsed;
    IntentName *upstream;
    NginxIntent *intent;
    size_t count;
    int r;

    for (size_t i = 0; i < ELEMENTS_OF(schemes) && !have_scheme; i++)
        if (slice_skip(&text, schemes[i].scheme)) {
            have_scheme = true;
            port = schemes[i].port;
        }
    text = authority_of(text);
    parsed = (have_scheme || !kind->need_scheme) && conf_endpoint_parse(text, false, &endpoint);
    if (!parsed || endpoint.variable) {
        if (expanded)
            return 0; /* the directive itself was added as unknown */
        r = add_unknown(builder, directive, parsed ? &endpoint : NULL);
        return r == 0 && strchr(value, '$') ? expand(builder, directive, kind, value) : r;
    }
    if (endpoint.address.start && endpoint.port < 0) {
        upstream = intent_names_find(&builder->upstreams, intent_context_of(directive),
                                     endpoint.address, &count);
        if (upstream)
            return add_upstream_servers(builder, directive, value, upstream);
    }
    r = intent_add(builder, NGINX_INTENT_PASS, directive, value, &intent);
    if (r < 0 || !intent)
        return r;
    return intent_set_endpoint(builder, intent, &endpoint, port);
}

int intent_add_pass(IntentBuilder *builder, const NginxDirective *directive)
{
    if (kind_of(directive) == &stapling)
        return add_unknown(builder, directive, NULL);
    if (streq(directive->name, "auth_http")) {
        /* its answer says where the mail server is */
        int r = add_unknown(builder, directive, NULL);

        if (r < 0)
            return r;
    }
    return add_destination(builder, directive, kind_of(directive), directive->args[0],
                           /* expanded= */ false);
}
