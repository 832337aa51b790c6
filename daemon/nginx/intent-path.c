/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that a configuration names. */
#include <errno.h>

#include "daemon/nginx/intent-builder.h"

typedef enum PathBase {
    BASE_PREFIX, /* nginx -p: what is served, logs, state */
    BASE_CONF,   /* the directory of nginx.conf: what belongs to the configuration */
} PathBase;

typedef struct PathKind {
    const char *directive; /* a leading '*': any directive that ends so */
    NginxIntentKind kind;
    PathBase base;
    bool directory;
    bool write;
} PathKind;

/* The first that fits counts. Bases as in each directive's code: ngx_conf_full_name() there is
 * given the configuration's prefix or not. */
static const PathKind path_kinds[] = {
    {"root", NGINX_INTENT_ROOT, BASE_PREFIX, true, false},
    {"alias", NGINX_INTENT_ALIAS, BASE_PREFIX, true, false},
    {"*ssl_certificate", NGINX_INTENT_CERTIFICATE, BASE_CONF, false, false},
    {"*ssl_trusted_certificate", NGINX_INTENT_CERTIFICATE, BASE_CONF, false, false},
    {"ssl_client_certificate", NGINX_INTENT_CERTIFICATE, BASE_CONF, false, false},
    {"*ssl_crl", NGINX_INTENT_CERTIFICATE, BASE_CONF, false, false},
    {"*ssl_certificate_key", NGINX_INTENT_CERTIFICATE_KEY, BASE_CONF, false, false},
    {"*ssl_password_file", NGINX_INTENT_CERTIFICATE_KEY, BASE_CONF, false, false},
    {"ssl_session_ticket_key", NGINX_INTENT_CERTIFICATE_KEY, BASE_CONF, false, false},
    {"quic_host_key", NGINX_INTENT_CERTIFICATE_KEY, BASE_CONF, false, false},
    {"ssl_dhparam", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"ssl_stapling_file", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"*_cache_path", NGINX_INTENT_CACHE_PATH, BASE_PREFIX, true, true},
    {"*_temp_path", NGINX_INTENT_TEMP_PATH, BASE_PREFIX, true, true},
    {"*_store", NGINX_INTENT_STORE, BASE_PREFIX, true, true},
    {"auth_basic_user_file", NGINX_INTENT_AUTH_FILE, BASE_CONF, false, false},
    {"auth_jwt_key_file", NGINX_INTENT_AUTH_FILE, BASE_CONF, false, false},
    {"load_module", NGINX_INTENT_MODULE, BASE_PREFIX, false, false},
    {"pid", NGINX_INTENT_PID, BASE_PREFIX, false, true},
    {"lock_file", NGINX_INTENT_LOCK, BASE_PREFIX, false, true},
    {"geoip_country", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"geoip_city", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"geoip_org", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"geoip2", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"xslt_stylesheet", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"xml_entities", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"js_include", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"js_fetch_trusted_certificate", NGINX_INTENT_CERTIFICATE, BASE_CONF, false, false},
    {"google_perftools_profiles", NGINX_INTENT_FILE, BASE_PREFIX, true, true},
    {"js_path", NGINX_INTENT_FILE, BASE_CONF, true, false},
    {"perl_modules", NGINX_INTENT_FILE, BASE_PREFIX, true, false},
    {"*_by_lua_file", NGINX_INTENT_FILE, BASE_PREFIX, false, false},
    {"modsecurity_rules_file", NGINX_INTENT_FILE, BASE_CONF, false, false},
    {"working_directory", NGINX_INTENT_FILE, BASE_PREFIX, true, true},
};

static const PathKind log_kinds[] = {
    {"error_log", NGINX_INTENT_ERROR_LOG, BASE_PREFIX, false, true},
    {"access_log", NGINX_INTENT_ACCESS_LOG, BASE_PREFIX, false, true},
};

static bool is_named(const NginxDirective *directive, const char *pattern)
{
    size_t name = strlen(directive->name), ending;

    if (pattern[0] != '*')
        return streq(directive->name, pattern);
    ending = strlen(pattern + 1);
    return name >= ending && streq(directive->name + name - ending, pattern + 1);
}

/* Values that stand for no file. */
static bool is_no_file(const char *value)
{
    static const char *const prefixes[] = {"data:", "engine:", "store:", "syslog:", "memory:"};
    static const char *const words[] = {"", "off", "on", "stderr"};

    for (size_t i = 0; i < ELEMENTS_OF(prefixes); i++)
        if (strncmp(value, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < ELEMENTS_OF(words); i++)
        if (streq(value, words[i]))
            return true;
    return false;
}

/* A path up to its first variable: the last directory before that. */
static int set_path(IntentBuilder *builder, NginxIntent *intent, const char *value, PathBase base)
{
    const char *prefix = base == BASE_CONF ? builder->conf->conf_prefix : builder->conf->prefix;
    size_t length = strlen(value), fixed = strcspn(value, "$");

    if (fixed < length) {
        intent->known = false;
        while (fixed > 0 && value[fixed - 1] != '/')
            fixed--;
        /* "$root/x" may lead anywhere */
        if (fixed == 0)
            return 0;
        intent->directory = true;
    }
    intent->path = value[0] == '/'
                       ? arena_copy(&builder->intents->memory, value, fixed)
                       : arena_format(&builder->intents->memory, "%s/%.*s",
                                      streq(prefix, "/") ? "" : prefix, (int)fixed, value);
    return intent->path ? 0 : -ENOMEM;
}

static int add_path(IntentBuilder *builder, const NginxDirective *directive, const PathKind *kind,
                    const char *value)
{
    NginxIntent *intent;
    int r;

    r = intent_add(builder, kind->kind, directive, value, &intent);
    if (r < 0 || !intent)
        return r;
    intent->directory = kind->directory;
    intent->write = kind->write;
    return is_no_file(value) ? 0 : set_path(builder, intent, value, kind->base);
}

/* "syslog:server=ADDRESS,facility=…" */
static int add_syslog(IntentBuilder *builder, const NginxDirective *directive)
{
    static const char server[] = "server=";
    const char *at = directive->args[0] + strlen("syslog:");

    while (*at) {
        size_t length = strcspn(at, ",");
        Slice part = {at, length};
        ConfEndpoint endpoint;
        NginxIntent *intent;
        int r;

        if (slice_skip(&part, server) && conf_endpoint_parse(part, false, &endpoint)) {
            r = intent_add(builder, NGINX_INTENT_SYSLOG, directive, directive->args[0], &intent);
            if (r < 0 || !intent)
                return r;
            intent->udp = !endpoint.socket.start;
            return intent_set_endpoint(builder, intent, &endpoint, 514);
        }
        at += length + strspn(at + length, ",");
    }
    return 0;
}

static int add_log(IntentBuilder *builder, const NginxDirective *directive, const PathKind *kind)
{
    const char *value = directive->args[0];

    if (strncmp(value, "syslog:", strlen("syslog:")) == 0) {
        int r = add_syslog(builder, directive);

        if (r < 0)
            return r;
    }
    /* access_log off is nothing; error_log off is a file of that name, which surprises many */
    if (kind->kind == NGINX_INTENT_ACCESS_LOG && streq(value, "off"))
        return 0;
    if (kind->kind == NGINX_INTENT_ERROR_LOG && streq(value, "off")) {
        NginxIntent *intent;
        int r = intent_add(builder, kind->kind, directive, value, &intent);

        if (r < 0 || !intent)
            return r;
        intent->write = true;
        return set_path(builder, intent, value, kind->base);
    }
    return add_path(builder, directive, kind, value);
}

/* The root or alias that is in force in a block. */
static const NginxDirective *root_of(const NginxDirective *block)
{
    for (; block; block = block->parent)
        for (const NginxDirective *at = block->first; at; at = at->next)
            if (at->n_args == 1 && !at->block &&
                (streq(at->name, "root") || streq(at->name, "alias")))
                return at;
    return NULL;
}

/* What WebDAV methods write to. */
static int add_dav(IntentBuilder *builder, const NginxDirective *directive)
{
    static const PathKind kind = {"dav_methods", NGINX_INTENT_ROOT, BASE_PREFIX, true, true};
    const NginxDirective *root = root_of(directive->parent);

    if (streq(directive->args[0], "off"))
        return 0;
    return add_path(builder, directive, &kind, root ? root->args[0] : "html");
}

/* "js_import [name from] path" */
static int add_js_import(IntentBuilder *builder, const NginxDirective *directive)
{
    static const PathKind kind = {"js_import", NGINX_INTENT_FILE, BASE_CONF, false, false};

    return add_path(builder, directive, &kind, directive->args[directive->n_args - 1]);
}

int intent_add_paths(IntentBuilder *builder, const NginxDirective *directive)
{
    if (directive->n_args < 1)
        return 0;
    if (streq(directive->name, "dav_methods"))
        return add_dav(builder, directive);
    if (streq(directive->name, "js_import"))
        return add_js_import(builder, directive);
    for (size_t i = 0; i < ELEMENTS_OF(log_kinds); i++)
        if (is_named(directive, log_kinds[i].directive))
            return add_log(builder, directive, &log_kinds[i]);
    for (size_t i = 0; i < ELEMENTS_OF(path_kinds); i++)
        if (is_named(directive, path_kinds[i].directive))
            return is_no_file(directive->args[0])
                       ? 0
                       : add_path(builder, directive, &path_kinds[i], directive->args[0]);
    return 0;
}

/* --- what holds where nothing is said ------------------------------------ */

static int add_default_root(IntentBuilder *builder)
{
    static const PathKind kind = {"root", NGINX_INTENT_ROOT, BASE_PREFIX, true, false};

    for (const NginxDirective *http = builder->conf->first; http; http = http->next) {
        if (!http->block || !streq(http->name, "http"))
            continue;
        for (const NginxDirective *server = http->first; server; server = server->next)
            if (server->block && streq(server->name, "server") && !root_of(server))
                return add_path(builder, NULL, &kind, "html");
    }
    return 0;
}

int intent_add_default_paths(IntentBuilder *builder, char *const *default_error_logs)
{
    static const PathKind file = {"", NGINX_INTENT_CONF_FILE, BASE_CONF, false, false};
    bool has_error_log = false;
    int r;

    for (const NginxDirective *at = builder->conf->first; at; at = at->next)
        has_error_log |= streq(at->name, "error_log") && at->n_args > 0;
    for (; !has_error_log && default_error_logs && *default_error_logs; default_error_logs++) {
        r = add_path(builder, NULL, &log_kinds[0], *default_error_logs);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < builder->conf->n_files; i++) {
        r = add_path(builder, NULL, &file, builder->conf->files[i]);
        if (r < 0)
            return r;
    }
    return add_default_root(builder);
}
