/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/conf-intent.h"

static char *default_logs[] = {(char[]){"/var/log/nginx/error.log"}, (char[]){"rel.log"}, NULL};

static NginxIntents *intents_of(const char *text, char *const *logs)
{
    NginxConf *conf;
    NginxIntents *intents;

    assert_int_equal(nginx_conf_parse("/etc/nginx/nginx.conf", text, strlen(text), NULL, &conf), 0);
    assert_int_equal(nginx_intents_new(conf, logs, &intents), 0);
    nginx_conf_free(conf); /* the list stands alone */
    return intents;
}

/* "kind where", with "?" if unknown, "w" if written, "/" if a directory is meant */
static void show(const NginxIntent *intent, char *text, size_t size)
{
    char where[512] = "-";

    if (intent->socket)
        snprintf(where, sizeof(where), "unix:%s", intent->socket);
    else if (intent->path)
        snprintf(where, sizeof(where), "%s", intent->path);
    else if (intent->port_last > intent->port)
        snprintf(where, sizeof(where), "%s:%d-%d", strempty(intent->address), intent->port,
                 intent->port_last);
    else if (intent->address || intent->port >= 0)
        snprintf(where, sizeof(where), "%s:%d", strempty(intent->address), intent->port);
    snprintf(text, size, "%s %s%s%s%s%s%s%s%s%s", nginx_intent_kind_to_string(intent->kind), where,
             intent->directory ? "/" : "", intent->write ? " w" : "", intent->udp ? " udp" : "",
             intent->address && !intent->numeric ? " name" : "", intent->known ? "" : " ?",
             intent->upstream ? " up" : "", intent->group ? " " : "", strempty(intent->group));
}

static const struct {
    const char *text;
    const char *intents[10]; /* without those of the file itself and of the default root */
} cases[] = {
    /* logs */
    {"error_log logs/e.log warn; pid /run/nginx.pid; lock_file l; user www-data adm;",
     {"error-log /usr/share/nginx/logs/e.log w", "pid /run/nginx.pid w",
      "lock /usr/share/nginx/l w", "user - adm"}},
    {"error_log /a; http { error_log stderr; access_log /b main; access_log off; }",
     {"error-log /a w", "error-log - w", "access-log /b w"}},
    {"error_log syslog:server=unix:/dev/log,tag=n; http { access_log "
     "syslog:facility=local7,server=[::1]:1514,nohostname; access_log syslog:server=logs; }",
     {"syslog unix:/dev/log", "error-log - w", "syslog ::1:1514 udp", "access-log - w",
      "syslog logs:514 udp name", "access-log - w"}},
    {"error_log /a; error_log memory:32m debug; error_log off;",
     {"error-log /a w", "error-log - w", "error-log /usr/share/nginx/off w"}},
    {"error_log /a; http { access_log /var/log/$host/a.log; access_log $x; }",
     {"error-log /a w", "access-log /var/log// w ?", "access-log - w ?"}},
    {"", {"error-log /var/log/nginx/error.log w", "error-log /usr/share/nginx/rel.log w"}},
    /* listen */
    {"error_log /a; http { server { listen 80; listen [::]:80 ssl; listen 127.0.0.1; listen "
     "localhost:8080; listen *:81 quic; listen unix:/run/n.sock; root /x; } }",
     {"error-log /a w", "listen *:80", "listen :::80", "listen 127.0.0.1:80",
      "listen localhost:8080 name", "listen *:81 udp", "listen unix:/run/n.sock w", "root /x/"}},
    {"error_log /a; http { server { root /x; } server { listen 8000-8010; root /y; } } stream { "
     "server { listen 53 udp; } }",
     {"error-log /a w", "listen *:80", "root /x/", "listen *:8000-8010", "root /y/",
      "listen *:53 udp"}},
    /* pass */
    {"error_log /a; http { root /r; server { listen 1; proxy_pass http://127.0.0.1:3000/x; "
     "proxy_pass https://[::1]; proxy_pass http://be.example/; grpc_pass grpcs://h; "
     "fastcgi_pass unix:/run/php.sock; } }",
     {"error-log /a w", "root /r/", "listen *:1", "pass 127.0.0.1:3000", "pass ::1:443",
      "pass be.example:80 name", "pass h:443 name", "pass unix:/run/php.sock"}},
    {"error_log /a; http { root /r; server { listen 1; fastcgi_pass 127.0.0.1:9000; uwsgi_pass "
     "suwsgi://127.0.0.1:9001; scgi_pass localhost:9002; memcached_pass 10.0.0.1:11211; proxy_pass "
     "\"http://unix:/run/a b.sock:/uri\"; } } mail { auth_http http://127.0.0.1:9000/auth; }",
     {"error-log /a w", "root /r/", "listen *:1", "pass 127.0.0.1:9000", "pass 127.0.0.1:9001",
      "pass localhost:9002 name", "pass 10.0.0.1:11211", "pass unix:/run/a b.sock",
      "pass 127.0.0.1:9000", "pass - ?"}},
    {"error_log /a; http { root /r; upstream b { server 10.0.0.1; server unix:/run/b.sock "
     "weight=2; "
     "server h:81 backup; keepalive 3; } server { listen 1; proxy_pass http://B/x; } }",
     {"error-log /a w", "root /r/", "listen *:1", "pass 10.0.0.1:80 up", "pass unix:/run/b.sock up",
      "pass h:81 name up"}},
    /* namespaces of http and stream; an upstream that nobody names */
    {"error_log /a; http { root /r; upstream b { server 1.1.1.1:1; } } stream { upstream b { "
     "server "
     "2.2.2.2:2; } server { listen 9; proxy_pass b; } server { listen 10; proxy_pass 3.3.3.3:3; } "
     "}",
     {"error-log /a w", "root /r/", "listen *:9", "pass 2.2.2.2:2 up", "listen *:10",
      "pass 3.3.3.3:3", "pass 1.1.1.1:1 up"}},
    /* variables */
    {"error_log /a; http { root /r; server { listen 1; proxy_pass "
     "http://127.0.0.1:3000$request_uri; "
     "proxy_pass http://127.0.0.1:3001/$x; proxy_pass http://$host:8080; proxy_pass $y; } }",
     {"error-log /a w", "root /r/", "listen *:1", "pass 127.0.0.1:3000", "pass 127.0.0.1:3001",
      "pass :8080 ?", "pass - ?"}},
    {"error_log /a; http { root /r; upstream u { server 4.4.4.4:4; } map $uri $m { default u; /x "
     "5.5.5.5:5; /y $z; } server { listen 1; set $p 6; set $p 7; proxy_pass http://$m; "
     "location / { proxy_pass http://h:${p}; } } }",
     {"error-log /a w", "root /r/", "listen *:1", "pass 4.4.4.4:4 up", "pass 5.5.5.5:5",
      "pass h:6 name", "pass h:7 name", "pass - ?", "pass h:-1 name ?"}},
    /* files */
    {"error_log /a; load_module modules/x.so; http { root html; ssl_certificate c.pem; "
     "ssl_certificate_key /k.pem; ssl_certificate_key engine:x; ssl_certificate $ssl_server_name; "
     "proxy_ssl_trusted_certificate t.pem; }",
     {"error-log /a w", "module /usr/share/nginx/modules/x.so", "root /usr/share/nginx/html/",
      "certificate /etc/nginx/c.pem", "certificate-key /k.pem", "certificate /etc/nginx/t.pem",
      "certificate - ?"}},
    {"error_log /a; http { root /r; proxy_cache_path /c levels=1:2; client_body_temp_path t; "
     "proxy_store on; proxy_store /s/$uri; auth_basic_user_file h; content_by_lua_file x.lua; }",
     {"error-log /a w", "root /r/", "cache-path /c/ w", "temp-path /usr/share/nginx/t/ w",
      "auth-file /etc/nginx/h", "file /usr/share/nginx/x.lua", "store /s// w ?"}},
    {"error_log /a; http { server { listen 1; root /srv/$host/www; location /i/ { alias /i; "
     "dav_methods PUT DELETE; } } resolver 127.0.0.1 [::1]:5353 valid=30s ipv6=off; }",
     {"error-log /a w", "listen *:1", "alias /i/", "root /i/ w", "resolver 127.0.0.1:53 udp",
      "resolver ::1:5353 udp", "root /srv// ?"}},
    {"error_log /a; http { geoip2 /g.mmdb { } js_import m from a/m.js; js_import n.js; }",
     {"error-log /a w", "file /g.mmdb", "file /etc/nginx/a/m.js", "file /etc/nginx/n.js"}},
    /* nonsense does not hurt */
    {"error_log /a; listen; listen 0; listen 99999; http { proxy_pass; proxy_pass x; proxy_pass "
     "http://; proxy_pass http://[; fastcgi_pass unix:; root; resolver; error_log; root /r; }",
     {"error-log /a w", "root /r/", "pass - ?", "pass - ?", "pass - ?", "pass - ?"}},
};

static void test_intents(void **state)
{
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        _cleanup_(cleanup_nginx_intents) NginxIntents *intents =
            intents_of(cases[i].text, default_logs);
        size_t n = 0;
        char shown[512], all[8192] = "";
        bool equal = true;

        for (size_t j = 0; j < intents->n_items; j++) {
            const NginxIntent *intent = &intents->items[j];

            if (intent->kind == NGINX_INTENT_CONF_FILE)
                continue;
            show(intent, shown, sizeof(shown));
            strncat(all, shown, sizeof(all) - strlen(all) - 1);
            strncat(all, "\n", sizeof(all) - strlen(all) - 1);
            equal = equal && n < ELEMENTS_OF(cases[i].intents) && cases[i].intents[n] &&
                    streq(cases[i].intents[n], shown);
            n++;
        }
        if (!equal || (n < ELEMENTS_OF(cases[i].intents) && cases[i].intents[n]))
            fail_msg("%s\n%s", cases[i].text, all);
    }
}

static void test_places(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents =
        intents_of("error_log /a;\nhttp {\n upstream u {\n  server 1.2.3.4:5;\n }\n server {\n"
                   "  server_name a.example *.b;\n  listen 80;\n  root /srv/a;\n"
                   "  location ~ \\.php$ {\n   if ($x) { proxy_pass http://u; }\n  }\n"
                   "  server_name c;\n }\n server { listen 81; location = /x { alias /z; } } }",
                   NULL);
    const NginxIntent *intent = nginx_intent_find_port(intents, 5, false, NULL);

    assert_non_null(intent);
    assert_string_equal(intent->directive, "proxy_pass");
    assert_string_equal(intent->value, "http://u");
    assert_string_equal(intent->upstream, "u");
    assert_string_equal(intent->context, "http");
    assert_string_equal(intent->server_name, "a.example *.b c");
    assert_string_equal(intent->location, "~ \\.php$");
    assert_string_equal(intent->file, "/etc/nginx/nginx.conf");
    assert_int_equal(intent->line, 11);
    intent = nginx_intent_find_port(intents, 80, true, NULL);
    assert_non_null(intent);
    assert_string_equal(intent->server_name, "a.example *.b c");
    assert_null(intent->location);
    intent = nginx_intent_find_path(intents, "/z/y", NULL);
    assert_non_null(intent);
    assert_null(intent->server_name);
    assert_string_equal(intent->location, "= /x");
    intent = nginx_intent_find_path(intents, "/a", NULL);
    assert_non_null(intent);
    assert_string_equal(intent->context, "main");
    assert_null(intent->server_name);
    intent = nginx_intent_find_path(intents, "/etc/nginx/nginx.conf", NULL);
    assert_non_null(intent);
    assert_int_equal(intent->kind, NGINX_INTENT_CONF_FILE);
}

static void test_ports(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents =
        intents_of("http { server { listen 8000-8010; location / { proxy_pass http://a:8005; } "
                   "location /b { proxy_pass http://$x:8005; } location /c { proxy_pass "
                   "http://c:8005; } } resolver 127.0.0.1; }",
                   NULL);
    const NginxIntent *intent;

    assert_non_null(nginx_intent_find_port(intents, 8000, true, NULL));
    assert_non_null(nginx_intent_find_port(intents, 8010, true, NULL));
    assert_null(nginx_intent_find_port(intents, 7999, true, NULL));
    assert_null(nginx_intent_find_port(intents, 8011, true, NULL));
    assert_null(nginx_intent_find_port(intents, 8000, false, NULL));
    assert_non_null(nginx_intent_find_port(intents, 53, false, NULL));
    assert_null(nginx_intent_find_port(intents, -1, false, NULL));
    /* known ones first, then what might be */
    intent = nginx_intent_find_port(intents, 8005, false, NULL);
    assert_string_equal(intent->address, "a");
    intent = nginx_intent_find_port(intents, 8005, false, intent);
    assert_string_equal(intent->address, "c");
    intent = nginx_intent_find_port(intents, 8005, false, intent);
    assert_false(intent->known);
    assert_null(nginx_intent_find_port(intents, 8005, false, intent));
    assert_true(nginx_intent_any_unknown(intents, NGINX_INTENT_PASS));
    assert_false(nginx_intent_any_unknown(intents, NGINX_INTENT_LISTEN));
}

static void test_paths(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents =
        intents_of("error_log /log//e.log; http { root /srv/a/; fastcgi_pass unix:/run/a.sock; "
                   "fastcgi_pass unix:@abs; location / { root /deep//./er; } "
                   "location /up { root /srv/down/../up; } }",
                   NULL);
    static const struct {
        const char *path;
        bool found;
    } table[] = {
        {"/srv/a", true},
        {"/srv/a/", true},
        {"/srv//a//b", true},
        {"/srv/a/b/c", true},
        {"/srv/ab", false},
        {"/srv", false},
        {"/", false},
        {"", false},
        {"srv/a", false},
        {"/log/e.log", true},
        {"/log/e.log/x", false},
        {"/log/e.log2", false},
        {"/log/e.lo", false},
        {"/deep/er/x", true},
        {"/deep/./er/", true},
        {"/deep/.er", false},
        {"/srv/./a/b", true},
        {"/srv/a/.", true},
        {"/srv/b/../a/c", true},
        {"/srv/a/../b", false},
        {"/srv/up/x", true},
        {"/srv/down/../up/x", true},
        {"/srv/down/x", false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(table); i++)
        if ((nginx_intent_find_path(intents, table[i].path, NULL) != NULL) != table[i].found)
            fail_msg("%s", table[i].path);
    assert_non_null(nginx_intent_find_socket(intents, "/run/a.sock", NULL));
    assert_non_null(nginx_intent_find_socket(intents, "/run//a.sock", NULL));
    assert_non_null(nginx_intent_find_socket(intents, "@abs", NULL));
    assert_null(nginx_intent_find_socket(intents, "/run/a.soc", NULL));
    assert_null(nginx_intent_find_socket(intents, "abs", NULL));
    assert_null(nginx_intent_find_path(intents, "/run/a.sock", NULL));
}

static void test_default_root(void **state)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents =
        intents_of("http { server { listen 1; root /x; } server { listen 2; } }", NULL);

    assert_non_null(nginx_intent_find_path(intents, "/usr/share/nginx/html/i", NULL));
    intents = nginx_intents_free(intents);
    intents = intents_of("http { server { listen 1; root /x; } }", NULL);
    assert_null(nginx_intent_find_path(intents, "/usr/share/nginx/html/i", NULL));
}

/* Many servers that pass to one upstream of many: the list is cut, not the memory. */
static void test_limit(void **state)
{
    enum { COUNT = 600 };
    char *text = malloc(COUNT * 64 + 256);
    size_t used;
    NginxIntents *intents;

    assert_non_null(text);
    used = (size_t)sprintf(text, "http { upstream u { ");
    for (int i = 0; i < COUNT; i++)
        used += (size_t)sprintf(text + used, "server 10.0.0.1:%d;", i + 1);
    used += (size_t)sprintf(text + used, "} server { ");
    for (int i = 0; i < COUNT; i++)
        used += (size_t)sprintf(text + used, "proxy_pass http://u;");
    sprintf(text + used, "} }");
    intents = intents_of(text, NULL);
    assert_int_equal(intents->n_items, NGINX_INTENTS_MAX);
    assert_true(intents->truncated);
    nginx_intents_free(intents);
    free(text);
}

/* A second nginx with more of its own than the first list had room for. */
static void test_second(void **state _unused_)
{
    NginxIntents *intents =
        intents_of("stream { server { listen 1; proxy_pass 127.0.0.1:2; } }", NULL);
    char text[16 * 1024];
    size_t used = (size_t)sprintf(text, "stream { ");
    NginxConf *conf;

    for (int port = 1000; port < 1200; port++)
        used += (size_t)sprintf(text + used, "server { listen %d; proxy_pass 127.0.0.1:%d; } ",
                                port, port + 1000);
    sprintf(text + used, "}");
    assert_int_equal(nginx_conf_parse("/etc/second.conf", text, strlen(text), NULL, &conf), 0);
    assert_int_equal(nginx_intents_add(intents, conf, NULL), 0);
    nginx_conf_free(conf);
    assert_non_null(nginx_intent_find_port(intents, 2, false, NULL));
    for (int port = 1000; port < 1200; port++) {
        const NginxIntent *intent = nginx_intent_find_port(intents, port + 1000, false, NULL);

        assert_non_null(intent);
        assert_string_equal(intent->file, "/etc/second.conf");
        assert_non_null(nginx_intent_find_port(intents, port, true, NULL));
    }
    assert_null(nginx_intent_find_port(intents, 2200, false, NULL));
    nginx_intents_free(intents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intents),      cmocka_unit_test(test_places),
        cmocka_unit_test(test_ports),        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_default_root), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
