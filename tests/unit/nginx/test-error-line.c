/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/nginx/error-line.h"

#define T    "2026/11/22 20:35:54 "
#define C    T "[crit] 352#352: *1 "
#define E    T "[error] 352#352: *5 "
#define M    T "[emerg] 351#351: "
#define TAIL ", client: 127.0.0.1, server: , request: \"HEAD / HTTP/1.1\", host: \"h\""

static NginxLineParser parser;

static int setup(void **state)
{
    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
    return 0;
}

static NginxLineClass parse(const char *line, Failure *ret_failure)
{
    return nginx_line_parse(&parser, "/var/log/nginx/error.log", line, strlen(line), ret_failure);
}

/* What ends where more had to come names nothing, and nothing behind its end is read. */
static void test_cut_messages(void **state)
{
    static const char *const messages[] = {
        "listen() failed while ",
        "listen() failed while \"",
        "listen() failed while waiting",
        "listen() failed",
        "listen(\"",
        "bind() to [",
        "dlopen() \"",
        "write() to \"",
        "upstream timed out (",
    };

    for (size_t i = 0; i < ELEMENTS_OF(messages); i++) {
        _cleanup_free_ char *line = format_string(M "%s", messages[i]);
        /* without a NUL behind it, so that a sanitizer sees a byte too many */
        _cleanup_free_ char *exact = malloc(strlen(line));
        Failure failure;

        memcpy(exact, line, strlen(line));
        assert_int_not_equal(nginx_line_parse(&parser, NULL, exact, strlen(line), &failure),
                             NGINX_LINE_FAILURE);
    }
}

static void test_whole_line(void **state)
{
    Failure failure;
    const char *line =
        C "connect() to 127.0.0.1:3000 failed (13: Permission denied) while connecting to "
          "upstream, client: 10.1.2.3, server: www.example.com, request: \"HEAD /a HTTP/1.1\", "
          "subrequest: \"/b\", upstream: \"http://127.0.0.1:3000/\", host: \"127.0.0.1:443\", "
          "referrer: \"https://r/\"";

    assert_int_equal(parse(line, &failure), NGINX_LINE_FAILURE);
    assert_true(failure.time_known);
    assert_int_equal(failure.time_usec, UINT64_C(1795379754) * 1000000);
    assert_string_equal(failure.level, "crit");
    assert_int_equal(failure.pid, 352);
    assert_int_equal(failure.connection, 1);
    assert_string_equal(failure.operation, "connect");
    assert_int_equal(failure.error, EACCES);
    assert_int_equal(failure.target_kind, FAILURE_TARGET_ADDRESS);
    assert_string_equal(failure.target, "127.0.0.1:3000");
    assert_string_equal(failure.address, "127.0.0.1");
    assert_int_equal(failure.port, 3000);
    assert_string_equal(failure.phase, "while connecting to upstream");
    assert_string_equal(failure.client, "10.1.2.3");
    assert_string_equal(failure.server, "www.example.com");
    assert_string_equal(failure.request, "HEAD /a HTTP/1.1");
    assert_string_equal(failure.subrequest, "/b");
    assert_string_equal(failure.upstream, "http://127.0.0.1:3000/");
    assert_string_equal(failure.host, "127.0.0.1:443");
    assert_string_equal(failure.referrer, "https://r/");
    assert_string_equal(failure.log_path, "/var/log/nginx/error.log");
    assert_string_equal(failure.line, line);
    assert_false(failure.ambiguous);
}

#define NONE   FAILURE_TARGET_NONE
#define ADDR   FAILURE_TARGET_ADDRESS
#define SOCKET FAILURE_TARGET_SOCKET
#define PATH   FAILURE_TARGET_PATH

/* Messages as nginx 1.20 to 1.28 write them. */
static const struct {
    const char *line;
    const char *operation; /* NULL: no failure */
    int error;
    FailureTargetKind kind;
    const char *target;
    int port;
} forms[] = {
    {C "connect() to [::1]:3000 failed (13: Permission denied) while connecting to upstream" TAIL,
     "connect", 13, ADDR, "[::1]:3000", 3000},
    {C "connect() to unix:/run/myapp/app.sock failed (13: Permission denied) while connecting to "
       "upstream" TAIL,
     "connect", 13, SOCKET, "/run/myapp/app.sock", -1},
    {C "connect() to unix:/run/my app.sock failed (2: No such file or directory)", "connect", 2,
     SOCKET, "/run/my app.sock", -1},
    {C "connect() to unix:@abstract failed (111: Connection refused)", "connect", 111, SOCKET,
     "@abstract", -1},
    {C "connect() to 192.0.2.1:80 failed (101: Network is unreachable)" TAIL, "connect", 101, ADDR,
     "192.0.2.1:80", 80},
    {C "connect() to 10.0.0.1:80 failed (99: Cannot assign requested address)" TAIL, "connect", 99,
     ADDR, "10.0.0.1:80", 80},
    {E "connect() failed (111: Connection refused) while connecting to upstream" TAIL, "connect",
     111, NONE, NULL, -1},
    {E "connect() failed (113: No route to host) while connecting to upstream" TAIL, "connect", 113,
     NONE, NULL, -1},
    {C "bind(127.0.0.9) failed (99: Cannot assign requested address)" TAIL, "bind", 99, ADDR,
     "127.0.0.9", 0},
    {M "bind() to 0.0.0.0:8081 failed (13: Permission denied)", "bind", 13, ADDR, "0.0.0.0:8081",
     8081},
    {M "bind() to [::]:8081 failed (98: Address already in use)", "bind", 98, ADDR, "[::]:8081",
     8081},
    {M "bind() to unix:/run/nginx.sock failed (13: Permission denied)", "bind", 13, SOCKET,
     "/run/nginx.sock", -1},
    {M "listen() to 0.0.0.0:80, backlog 511 failed (98: Address already in use)", "listen", 98,
     ADDR, "0.0.0.0:80", 80},
    {M "socket() [::]:80 failed (97: Address family not supported by protocol)", "socket", 97, ADDR,
     "[::]:80", 80},
    {M "setsockopt(SO_REUSEADDR) 0.0.0.0:80 failed, ignored (22: Invalid argument)", "setsockopt",
     22, ADDR, "0.0.0.0:80", 80},
    {M "close() socket 0.0.0.0:80 failed (9: Bad file descriptor)", "close", 9, ADDR, "0.0.0.0:80",
     80},
    {E "open() \"/srv/stuff//index.html\" failed (13: Permission denied)" TAIL, "open", 13, PATH,
     "/srv/stuff//index.html", -1},
    {C "stat() \"/root/\" failed (13: Permission denied)" TAIL, "stat", 13, PATH, "/root/", -1},
    {C "lstat() \"/a\" failed (13: Permission denied)" TAIL, "lstat", 13, PATH, "/a", -1},
    {C "realpath() \"/a b\" failed (13: Permission denied)" TAIL, "realpath", 13, PATH, "/a b", -1},
    {C "openat() \"/srv/x\" failed (40: Too many levels of symbolic links)" TAIL, "openat", 40,
     PATH, "/srv/x", -1},
    {C "rename() \"/tmp/0001\" to \"/cache/ab\" failed (13: Permission denied)" TAIL, "rename", 13,
     PATH, "/cache/ab", -1},
    {E "unlink() \"/cache/x\" failed (13: Permission denied)", "unlink", 13, PATH, "/cache/x", -1},
    {E "rmdir() \"/dav/x\" failed (39: Directory not empty)" TAIL, "rmdir", 39, PATH, "/dav/x", -1},
    {E "opendir() \"/srv/d/\" failed (13: Permission denied)" TAIL, "opendir", 13, PATH, "/srv/d/",
     -1},
    {C "mkdir() \"/var/lib/nginx/body\" failed (13: Permission denied)", "mkdir", 13, PATH,
     "/var/lib/nginx/body", -1},
    {C "chmod() \"/a\" failed (1: Operation not permitted)" TAIL, "chmod", 1, PATH, "/a", -1},
    {M "chown(\"/var/lib/nginx/body\", 33) failed (1: Operation not permitted)", "chown", 1, PATH,
     "/var/lib/nginx/body", -1},
    {C "utimes() \"/a\" failed (1: Operation not permitted)" TAIL, "utimes", 1, PATH, "/a", -1},
    {E "access() \"/a\" failed (13: Permission denied)", "access", 13, PATH, "/a", -1},
    {C "pread() \"/a\" failed (5: Input/output error)" TAIL, "pread", 5, PATH, "/a", -1},
    {M "open() \"/etc/nginx/.htpasswd\" failed (13: Permission denied)" TAIL, "open", 13, PATH,
     "/etc/nginx/.htpasswd", -1},
    {M "open() \"/etc/nginx/x.conf\" failed (13: Permission denied) in /etc/nginx/nginx.conf:3",
     "open", 13, PATH, "/etc/nginx/x.conf", -1},
    {M "open() \"/run/nginx.pid\" failed (13: Permission denied)", "open", 13, PATH,
     "/run/nginx.pid", -1},
    {M "getpwnam(\"www\") failed (2: No such file or directory) in /etc/nginx/nginx.conf:1",
     "getpwnam", 2, NONE, NULL, -1},
    {M "dlopen() \"/usr/lib64/nginx/modules/x.so\" failed (/usr/lib64/nginx/modules/x.so: cannot "
       "open shared object file: Permission denied) in /etc/nginx/nginx.conf:5",
     "dlopen", 13, PATH, "/usr/lib64/nginx/modules/x.so", -1},
    {M "dlopen() \"/m/x.so\" failed (/m/x.so: undefined symbol: foo) in /etc/nginx/nginx.conf:5",
     NULL, 0, NONE, NULL, -1},
    {M "cannot load certificate \"/etc/pki/c.pem\": BIO_new_file() failed (SSL: "
       "error:8000000D:system library::Permission denied:calling fopen(/etc/pki/c.pem, r) "
       "error:10080002:BIO routines::system lib)",
     "certificate", 13, PATH, "/etc/pki/c.pem", -1},
    {M "cannot load certificate key \"/etc/pki/k.pem\": BIO_new_file() failed (SSL: "
       "error:0200100D:system library:fopen:Permission denied:fopen('/etc/pki/k.pem','r') "
       "error:2006D002:BIO routines:BIO_new_file:system lib)",
     "certificate-key", 13, PATH, "/etc/pki/k.pem", -1},
    {M "cannot load certificate \"/c\": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM "
       "routines::no start line:Expecting: TRUSTED CERTIFICATE)",
     NULL, 0, NONE, NULL, -1},
    {M "SSL_CTX_load_verify_locations(\"/etc/ca.pem\") failed (SSL: error:80000002:system "
       "library::No such file or directory:calling fopen(/etc/ca.pem, r))",
     "SSL_CTX_load_verify_locations", 2, PATH, "/etc/ca.pem", -1},
    {M "BIO_new_file(\"/etc/dh.pem\") failed (SSL: error:8000000D:system library::Permission "
       "denied) in /etc/nginx/nginx.conf:9",
     "BIO_new_file", 13, PATH, "/etc/dh.pem", -1},
    {E "SSL_do_handshake() failed (SSL: error:0A000086:SSL routines::certificate verify failed) "
       "while SSL handshaking to upstream" TAIL,
     NULL, 0, NONE, NULL, -1},
    {E "\"/srv/x/index.html\" is forbidden (13: Permission denied)" TAIL, "stat", 13, PATH,
     "/srv/x/index.html", -1},
    {E "\"/srv/x/index.html\" is not found (2: No such file or directory)" TAIL, "stat", 2, PATH,
     "/srv/x/index.html", -1},
    {E "directory index of \"/srv/x/\" is forbidden" TAIL, "directory-index", 0, PATH, "/srv/x/",
     -1},
    {E "recv() failed (104: Connection reset by peer) while reading response header from "
       "upstream" TAIL,
     "recv", 104, NONE, NULL, -1},
    {E "readv() failed (104: Connection reset by peer) while reading upstream" TAIL, "readv", 104,
     NONE, NULL, -1},
    {E "writev() failed (32: Broken pipe) while sending request to upstream" TAIL, "writev", 32,
     NONE, NULL, -1},
    {E "sendfile() failed (32: Broken pipe) while sending request to upstream" TAIL, "sendfile", 32,
     NONE, NULL, -1},
    {E "upstream timed out (110: Connection timed out) while connecting to upstream" TAIL,
     "connect", 110, NONE, NULL, -1},
    {E "upstream timed out (110: Connection timed out) while reading response header from "
       "upstream" TAIL,
     "recv", 110, NONE, NULL, -1},
    {T "[info] 1#1: *2 client timed out (110: Connection timed out) while waiting for request, "
       "client: 127.0.0.1, server: 0.0.0.0:80",
     "timeout", 110, NONE, NULL, -1},
    {T "[alert] 1#1: connect() failed (13: Permission denied) while logging to syslog, server: "
       "unix:/dev/log",
     "connect", 13, SOCKET, "/dev/log", -1},
    {T "[error] 1#1: send() failed (111: Connection refused) while logging to syslog, server: "
       "127.0.0.1:514",
     "send", 111, ADDR, "127.0.0.1:514", 514},
    {T "[error] 1#1: send() failed (13: Permission denied) while resolving, resolver: 10.0.0.2:53",
     "send", 13, ADDR, "10.0.0.2:53", 53},
    {T "[error] 1#1: recv() failed (111: Connection refused) while resolving, resolver: [::1]:53",
     "recv", 111, ADDR, "[::1]:53", 53},
    {T "[alert] 1#1: *3 accept4() failed (24: Too many open files)", "accept4", 24, NONE, NULL, -1},
    {M "setrlimit(RLIMIT_NOFILE, 65535) failed (1: Operation not permitted)", "setrlimit", 1, NONE,
     NULL, -1},
    {M "io_setup() failed (38: Function not implemented)", "io_setup", 38, NONE, NULL, -1},
    {C "connect() to localhost:80 failed (13: Permission denied)", "connect", 13, NONE,
     "localhost:80", -1},
    {C "connect() to 1.2.3.4:99999 failed (13: Permission denied)", "connect", 13, NONE,
     "1.2.3.4:99999", -1},
    /* by nginx, but no failed system call */
    {E "no live upstreams while connecting to upstream" TAIL, NULL, 0, NONE, NULL, -1},
    {M "still could not bind()", NULL, 0, NONE, NULL, -1},
    {M "host not found in upstream \"b\" in /etc/nginx/x.conf:3", NULL, 0, NONE, NULL, -1},
    {M "unknown directive \"x\" in /etc/nginx/x.conf:3", NULL, 0, NONE, NULL, -1},
    {E "FastCGI sent in stderr: \"PHP message: connect() to 127.0.0.1:22 failed (13: Permission "
       "denied)\" while reading response header from upstream" TAIL,
     "backend-stderr", 13, NONE,
     "PHP message: connect() to 127.0.0.1:22 failed (13: Permission denied)", -1},
    {E "[lua] a.lua:1: connect() to 127.0.0.1:22 failed (13: Permission denied)" TAIL, NULL, 0,
     NONE, NULL, -1},
    {E "user \"open() \"/x\" failed (13: Permission denied)\" was not found in \"/p\"" TAIL, NULL,
     0, NONE, NULL, -1},
    {T "[notice] 1#1: signal process started", NULL, 0, NONE, NULL, -1},
    {T "[debug] 1#1: *1 connect() to 127.0.0.1:22 failed (13: Permission denied)", NULL, 0, NONE,
     NULL, -1},
    {C "connect() to 127.0.0.1:22 failed (0: Success)", NULL, 0, NONE, NULL, -1},
    {C "connect() to 127.0.0.1:22 failed (99999999999: X)", NULL, 0, NONE, NULL, -1},
    {C "connect() to 127.0.0.1:22 failed (13: Permission", NULL, 0, NONE, NULL, -1},
    {C "connect(", NULL, 0, NONE, NULL, -1},
    {C "open() \"", NULL, 0, NONE, NULL, -1},
    {C "", NULL, 0, NONE, NULL, -1},
};

static void test_forms(void **state)
{
    for (size_t i = 0; i < ELEMENTS_OF(forms); i++) {
        Failure failure;
        NginxLineClass class;

        nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
        class = parse(forms[i].line, &failure);
        if (!forms[i].operation) {
            if (class != NGINX_LINE_OTHER)
                fail_msg("taken for %d: %s", class, forms[i].line);
            continue;
        }
        if (class != NGINX_LINE_FAILURE)
            fail_msg("not taken for a failure: %s", forms[i].line);
        if (!streq(failure.operation, forms[i].operation) || failure.error != forms[i].error)
            fail_msg("%s %d: %s", failure.operation, failure.error, forms[i].line);
        if (failure.target_kind != forms[i].kind || !streq_ptr(failure.target, forms[i].target) ||
            failure.port != forms[i].port)
            fail_msg("target %d %s port %d: %s", failure.target_kind, strempty(failure.target),
                     failure.port, forms[i].line);
        if ((failure.target_kind == ADDR) != (failure.address != NULL))
            fail_msg("address: %s", forms[i].line);
        if (failure.ambiguous)
            fail_msg("ambiguous: %s", forms[i].line);
        if (strstr(forms[i].line, TAIL) &&
            (!streq_ptr(failure.client, "127.0.0.1") || failure.server ||
             !streq_ptr(failure.request, "HEAD / HTTP/1.1") || !streq_ptr(failure.host, "h")))
            fail_msg("context: %s", forms[i].line);
    }
}

static const struct {
    const char *line;
    NginxLineClass class;
    bool time_known;
} beginnings[] = {
    {"<187>Nov 22 20:35:54 host nginx: " C "connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, true},
    {"<187>Nov  2 20:35:54 nginx: " C "connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, true},
    {"Nov 22 20:35:54 host nginx[351]: nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: "
     "Permission denied)",
     NGINX_LINE_FAILURE, true},
    {"Feb 30 20:35:54 host nginx[351]: nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: "
     "Permission denied)",
     NGINX_LINE_FAILURE, false},
    {"2026-11-22T20:35:54.123456+00:00 host web1: " C "connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, true},
    {"nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: Permission denied)", NGINX_LINE_FAILURE,
     false},
    {"nginx: [alert] could not open error log file: open() \"/var/log/nginx/error.log\" failed "
     "(13: "
     "Permission denied)",
     NGINX_LINE_FAILURE, false},
    {"2026/02/30 20:35:54 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, false},
    {"2026/13/01 20:35:54 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, false},
    {"1969/12/31 23:59:59 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, false},
    {"2026/11/22 24:00:00 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, false},
    {"2026/11/22 23:59:61 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, false},
    {"9999/12/31 23:59:60 [crit] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FAILURE, true},
    {"2026/11/22 20:35:54 [odd] 1#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FOREIGN, false},
    {"2026/11/22 20:35:54 [crit] 1: connect() failed (111: Connection refused)", NGINX_LINE_FOREIGN,
     false},
    {"2026/11/22 20:35:54 [crit] 99999999999#1: connect() failed (111: Connection refused)",
     NGINX_LINE_FOREIGN, false},
    {"connect() to 127.0.0.1:22 failed (13: Permission denied)", NGINX_LINE_FOREIGN, false},
    {"", NGINX_LINE_FOREIGN, false},
    {"<", NGINX_LINE_FOREIGN, false},
    {"2026/11/22", NGINX_LINE_FOREIGN, false},
    {"PHP message: \xff\xfe\x80", NGINX_LINE_FOREIGN, false},
};

static void test_beginnings(void **state)
{
    for (size_t i = 0; i < ELEMENTS_OF(beginnings); i++) {
        Failure failure = {.port = 4711};
        NginxLineClass class = parse(beginnings[i].line, &failure);

        if (class != beginnings[i].class)
            fail_msg("class %d: %s", class, beginnings[i].line);
        if (class != NGINX_LINE_FAILURE)
            assert_int_equal(failure.port, 4711); /* untouched */
        else if (failure.time_known != beginnings[i].time_known)
            fail_msg("time %d: %s", failure.time_known, beginnings[i].line);
    }
}

#define DENIED " failed (13: Permission denied)"
#define GONE   " failed (2: No such file or directory)"

/* Lines without a time of their own take it, and the process, from what is around them. */
static void test_origin(void **state)
{
    static const char line[] =
        "nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: Permission denied)";
    static const char whole[] = M "bind() to 0.0.0.0:8081 failed (13: Permission denied)";
    const NginxLineOrigin origin = {.time_usec = 1234567, .pid = 77};
    Failure failure;

    assert_int_equal(
        parse("2026-11-22T21:35:54.123456+01:00 host nginx[351]: nginx: [emerg] bind() "
              "to 0.0.0.0:8081 failed (13: Permission denied)",
              &failure),
        NGINX_LINE_FAILURE);
    assert_int_equal(failure.pid, 351);
    assert_true(failure.time_known && failure.on_stderr);
    assert_int_equal(failure.time_usec, UINT64_C(1795379754) * 1000000);

    assert_int_equal(
        nginx_line_parse_from(&parser, "journal", &origin, line, strlen(line), &failure),
        NGINX_LINE_FAILURE);
    assert_int_equal(failure.pid, 77);
    assert_int_equal(failure.time_usec, 1234567);
    assert_true(failure.time_known && failure.on_stderr);

    /* what the line says counts first */
    assert_int_equal(
        nginx_line_parse_from(&parser, "journal", &origin, whole, strlen(whole), &failure),
        NGINX_LINE_FAILURE);
    assert_int_equal(failure.pid, 351);
    assert_int_equal(failure.time_usec, UINT64_C(1795379754) * 1000000);
    assert_false(failure.on_stderr);
}

/* Text that names another upstream than nginx does. */
static void test_contradicted(void **state)
{
    Failure failure;

    assert_int_equal(
        parse(C "connect() to 127.0.0.1:3000 failed (13: Permission denied) while connecting to "
                "upstream, client: 1.2.3.4, server: s, request: \"GET /\", upstream: "
                "\"http://10.9.9.9:22/x HTTP/1.1\", upstream: \"http://127.0.0.1:3000/\", host: "
                "\"h\"",
              &failure),
        NGINX_LINE_FAILURE);
    assert_string_equal(failure.target, "127.0.0.1:3000");
    assert_true(failure.contradicted && failure.ambiguous);
    assert_int_equal(
        parse(C "connect() to unix:/run/a.sock failed (13: Permission denied) while connecting to "
                "upstream, client: 1.2.3.4, server: s, request: \"GET / HTTP/1.1\", upstream: "
                "\"http://unix:/run/a.sock:/\", host: \"h\"",
              &failure),
        NGINX_LINE_FAILURE);
    assert_false(failure.contradicted);
}

/* What a client can write must not become an operation, target or errno. */
static const struct {
    const char *line;
    const char *operation;
    int error;
    const char *target;
    const char *request;
    const char *upstream;
    const char *host;
    bool ambiguous;
} forged[] = {
    /* a failure in the request */
    {C "connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, "
       "server: s, request: \"GET /connect() to 127.0.0.1:22" DENIED " HTTP/1.1\", upstream: "
       "\"http://127.0.0.1:3000/\", host: \"h\"",
     "connect", 111, "127.0.0.1:3000", "GET /connect() to 127.0.0.1:22" DENIED " HTTP/1.1",
     "http://127.0.0.1:3000/", "h", false},
    /* a quote that ends nothing */
    {C "connect() to 127.0.0.1:3000" DENIED " while connecting to upstream, client: 1.2.3.4, "
       "server: s, request: \"GET /a\"b HTTP/1.1\", host: \"h\"",
     "connect", 13, "127.0.0.1:3000", "GET /a\"b HTTP/1.1", NULL, "h", false},
    /* an upstream in the request; the true one follows */
    {C "connect() to 127.0.0.1:3000" DENIED " while connecting to upstream, client: 1.2.3.4, "
       "server: s, request: \"GET /\", upstream: \"http://127.0.0.1:22/ HTTP/1.1\", upstream: "
       "\"http://127.0.0.1:3000/\", host: \"h\"",
     "connect", 13, "127.0.0.1:3000", "GET /",
     "http://127.0.0.1:22/ HTTP/1.1\", upstream: \"http://127.0.0.1:3000/", "h", true},
    /* an upstream where there is none */
    {E "open() \"/srv/x\"" GONE ", client: 1.2.3.4, server: s, request: \"GET /x\", upstream: "
       "\"http://1.2.3.4:22/ HTTP/1.1\", host: \"h\"",
     "open", 2, "/srv/x", "GET /x", "http://1.2.3.4:22/ HTTP/1.1", "h", true},
    /* a host in the request of a client that sends none */
    {E "open() \"/srv/x\"" GONE ", client: 1.2.3.4, server: s, request: \"GET /x\", host: \"evil "
       "HTTP/1.0\"",
     "open", 2, "/srv/x", "GET /x", NULL, "evil HTTP/1.0", true},
    /* fields after the last: the referrer's own */
    {E "open() \"/srv/x\"" GONE ", client: 1.2.3.4, server: s, request: \"GET /x HTTP/1.1\", host: "
       "\"h\", referrer: \"a\", host: \"evil\"",
     "open", 2, "/srv/x", "GET /x HTTP/1.1", NULL, "h", true},
    /* a quote in a path */
    {E "open() \"/srv/a\"b\"" DENIED ", client: 1.2.3.4, server: s, request: \"GET /a%22b "
       "HTTP/1.1\", host: \"h\"",
     "open", 13, "/srv/a\"b", "GET /a%22b HTTP/1.1", NULL, "h", false},
    /* an end of the message in a path */
    {E "open() \"/srv/a\"" DENIED ", client: 9.9.9.9\"" GONE ", client: 1.2.3.4, server: s, "
       "request: \"GET /a%22%20failed HTTP/1.1\", host: \"h\"",
     "open", 13, "/srv/a", NULL, NULL, NULL, true},
    /* and in the request behind it, where nginx took spaces */
    {E "open() \"/srv/a\"" GONE ", client: 1.2.3.4, server: s, request: \"GET /a\"" DENIED
       " HTTP/1.1\", host: \"h\"",
     "open", 2, "/srv/a", "GET /a\"" DENIED " HTTP/1.1", NULL, "h", true},
    {E "directory index of \"/srv/a\" is forbidden, client: 9.9.9.9/\" is forbidden, client: "
       "1.2.3.4, server: s, request: \"GET / HTTP/1.1\", host: \"h\"",
     "directory-index", 0, "/srv/a", NULL, NULL, NULL, true},
    {E "\"/srv/a\" is not found (2: No such file or directory), x/index.html\" is forbidden (13: "
       "Permission denied), client: 1.2.3.4, server: s, request: \"GET / HTTP/1.1\", host: \"h\"",
     "stat", 2, "/srv/a", NULL, NULL, NULL, true},
    {C "rename() \"/t\" to \"/a\" to \"/b\"" DENIED ", client: 1.2.3.4, server: s, request: \"PUT "
       "/ HTTP/1.1\", host: \"h\"",
     "rename", 13, "/a\" to \"/b", "PUT / HTTP/1.1", NULL, "h", true},
    /* where nginx names no address, a line that can be read in two ways gives none */
    {C "connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, "
       "server: s, request: \"GET /\", upstream: \"http://10.0.0.1:22/ HTTP/1.1\", upstream: "
       "\"http://127.0.0.1:3000/\", host: \"h\"",
     "connect", 111, NULL, "GET /",
     "http://10.0.0.1:22/ HTTP/1.1\", upstream: \"http://127.0.0.1:3000/", "h", true},
    /* and no refusal takes one from there */
    {C "connect() failed (13: Permission denied) while connecting to upstream, client: 1.2.3.4, "
       "server: s, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:22/\", host: \"h\"",
     "connect", 13, NULL, "GET / HTTP/1.1", "http://10.0.0.1:22/", "h", false},
};

static void test_forged(void **state)
{
    for (size_t i = 0; i < ELEMENTS_OF(forged); i++) {
        Failure failure;

        nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
        if (parse(forged[i].line, &failure) != NGINX_LINE_FAILURE)
            fail_msg("no failure: %s", forged[i].line);
        if (!streq(failure.operation, forged[i].operation) || failure.error != forged[i].error ||
            !streq_ptr(failure.target, forged[i].target))
            fail_msg("%s %d %s: %s", failure.operation, failure.error, strempty(failure.target),
                     forged[i].line);
        if (!streq_ptr(failure.request, forged[i].request) ||
            !streq_ptr(failure.upstream, forged[i].upstream) ||
            !streq_ptr(failure.host, forged[i].host))
            fail_msg("request <%s> upstream <%s> host <%s>: %s", strempty(failure.request),
                     strempty(failure.upstream), strempty(failure.host), forged[i].line);
        if (failure.ambiguous != forged[i].ambiguous)
            fail_msg("ambiguous %d: %s", failure.ambiguous, forged[i].line);
    }
}

/* %0A in a path splits a line: what follows is marked, in that log alone, and not for ever. */
static void test_line_end_in_path(void **state)
{
    static const char first[] = E "open() \"/srv/x";
    static const char second[] = C "connect() to 127.0.0.1:22" DENIED TAIL;
    Failure failure;
    size_t between = sizeof(first);

    assert_int_equal(parse(second, &failure), NGINX_LINE_FAILURE);
    assert_false(failure.ambiguous);
    assert_int_equal(parse(first, &failure), NGINX_LINE_OTHER);
    assert_int_equal(nginx_line_parse(&parser, "/other.log", second, strlen(second), &failure),
                     NGINX_LINE_FAILURE);
    assert_false(failure.ambiguous);
    while (between < NGINX_MESSAGE_LENGTH_MAX) {
        assert_int_equal(parse(second, &failure), NGINX_LINE_FAILURE);
        assert_true(failure.ambiguous);
        between += sizeof(second);
    }
    assert_int_equal(parse(second, &failure), NGINX_LINE_FAILURE);
    assert_false(failure.ambiguous);

    /* the same from the text of a backend, and from a sub-request's decoded URI */
    assert_int_equal(parse(E "FastCGI sent in stderr: \"PHP message: a", &failure),
                     NGINX_LINE_FAILURE);
    assert_string_equal(failure.operation, "backend-stderr");
    assert_int_equal(parse(second, &failure), NGINX_LINE_FAILURE);
    assert_true(failure.ambiguous);
    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
    assert_int_equal(parse(E "open() \"/srv/x\"" GONE ", client: 1.2.3.4, server: s, request: "
                             "\"GET / HTTP/1.1\", subrequest: \"/a",
                           &failure),
                     NGINX_LINE_FAILURE);
    assert_true(failure.ambiguous);
    assert_string_equal(failure.subrequest, "/a");
    assert_int_equal(parse(second, &failure), NGINX_LINE_FAILURE);
    assert_true(failure.ambiguous);
}

static void test_many_open_logs(void **state)
{
    static const char first[] = E "open() \"/srv/x";
    static const char second[] = C "connect() to 127.0.0.1:22" DENIED TAIL;
    char path[64];
    Failure failure;

    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "/log/%d", i);
        assert_int_equal(nginx_line_parse(&parser, path, first, strlen(first), &failure),
                         NGINX_LINE_OTHER);
        assert_int_equal(nginx_line_parse(&parser, path, second, strlen(second), &failure),
                         NGINX_LINE_FAILURE);
        assert_true(failure.ambiguous);
    }
    assert_int_equal(parser.open_evicted, 100 - NGINX_LINE_OPEN_LOGS);
}

static void test_cut_by_nginx(void **state)
{
    static char line[2048];
    static const char head[] = E "open() \"/srv/";
    static const char request[] =
        C "connect() to 127.0.0.1:3000" DENIED ", client: 1.2.3.4, server: s, request: \"GET /";
    static const char end[] = "... (36: File name too long), client: 127.0.0.1";
    Failure failure;

    /* the path was cut */
    memset(line, 'a', sizeof(line));
    memcpy(line, head, strlen(head));
    memcpy(line + 2047 - strlen(end), end, sizeof(end));
    assert_int_equal(parse(line, &failure), NGINX_LINE_FAILURE);
    assert_string_equal(failure.operation, "open");
    assert_int_equal(failure.error, ENAMETOOLONG);
    assert_int_equal(failure.target_kind, FAILURE_TARGET_NONE);
    assert_true(failure.ambiguous);

    /* the request was cut: the next line is not suspect */
    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
    memset(line, 'a', 2047);
    line[2047] = '\0';
    memcpy(line, request, strlen(request));
    assert_int_equal(parse(line, &failure), NGINX_LINE_FAILURE);
    assert_int_equal(failure.port, 3000);
    assert_int_equal(parse(C "connect() to 127.0.0.1:3000" DENIED TAIL, &failure),
                     NGINX_LINE_FAILURE);
    assert_false(failure.ambiguous);
}

static void test_other_handlers(void **state)
{
    Failure failure;

    assert_int_equal(
        parse(E "connect() failed (111: Connection refused) while connecting to upstream, client: "
                "127.0.0.1, server: 0.0.0.0:9000, upstream: \"127.0.0.1:9999\", bytes from/to "
                "client:0/0, bytes from/to upstream:0/0",
              &failure),
        NGINX_LINE_FAILURE);
    assert_string_equal(failure.server, "0.0.0.0:9000");
    assert_string_equal(failure.upstream, "127.0.0.1:9999");
    assert_false(failure.ambiguous);
    assert_int_equal(
        parse(E "recv() failed (111: Connection refused) while proxying and reading from upstream, "
                "udp client: 127.0.0.1, server: 0.0.0.0:53, upstream: \"127.0.0.1:5353\", bytes "
                "from/to client:1/0, bytes from/to upstream:0/1",
              &failure),
        NGINX_LINE_FAILURE);
    assert_string_equal(failure.client, "127.0.0.1");
    assert_string_equal(failure.upstream, "127.0.0.1:5353");
    assert_int_equal(
        parse(E "connect() to 127.0.0.1:143" DENIED " while connecting to upstream, client: "
                "127.0.0.1 using starttls, server: 0.0.0.0:143, login: \"joe\", upstream: "
                "127.0.0.1:143",
              &failure),
        NGINX_LINE_FAILURE);
    assert_string_equal(failure.client, "127.0.0.1");
    assert_string_equal(failure.server, "0.0.0.0:143");
    assert_int_equal(failure.port, 143);
}

static void test_binary(void **state)
{
    static const char line[] = E "open() \"/srv/\xff\xc3\0\x1b[2J\"" DENIED TAIL;
    static char big[NGINX_LINE_LENGTH_MAX + 1];
    Failure failure;

    assert_int_equal(nginx_line_parse(&parser, NULL, line, sizeof(line) - 1, &failure),
                     NGINX_LINE_FAILURE);
    assert_string_equal(failure.target, "/srv/\xff\xc3 \x1b[2J");
    assert_true(failure.ambiguous);
    assert_int_equal(strlen(failure.line), sizeof(line) - 1);
    assert_null(failure.log_path);

    /* the longest line, all of it one field */
    memset(big, 'x', sizeof(big));
    memcpy(big, E "open() \"", strlen(E "open() \""));
    memcpy(big + NGINX_LINE_LENGTH_MAX - strlen("\"" DENIED), "\"" DENIED, strlen("\"" DENIED));
    assert_int_equal(nginx_line_parse(&parser, NULL, big, NGINX_LINE_LENGTH_MAX, &failure),
                     NGINX_LINE_FAILURE);
    assert_int_equal(failure.error, EACCES);
    assert_int_equal(strlen(failure.target),
                     NGINX_LINE_LENGTH_MAX - strlen(E "open() \"") - strlen("\"" DENIED));
    assert_int_equal(nginx_line_parse(&parser, NULL, big, NGINX_LINE_LENGTH_MAX + 1, &failure),
                     NGINX_LINE_FOREIGN);
    assert_int_equal(nginx_line_parse(&parser, NULL, NULL, 0, &failure), NGINX_LINE_FOREIGN);
}

static uint64_t seconds_of(const char *time)
{
    char line[128];
    Failure failure;

    snprintf(line, sizeof(line), "%s [crit] 1#1: connect() failed (111: Connection refused)", time);
    assert_int_equal(parse(line, &failure), NGINX_LINE_FAILURE);
    assert_true(failure.time_known);
    return failure.time_usec / 1000000;
}

static void test_zones(void **state)
{
    /* forwards, backwards, and again: the cached minute must not stick */
    assert_int_equal(seconds_of("2026/11/22 20:35:54"), 1795379754);
    assert_int_equal(seconds_of("2026/11/22 20:34:59"), 1795379699);
    assert_int_equal(seconds_of("2026/11/22 20:35:00"), 1795379700);
    assert_int_equal(seconds_of("2020/02/29 00:00:00"), 1582934400);
    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 3600);
    assert_int_equal(seconds_of("2026/11/22 21:35:54"), 1795379754);
    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, -5 * 3600);
    assert_int_equal(seconds_of("2026/11/22 15:35:54"), 1795379754);

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    nginx_line_parser_init(&parser, NGINX_ZONE_LOCAL, 12345);
    assert_int_equal(seconds_of("2026/11/22 21:35:54"), 1795379754);
    assert_int_equal(seconds_of("2026/07/01 02:00:00"), 1782864000);
    /* 02:30 does not exist that day: still a time, within the hour */
    assert_in_range(seconds_of("2026/03/29 02:30:00"), 1774744200, 1774747800 + 1);
    unsetenv("TZ");
    tzset();
}

/* A message that comes again says the same, when it is new, when it is remembered and when it is
 * known; what stands before it is its own. More messages than are remembered push one another out,
 * and each is still read rightly. */
static void test_again(void **state)
{
    for (unsigned int round = 0; round < 3; round++)
        for (unsigned int i = 0; i < 4 * NGINX_KNOWN_LINES; i++) {
            _cleanup_free_ char *line = format_string(
                "2026/11/22 20:35:5%u [crit] %u#0: *%u connect() to 127.0.0.1:%u failed (13: "
                "Permission denied) while connecting to upstream, client: 192.0.2.7, server: shop, "
                "request: \"GET /%u HTTP/1.1\", upstream: \"http://127.0.0.1:%u/%u\", host: "
                "\"h\"",
                round, 100 + round, 1000 * round + i, 3000 + i, i, 3000 + i, i);
            char request[64];

            (void)snprintf(request, sizeof(request), "GET /%u HTTP/1.1", i);
            for (unsigned int again = 0; again < 3; again++) {
                Failure failure;

                assert_int_equal(parse(line, &failure), NGINX_LINE_FAILURE);
                assert_int_equal(failure.pid, 100 + round);
                assert_int_equal(failure.connection, 1000 * round + i);
                assert_int_equal(failure.time_usec / USEC_PER_SEC % 10, round);
                assert_int_equal(failure.port, 3000 + i);
                assert_string_equal(failure.request, request);
                assert_string_equal(failure.line, line);
                assert_false(failure.ambiguous);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_line, setup),
        cmocka_unit_test_setup(test_forms, setup),
        cmocka_unit_test_setup(test_again, setup),
        cmocka_unit_test_setup(test_cut_messages, setup),
        cmocka_unit_test_setup(test_beginnings, setup),
        cmocka_unit_test_setup(test_origin, setup),
        cmocka_unit_test_setup(test_contradicted, setup),
        cmocka_unit_test_setup(test_forged, setup),
        cmocka_unit_test_setup(test_line_end_in_path, setup),
        cmocka_unit_test_setup(test_many_open_logs, setup),
        cmocka_unit_test_setup(test_cut_by_nginx, setup),
        cmocka_unit_test_setup(test_other_handlers, setup),
        cmocka_unit_test_setup(test_binary, setup),
        cmocka_unit_test_setup(test_zones, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
