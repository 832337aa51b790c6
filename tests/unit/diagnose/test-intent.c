/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx's configuration asks for, held against what was denied. */
#include "daemon/core/diagnosis-json.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/diagnose/intent.h"
#include "daemon/diagnose/place.h"
#include "daemon/diagnose/program.h"
#include "tests/unit/diagnose/helper.h"

#define NGINX "system_u:system_r:httpd_t:s0"

static Policy *policy;

static int load_all(void **state)
{
    policy = load(POLICY_FEDORA);
    return 0;
}

static int free_all(void **state)
{
    policy_free(policy);
    return 0;
}

static NginxIntents *read_conf(const char *text)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    NginxIntents *intents = NULL;

    assert_int_equal(nginx_conf_parse("/etc/nginx/nginx.conf", text, strlen(text), NULL, &conf), 0);
    assert_int_equal(nginx_intents_new(conf, NULL, &intents), 0);
    return intents;
}

static Diagnosis *deny(const char *program, const char *exe, TargetKind kind, const char *class,
                       const char *type, const char *permissions, int port, const char *path)
{
    Diagnosis *diagnosis = diagnosis_new();
    _cleanup_free_ char *target = format_string("system_u:object_r:%s:s0", type);

    assert_non_null(diagnosis);
    assert_int_equal(string_replace(&diagnosis->id, "0123456789abcdef"), 0);
    diagnosis->denied = diagnosis->have_access = true;
    diagnosis->target_kind = kind;
    diagnosis->port = port;
    assert_int_equal(access_init(&diagnosis->access, NGINX, target, class, permissions), 0);
    assert_int_equal(string_replace(&diagnosis->program, program), 0);
    assert_int_equal(string_replace(&diagnosis->exe, exe), 0);
    assert_int_equal(string_replace(&diagnosis->path, path), 0);
    assert_int_equal(string_replace(&diagnosis->protocol, port >= 0 ? "tcp" : NULL), 0);
    return diagnosis;
}

#define PLAIN                                                                                      \
    "http { upstream app { server 10.0.0.5:9100; } server { listen 8081; server_name a.example; "  \
    "location / { proxy_pass http://127.0.0.1:3000; } location /b { proxy_pass http://app; } } }"
#define VARIABLE "http { server { listen 80; location / { proxy_pass http://$backend; } } }"
#define NAMES                                                                                      \
    "http { server { listen 80; location / { proxy_pass http://backend.example:9100; } } }"
#define RESOLVER "http { resolver 10.0.0.2; server { access_log syslog:server=10.0.0.3; } }"
#define MAIL     "mail { auth_http 127.0.0.1:9000/auth; server { listen 143; protocol imap; } } "
#define STAPLING "http { server { listen 443 ssl; ssl_stapling on; } }"
#define LUA      "http { server { location / { content_by_lua_block { x() } } } }"
#define CLEAR    "http { server { location / { proxy_bind $remote_addr transparent; } } }"
#define BPF      "quic_bpf on; http { server { listen 443 quic; } }"
#define REDIS    "http { server { location / { redis2_pass 127.0.0.1:6379; } } }"

static const struct {
    const char *conf; /* NULL: none was read */
    const char *program;
    const char *exe;
    TargetKind kind;
    const char *class, *type, *permissions;
    int port;
    const char *path;
    IntentMatch match;
    const char *reason; /* a part of it; NULL: none */
} cases[] = {
    /* ports */
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 3000, NULL,
     INTENT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 9100, NULL,
     INTENT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_bind", 8081, NULL,
     INTENT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_bind", 3000, NULL,
     INTENT_NOT_ASKED, "listens on port 3000"},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 4444, NULL,
     INTENT_NOT_ASKED, "connects to port 4444"},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 8081, NULL,
     INTENT_NOT_ASKED, NULL},
    {NULL, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 4444, NULL,
     INTENT_NOT_KNOWN, NULL},
    {VARIABLE, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 4444, NULL,
     INTENT_NOT_KNOWN, "proxy_pass http://$backend\" in /etc/nginx/nginx.conf:1"},
    {VARIABLE, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_bind", 4444, NULL,
     INTENT_NOT_ASKED, NULL},
    {NAMES, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 9100, NULL,
     INTENT_ASKED, NULL},
    {NAMES, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 53, NULL,
     INTENT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 53, NULL,
     INTENT_NOT_ASKED, NULL},
    {RESOLVER, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 53, NULL,
     INTENT_ASKED, NULL},
    {RESOLVER, "nginx", NULL, TARGET_PORT, "udp_socket", "port_t", "name_connect", 514, NULL,
     INTENT_ASKED, NULL},
    {MAIL, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 9000, NULL,
     INTENT_ASKED, NULL},
    {MAIL, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 9001, NULL,
     INTENT_NOT_KNOWN, "auth_http"},
    {STAPLING, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 8888, NULL,
     INTENT_NOT_KNOWN, "ssl_stapling"},
    {LUA, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 4444, NULL,
     INTENT_NOT_KNOWN, "Lua"},
    {REDIS, "nginx", NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 6379, NULL,
     INTENT_ASKED, NULL},
    /* what no web server is asked for */
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "process", "init_t", "ptrace", -1, NULL,
     INTENT_NOT_ASKED, "another process"},
    {NULL, "nginx", NULL, TARGET_PROCESS, "process", "init_t", "ptrace", -1, NULL, INTENT_NOT_ASKED,
     "another process"},
    {NULL, "php-fpm", "/usr/sbin/php-fpm", TARGET_PROCESS, "process", "httpd_t", "ptrace", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {NULL, "httpd", "/usr/sbin/httpd", TARGET_PROCESS, "process", "httpd_t", "ptrace", -1, NULL,
     INTENT_NOT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "process", "httpd_t", "execmem", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "process", "httpd_t", "setrlimit", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "capability", "httpd_t", "sys_admin", -1, NULL,
     INTENT_NOT_ASKED, "administers the system"},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "capability", "httpd_t", "dac_override", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "capability", "httpd_t", "net_admin", -1, NULL,
     INTENT_NOT_ASKED, NULL},
    {CLEAR, "nginx", NULL, TARGET_PROCESS, "capability", "httpd_t", "net_admin", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PROCESS, "capability2", "httpd_t", "bpf", -1, NULL,
     INTENT_NOT_ASKED, NULL},
    {BPF, "nginx", NULL, TARGET_PROCESS, "capability2", "httpd_t", "bpf", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_OTHER, "rawip_socket", "httpd_t", "create", -1, NULL,
     INTENT_NOT_ASKED, "raw packets"},
    {PLAIN, "nginx", NULL, TARGET_OTHER, "packet_socket", "httpd_t", "create", -1, NULL,
     INTENT_NOT_ASKED, NULL},
    {PLAIN, "nginx", NULL, TARGET_OTHER, "system", "kernel_t", "module_request", -1, NULL,
     INTENT_NOT_ASKED, "kernel itself"},
    {PLAIN, "nginx", NULL, TARGET_OTHER, "netlink_route_socket", "httpd_t", "create", -1, NULL,
     INTENT_NOT_KNOWN, NULL},
    /* files and programs */
    {PLAIN, "nginx", NULL, TARGET_PATH, "file", "shadow_t", "read", -1, "shadow", INTENT_NOT_ASKED,
     "secrets"},
    {"http { server { auth_basic_user_file /etc/shadow; } }", "nginx", NULL, TARGET_PATH, "file",
     "shadow_t", "read", -1, "/etc/shadow", INTENT_ASKED, NULL},
    {PLAIN, "php-fpm", "/usr/sbin/php-fpm", TARGET_PATH, "file", "shadow_t", "read", -1,
     "/etc/shadow", INTENT_NOT_ASKED, "secrets"},
    {PLAIN, "nginx", NULL, TARGET_PATH, "file", "user_home_t", "read", -1, "/home/x/index.html",
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PATH, "file", "user_home_t", "execute", -1, "/usr/bin/bash",
     INTENT_NOT_ASKED, "start of /usr/bin/bash"},
    {PLAIN, "nginx", NULL, TARGET_PATH, "file", "user_home_t", "execute", -1, "/opt/m/x.so.1",
     INTENT_NOT_KNOWN, NULL},
    {PLAIN, "nginx", NULL, TARGET_PATH, "file", "user_home_t", "execute_no_trans", -1,
     "/usr/sbin/nginx", INTENT_NOT_KNOWN, NULL},
    {LUA, "nginx", NULL, TARGET_PATH, "file", "user_home_t", "execute_no_trans", -1,
     "/usr/bin/convert", INTENT_NOT_KNOWN, NULL},
    {PLAIN, "sh", "/usr/bin/dash", TARGET_PATH, "dir", "user_home_t", "search", -1, "x",
     INTENT_NOT_ASKED, "dash runs in nginx's domain"},
    /* a process can choose its name */
    {PLAIN, "nginx", "/usr/bin/bash", TARGET_PORT, "tcp_socket", "port_t", "name_connect", 3000,
     NULL, INTENT_NOT_ASKED, "bash runs"},
    {PLAIN, "php-fpm", "/usr/sbin/php-fpm", TARGET_PORT, "tcp_socket", "port_t", "name_connect",
     4444, NULL, INTENT_NOT_KNOWN, NULL},
    {PLAIN, NULL, NULL, TARGET_PORT, "tcp_socket", "port_t", "name_connect", 4444, NULL,
     INTENT_NOT_KNOWN, NULL},
};

static void test_intent(void **state)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *current = hypothesis_new(policy);

    assert_non_null(current);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        NginxIntents *intents = cases[i].conf ? read_conf(cases[i].conf) : NULL;
        Diagnosis *diagnosis =
            deny(cases[i].program, cases[i].exe, cases[i].kind, cases[i].class, cases[i].type,
                 cases[i].permissions, cases[i].port, cases[i].path);
        _cleanup_free_ char *reason = NULL;
        IntentMatch match = intent_match(diagnosis, intents, current, &reason);

        if (match != cases[i].match)
            fail_msg("case %zu: %d, %s", i, match, strempty(reason));
        if (cases[i].reason && (!reason || !strstr(reason, cases[i].reason)))
            fail_msg("case %zu: %s", i, strempty(reason));
        diagnosis_free(diagnosis);
        nginx_intents_free(intents);
    }
}

/* Nothing is put forward for what nothing asks for, and what would allow it is there if forced. */
static void test_withheld(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents = read_conf(VARIABLE);
    _cleanup_json_ json_object *object = NULL, *sent = NULL;
    AnalysisOptions options = {.domain = "httpd_t", .intents = intents};
    Diagnosis *diagnosis =
        deny("nginx", NULL, TARGET_PORT, "tcp_socket", "ntop_port_t", "name_connect", 3000, NULL);
    Diagnosis *copy =
        deny("nginx", NULL, TARGET_PORT, "tcp_socket", "ntop_port_t", "name_connect", 3000, NULL);

    /* not known: the usual treatment, and a note */
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_true(diagnosis->n_fixes > 0 && !diagnosis->withheld);
    assert_non_null(
        strstr(diagnosis->notes[1] ? diagnosis->notes[1] : diagnosis->notes[0], "not known"));

    nginx_intents_free(intents);
    intents = read_conf("http { server { listen 80; } }");
    options.intents = intents;
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_int_equal(diagnosis->verdict, VERDICT_UNEXPECTED_ACCESS);
    assert_true(diagnosis->n_fixes > 0 && diagnosis->withheld);
    assert_int_equal(diagnosis_offered_fixes(diagnosis), 0);

    /* it survives the way from the worker */
    assert_int_equal(diagnosis_to_json(diagnosis, &sent), 0);
    assert_int_equal(json_length(json_get(sent, "fixes")), 0);
    assert_int_equal(diagnosis_read_analysis(copy, sent), 0);
    assert_int_equal(copy->n_fixes, diagnosis->n_fixes);
    assert_true(copy->withheld);

    assert_int_equal(diagnosis_json_force(sent, false), 0);
    assert_null(json_get(sent, "withheld"));
    assert_int_equal(json_length(json_get(sent, "fixes")), 0);
    assert_int_equal(diagnosis_to_json(copy, &object), 0);
    assert_int_equal(diagnosis_json_force(object, true), 0);
    assert_int_equal(json_length(json_get(object, "fixes")), diagnosis->n_fixes);
    assert_true(json_object_get_boolean(json_get(object, "forced")));
    diagnosis_free(diagnosis);
    diagnosis_free(copy);
}

#define SITES                                                                                      \
    "http {\n"                                                                                     \
    "  upstream app {\n    server 127.0.0.1:3000;\n    server 127.0.0.1:3001;\n  }\n"              \
    "  server {\n    server_name a.example www.a.example;\n"                                       \
    "    location / {\n      proxy_pass http://app;\n    }\n"                                      \
    "    location /api/ {\n      proxy_pass http://127.0.0.1:3000;\n    }\n  }\n"                  \
    "  server {\n    server_name b.example;\n    root /srv/b;\n"                                   \
    "    location ^~ /x/ {\n      proxy_pass http://127.0.0.1:3000;\n    }\n"                      \
    "    location /srv {\n      root /srv/b/deep;\n    }\n  }\n"                                   \
    "}\n"

static const struct {
    TargetKind kind;
    int port;
    const char *path, *server, *request;
    size_t total;
    const char *directive;
    unsigned line;
    const char *location, *names;
} places[] = {
    {TARGET_PORT, 3000, NULL, NULL, NULL, 3, "proxy_pass", 9, "/", "a.example www.a.example"},
    {TARGET_PORT, 3000, NULL, "a.example", NULL, 2, "proxy_pass", 9, "/",
     "a.example www.a.example"},
    {TARGET_PORT, 3000, NULL, "a.example", "GET /api/x HTTP/1.1", 1, "proxy_pass", 12, "/api/",
     "a.example www.a.example"},
    {TARGET_PORT, 3000, NULL, "a.example", "GET /q HTTP/1.1", 1, "proxy_pass", 9, "/",
     "a.example www.a.example"},
    {TARGET_PORT, 3000, NULL, "b.example", "GET /x/y HTTP/1.1", 1, "proxy_pass", 19, "^~ /x/",
     "b.example"},
    {TARGET_PORT, 3001, NULL, NULL, NULL, 1, "proxy_pass", 9, "/", "a.example www.a.example"},
    {TARGET_PORT, 3002, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL},
    {TARGET_PATH, -1, "/srv/b/deep/x", NULL, NULL, 1, "root", 22, "/srv", "b.example"},
    {TARGET_PATH, -1, "/srv/b/other", NULL, NULL, 1, "root", 17, NULL, "b.example"},
};

static void test_places(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents = read_conf(SITES);

    for (size_t i = 0; i < ELEMENTS_OF(places); i++) {
        Diagnosis *diagnosis =
            deny("nginx", NULL, places[i].kind, places[i].port < 0 ? "file" : "tcp_socket", "x_t",
                 places[i].port < 0 ? "read" : "name_connect", places[i].port, places[i].path);
        const ConfigPlace *place = &diagnosis->places[0];

        if (places[i].server)
            assert_int_equal(
                diagnosis_remember(diagnosis->servers, DIAGNOSIS_REQUESTS_MAX, places[i].server),
                0);
        if (places[i].request)
            assert_int_equal(
                diagnosis_remember(diagnosis->requests, DIAGNOSIS_REQUESTS_MAX, places[i].request),
                0);
        assert_int_equal(places_find(diagnosis, intents), 0);
        if (diagnosis->places_total != places[i].total)
            fail_msg("case %zu: %zu places, %s line %u", i, diagnosis->places_total,
                     strempty(place->directive), place->line);
        if (places[i].total > 0 &&
            (!streq_ptr(place->directive, places[i].directive) || place->line != places[i].line ||
             !streq_ptr(place->location, places[i].location) ||
             !streq_ptr(place->server, places[i].names)))
            fail_msg("case %zu: %s %s line %u location %s server %s", i, strempty(place->directive),
                     strempty(place->value), place->line, strempty(place->location),
                     strempty(place->server));
        diagnosis_free(diagnosis);
    }
}

static void test_programs(void **state)
{
    static const struct {
        const char *name;
        ProgramKind kind;
    } names[] = {
        {NULL, PROGRAM_UNKNOWN},          {"", PROGRAM_UNKNOWN},
        {"nginx", PROGRAM_NGINX},         {"/usr/sbin/nginx.old", PROGRAM_NGINX},
        {"php-fpm", PROGRAM_PHP},         {"/usr/sbin/php-fpm8.2", PROGRAM_PHP},
        {"httpd", PROGRAM_APACHE},        {"/usr/sbin/apache2", PROGRAM_APACHE},
        {"uwsgi", PROGRAM_HELPER},        {"sh", PROGRAM_SHELL},
        {"/usr/bin/dash", PROGRAM_SHELL}, {"shutdown", PROGRAM_OTHER},
        {"convert", PROGRAM_OTHER},
    };

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        if (program_of_name(names[i].name) != names[i].kind)
            fail_msg("%s: %d", strempty(names[i].name), program_of_name(names[i].name));
}

/* What the engine says goes through its JSON, as from the worker. */
static void analyze(Diagnosis *diagnosis, const NginxIntents *intents)
{
    const AnalysisOptions options = {.domain = "httpd_t", .intents = intents};
    _cleanup_json_ json_object *object = NULL;
    Diagnosis *copy = diagnosis_new();

    assert_non_null(copy);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_int_equal(diagnosis_to_json(diagnosis, &object), 0);
    copy->last_seen_usec = diagnosis->last_seen_usec;
    assert_int_equal(diagnosis_read_analysis(copy, object), 0);
    diagnosis->asked_usec = copy->asked_usec > 0 ? copy->asked_usec : diagnosis->asked_usec;
    diagnosis_free(copy);
}

/* A site that is taken away makes no intruder of its old denials; a new one is judged anew. */
static void test_asked_for_once(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *with = read_conf(PLAIN);
    _cleanup_(cleanup_nginx_intents) NginxIntents *without =
        read_conf("http { server { listen 80; } }");
    Diagnosis *diagnosis =
        deny("nginx", NULL, TARGET_PORT, "tcp_socket", "ntop_port_t", "name_connect", 3000, NULL);

    const Failure again = {.time_usec = 5500,
                           .operation = "connect",
                           .level = "crit",
                           .line = "again",
                           .error = EACCES,
                           .port = 3000};

    diagnosis->last_seen_usec = 5000;
    analyze(diagnosis, with);
    assert_true(diagnosis->asked_for);
    assert_int_equal(diagnosis->asked_usec, 5000);
    /* Denied again while the configuration is as it was. */
    assert_int_equal(diagnosis_fold_incident(diagnosis, &(Incident){.failure = &again}), 0);
    assert_int_equal(diagnosis->asked_usec, 5500);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    analyze(diagnosis, without);
    assert_false(diagnosis->asked_for);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_false(diagnosis->withheld);
    diagnosis->last_seen_usec = 6000;
    analyze(diagnosis, without);
    assert_int_equal(diagnosis->verdict, VERDICT_UNEXPECTED_ACCESS);
    assert_true(diagnosis->withheld);
    diagnosis_free(diagnosis);
}

/* What the configuration has nginx do with a path decides which type fits it. */
static void test_purpose(void **state _unused_)
{
    static const struct {
        const char *conf, *type;
    } purposes[] = {
        {"error_log /srv/data/logs/error.log;", "httpd_log_t"},
        {"error_log /var/log/nginx/error.log;", "httpd_sys_rw_content_t"},
    };
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:user_home_t:s0",
        .target_class = "file",
        .permissions = "create",
        .comm = "nginx",
        .name = "error.log",
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Failure failure = {
        .operation = "open",
        .error = EACCES,
        .level = "crit",
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/srv/data/logs/error.log",
        .port = -1,
    };
    const Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};

    for (size_t i = 0; i < ELEMENTS_OF(purposes); i++) {
        NginxIntents *intents = read_conf(purposes[i].conf);
        const AnalysisOptions options = {.domain = "httpd_t", .intents = intents};
        Diagnosis *diagnosis;
        const Fix *fix;

        assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
        assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
        fix = need_fix(diagnosis, "label /srv/data/logs and what is below it");
        assert_string_equal(fix->plan.actions[0].type, purposes[i].type);
        diagnosis_free(diagnosis);
        nginx_intents_free(intents);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purpose),  cmocka_unit_test(test_intent),
        cmocka_unit_test(test_withheld), cmocka_unit_test(test_places),
        cmocka_unit_test(test_programs), cmocka_unit_test(test_asked_for_once),
    };

    return cmocka_run_group_tests(tests, load_all, free_all);
}
