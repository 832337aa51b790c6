/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/nginx/conf-read.h"
#include "daemon/nginx/conf-root.h"

#define NGINX "/usr/sbin/nginx"

static char root[64];

static const char *at(const char *path)
{
    static char whole[4][512];
    static unsigned turn;
    char *result = whole[turn++ % ELEMENTS_OF(whole)];

    snprintf(result, sizeof(whole[0]), "%s%s", root, path);
    return result;
}

/* Makes the directories above a file, and the file. */
static void put(const char *path, const char *text)
{
    char whole[512];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s", at(path));
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static int setup(void **state)
{
    strcpy(root, "/tmp/conf-read-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static NginxConf *read_conf(void)
{
    NginxConfOptions options = {.root = root};
    NginxConf *conf;

    assert_int_equal(nginx_conf_read(&options, &conf), 0);
    return conf;
}

/* The tree on one line: "http{server{listen(80);}}" */
static void show(const NginxDirective *directive, char *text, size_t size)
{
    for (; directive; directive = directive->next) {
        size_t used = strlen(text);

        snprintf(text + used, size - used, "%s", directive->name);
        for (size_t i = 0; i < directive->n_args; i++) {
            used = strlen(text);
            snprintf(text + used, size - used, "(%s)", directive->args[i]);
        }
        assert_null(directive->args[directive->n_args]);
        strncat(text, directive->block ? "{" : ";", size - strlen(text) - 1);
        if (directive->block) {
            show(directive->first, text, size);
            strncat(text, "}", size - strlen(text) - 1);
        }
    }
}

static void check_tree(const NginxConf *conf, const char *expected)
{
    char text[4096] = "";

    show(conf->first, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void test_tree(void **state)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    const NginxDirective *listen;
    size_t n = 0;

    put("/etc/nginx/nginx.conf", "user www;\nhttp {\n  include conf.d/*.conf;\n"
                                 "  include /etc/nginx/one.conf; types { a b; } }\npid x;\n");
    put("/etc/nginx/conf.d/b.conf", "server { listen 2; }\n");
    put("/etc/nginx/conf.d/a.conf", "# first\nserver {\n listen 1;\n}\n");
    put("/etc/nginx/conf.d/.hidden.conf", "hidden;\n");
    put("/etc/nginx/conf.d/c.conf.rpmsave", "saved;\n");
    put("/etc/nginx/one.conf", "gzip on;\n");
    conf = read_conf();
    check_tree(conf, "user(www);http{include(conf.d/*.conf);server{listen(1);}server{listen(2);}"
                     "include(/etc/nginx/one.conf);gzip(on);types{a(b);}}pid(x);");
    assert_int_equal(conf->problems_total, 0);
    assert_false(conf->truncated);
    assert_string_equal(conf->prefix, "/usr/share/nginx");
    assert_string_equal(conf->conf_prefix, "/etc/nginx");
    assert_int_equal(conf->n_files, 4);
    assert_string_equal(conf->files[0], "/etc/nginx/nginx.conf");
    assert_string_equal(conf->files[1], "/etc/nginx/conf.d/a.conf");
    assert_null(conf->files[4]);
    listen = conf->first->next->first->next->first;
    assert_string_equal(listen->name, "listen");
    assert_string_equal(listen->file, "/etc/nginx/conf.d/a.conf");
    assert_int_equal(listen->line, 3);
    assert_string_equal(listen->parent->parent->name, "http");
    for (const NginxDirective *each = conf->first; each; each = nginx_directive_next(each))
        n++;
    assert_int_equal(n, conf->n_directives);
    assert_int_equal(n, 12);
}

static void check_problem(const NginxConf *conf, size_t i, const char *file, unsigned line,
                          const char *part)
{
    assert_true(i < conf->n_problems);
    assert_string_equal(conf->problems[i].file, file);
    assert_int_equal(conf->problems[i].line, line);
    if (!strstr(conf->problems[i].text, part))
        fail_msg("%s instead of %s", conf->problems[i].text, part);
}

static void test_problems(void **state)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;

    put("/etc/nginx/nginx.conf", "include missing.conf;\ninclude none/*.conf;\ninclude a b;\n"
                                 "include broken.conf;\ninclude fifo;\ninclude dir;\n"
                                 "include open.conf;\nlast;\n");
    put("/etc/nginx/broken.conf", "a { b \"c\"d; }\n}\ne f }\n");
    put("/etc/nginx/open.conf", "http { server { listen 1;\n");
    assert_int_equal(mkfifo(at("/etc/nginx/fifo"), 0644), 0);
    assert_int_equal(mkdir(at("/etc/nginx/dir"), 0755), 0);
    conf = read_conf();
    check_tree(conf, "include(missing.conf);include(none/*.conf);include(a)(b);"
                     "include(broken.conf);a{b(c)(d);}e(f);include(fifo);include(dir);"
                     "include(open.conf);http{server{listen(1);}}last;");
    assert_int_equal(conf->n_problems, 9);
    check_problem(conf, 0, "/etc/nginx/nginx.conf", 1, "/etc/nginx/missing.conf cannot be read");
    check_problem(conf, 1, "/etc/nginx/nginx.conf", 3, "number of arguments");
    check_problem(conf, 2, "/etc/nginx/broken.conf", 1, "closing quote");
    check_problem(conf, 3, "/etc/nginx/broken.conf", 2, "unexpected \"}\"");
    check_problem(conf, 4, "/etc/nginx/broken.conf", 3, "\";\" is missing");
    check_problem(conf, 5, "/etc/nginx/broken.conf", 3, "unexpected \"}\"");
    check_problem(conf, 6, "/etc/nginx/nginx.conf", 5, "not a regular file");
    check_problem(conf, 7, "/etc/nginx/nginx.conf", 6, "not a regular file");
    check_problem(conf, 8, "/etc/nginx/open.conf", 2, "unexpected end of file");
}

static void test_lua_blocks(void **state)
{
    static const char text[] =
        "http { init_by_lua_block { x = \"}\" -- }\n } server { content_by_lua_block { "
        "ngx.say({1,{2}}) } listen 1; } }\nlast;\n";
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;

    assert_int_equal(nginx_conf_parse("x", text, strlen(text), NULL, &conf), 0);
    check_tree(conf, "http{init_by_lua_block{}server{content_by_lua_block{}listen(1);}}last;");
    assert_int_equal(conf->problems_total, 0);
    conf = nginx_conf_free(conf);
    assert_int_equal(nginx_conf_parse("x", "a_by_lua_block { '", 18, NULL, &conf), 0);
    check_problem(conf, 0, "x", 1, "Lua");
}

static void test_loops(void **state)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    char path[64], text[64];

    put("/etc/nginx/nginx.conf", "a; include nginx.conf; b; include x.conf; include 0.conf; c;");
    put("/etc/nginx/x.conf", "include y.conf; x;");
    put("/etc/nginx/y.conf", "include *.conf; y;");
    for (unsigned i = 0; i < NGINX_CONF_DEPTH_MAX + 3; i++) {
        snprintf(path, sizeof(path), "/etc/nginx/%u.conf", i);
        snprintf(text, sizeof(text), "d%u; include %u.conf;", i, i + 1);
        put(path, text);
    }
    conf = read_conf();
    assert_true(conf->truncated); /* too deep */
    assert_true(conf->problems_total > 4);
    assert_true(conf->problems_total >= conf->n_problems);
    assert_true(conf->n_problems <= NGINX_CONF_PROBLEMS_MAX);
    check_problem(conf, 0, "/etc/nginx/nginx.conf", 1, "includes itself");
    conf = nginx_conf_free(conf);

    /* each file includes all others: without a limit some 10^60 files */
    for (unsigned i = 0; i < 60; i++) {
        snprintf(path, sizeof(path), "/etc/nginx/%u.conf", i);
        put(path, "a; include *.conf;");
    }
    conf = read_conf();
    assert_true(conf->truncated);
    assert_true(conf->n_directives <= NGINX_CONF_DIRECTIVES_MAX);
}

static void test_limits(void **state)
{
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    const size_t size = NGINX_CONF_FILE_SIZE_MAX + 1;
    char *text = malloc(size + 1);

    assert_non_null(text);
    /* deep nesting */
    for (size_t i = 0; i < size; i += 2)
        memcpy(text + i, "a{", 2);
    assert_int_equal(nginx_conf_parse("x", text, 2000000, NULL, &conf), 0);
    assert_int_equal(conf->n_directives, NGINX_CONF_DEPTH_MAX + 1);
    assert_true(conf->truncated);
    conf = nginx_conf_free(conf);
    /* what follows the deep part is read */
    memset(text + 400, '}', 200);
    memcpy(text + 600, "b;", 2);
    assert_int_equal(nginx_conf_parse("x", text, 602, NULL, &conf), 0);
    assert_int_equal(conf->n_directives, NGINX_CONF_DEPTH_MAX + 2);
    assert_string_equal(conf->first->next->name, "b");
    conf = nginx_conf_free(conf);
    /* many directives */
    for (size_t i = 0; i < size - 1; i += 2)
        memcpy(text + i, "a;", 2);
    assert_int_equal(nginx_conf_parse("x", text, size, NULL, &conf), 0);
    assert_int_equal(conf->n_directives, NGINX_CONF_DIRECTIVES_MAX);
    assert_true(conf->truncated);
    conf = nginx_conf_free(conf);
    /* many problems */
    memset(text, '}', size);
    assert_int_equal(nginx_conf_parse("x", text, 10000, NULL, &conf), 0);
    assert_int_equal(conf->n_problems, NGINX_CONF_PROBLEMS_MAX);
    assert_int_equal(conf->problems_total, 10000);
    conf = nginx_conf_free(conf);
    /* a large file */
    memset(text, ' ', size);
    text[size] = '\0';
    put("/etc/nginx/big.conf", text);
    put("/etc/nginx/nginx.conf", "include big.conf; a;");
    conf = read_conf();
    check_tree(conf, "include(big.conf);a;");
    check_problem(conf, 0, "/etc/nginx/nginx.conf", 1, "too large");
    assert_true(conf->truncated);
    free(text);
}

static void test_first_file(void **state)
{
    NginxConfOptions options = {.root = root};
    NginxConf *conf = NULL;

    assert_int_equal(nginx_conf_read(&options, &conf), -ENOENT);
    options.conf_path = "relative.conf";
    assert_int_equal(nginx_conf_read(&options, &conf), -EINVAL);
    options = (NginxConfOptions){.root = "/nonexistent/x"};
    assert_int_equal(nginx_conf_read(&options, &conf), -ENOENT);
    assert_null(conf);
    put("/opt/n/c.conf", "include d.conf;");
    put("/opt/n/d.conf", "d;");
    options = (NginxConfOptions){.root = root, .conf_path = "/opt/n//c.conf", .prefix = "/p/"};
    assert_int_equal(nginx_conf_read(&options, &conf), 0);
    check_tree(conf, "include(d.conf);d;");
    assert_string_equal(conf->prefix, "/p");
    assert_string_equal(conf->conf_prefix, "/opt/n");
    nginx_conf_free(conf);
}

/* Nothing outside the root is reached, by either way of opening. */
static void test_root(void **state)
{
    static int (*const open_ways[])(int, const char *, int) = {conf_root_open, conf_root_open_walk};
    static const struct {
        const char *path;
        int error; /* 0: leads to the file that says "inside" */
    } table[] = {
        {"/etc/f", 0},
        {"//etc/./f", 0},
        {"/etc/../etc/f", 0},
        {"/../../../../../../etc/f", 0},
        {"/absolute", 0},
        {"/relative", 0},
        {"/up", 0},
        {"/dirlink/f", 0},
        {"/dirlink/../etc/f", 0},
        {"/chain", 0},
        {"/loop", -ELOOP},
        {"/outside", -ENOENT},
        {"/etc/missing", -ENOENT},
        {"/etc/f/x", -ENOTDIR},
    };
    int root_fd;

    put("/etc/f", "inside");
    assert_int_equal(symlink("/etc/f", at("/absolute")), 0);
    assert_int_equal(symlink("etc/f", at("/relative")), 0);
    assert_int_equal(symlink("../../../../../../../../etc/f", at("/up")), 0);
    assert_int_equal(symlink("/etc", at("/dirlink")), 0);
    assert_int_equal(symlink("/dirlink/../chain2", at("/chain")), 0);
    assert_int_equal(symlink("absolute", at("/chain2")), 0);
    assert_int_equal(symlink("loop", at("/loop")), 0);
    assert_int_equal(symlink("/etc/passwd", at("/outside")), 0);
    root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(root_fd >= 0);
    for (size_t way = 0; way < ELEMENTS_OF(open_ways); way++) {
        for (size_t i = 0; i < ELEMENTS_OF(table); i++) {
            char text[16] = "";
            int fd = open_ways[way](root_fd, table[i].path, O_RDONLY);

            if (table[i].error != 0) {
                if (fd != table[i].error)
                    fail_msg("way %zu %s: %d", way, table[i].path, fd);
                continue;
            }
            if (fd < 0)
                fail_msg("way %zu %s: %s", way, table[i].path, strerror(-fd));
            assert_int_equal(read(fd, text, sizeof(text)), 6);
            assert_string_equal(text, "inside");
            close(fd);
        }
        {
            int fd = open_ways[way](root_fd, "/", O_RDONLY | O_DIRECTORY);

            assert_true(fd >= 0);
            close(fd);
        }
    }
    close(root_fd);
}

static void test_glob(void **state)
{
    static const struct {
        const char *pattern;
        const char *matches;
        int result;
    } table[] = {
        {"/s/*.conf", "/s/a.conf /s/b.conf", 0},
        {"/s/?.conf", "/s/a.conf /s/b.conf", 0},
        {"/s/[b-z].conf", "/s/b.conf", 0},
        {"/*/b.conf", "/link/b.conf /s/b.conf /t/b.conf", 0},
        {"/*/*/c", "/link/d/c /s/d/c", 0},
        {"/s/.*", "/s/. /s/.. /s/.h.conf", 0},
        {"/link/*.conf", "/link/a.conf /link/b.conf", 0},
        {"/none/*", "", 0},
        {"/s/a.conf/*", "", 0},
        {"/[", "", 0},
        {"/s/*", "/s/a.conf /s/b.conf", -E2BIG},
    };
    int root_fd;

    put("/s/b.conf", "");
    put("/s/a.conf", "");
    put("/s/.h.conf", "");
    put("/s/d/c", "");
    put("/t/b.conf", "");
    assert_int_equal(symlink("/s", at("/link")), 0);
    root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(root_fd >= 0);
    for (size_t i = 0; i < ELEMENTS_OF(table); i++) {
        _cleanup_strv_ char **paths = NULL;
        _cleanup_free_ char *joined = NULL;
        int r;

        r = conf_root_glob(root_fd, table[i].pattern, table[i].result == -E2BIG ? 2 : 10, &paths);
        if (r != table[i].result)
            fail_msg("%s: %d", table[i].pattern, r);
        joined = paths ? strv_join(paths, " ") : strdup("");
        assert_non_null(joined);
        if (!streq(joined, table[i].matches))
            fail_msg("%s: %s", table[i].pattern, joined);
    }
    close(root_fd);
}

/* nginx -t accepts exactly the texts without problems. */
static void test_against_nginx(void **state)
{
    static const char *const texts[] = {
        "events {} http { include i/*.conf; include x.conf; }",
        "events {} http { include i/x.conf; }",
        "events {} http { include missing.conf; }",
        "events {} http { include none/*.conf; }",
        "events {} http { server { listen unix:%s/sock; } }",
        "events {} http { server { listen unix:%s/sock; }",
        "events {} http { server { listen unix:%s/sock } }",
        "events {} http { map $uri $x { default \"a;b\"; '~^/{2}' c; } }",
        "events {} http { server { listen unix:%s/sock; set $a \"${uri}x\"; } }",
        "events {} http { server { listen unix:%s/sock; set $a \"b\"c; } }",
        "events {} http { } }",
        "events {} http { ; }",
        "events {} http { # }\n}",
        "events {} http { include self.conf; }",
        "events {} # the end",
        "events {} http { include x.conf include i/a.conf; }",
    };
    char text[1024], command[1024];

    if (access(NGINX, X_OK) < 0)
        skip();
    put("/x.conf", "sendfile on;");
    put("/i/a.conf", "keepalive_timeout 1;");
    put("/i/b.conf", "tcp_nopush on;");
    put("/self.conf", "server_tokens off; } http {");
    for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
        _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
        NginxConfOptions options = {.conf_path = at("/t.conf"), .prefix = root};
        int status;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof(text), texts[i], root);
#pragma GCC diagnostic pop
        put("/t.conf", text);
        snprintf(command, sizeof(command),
                 NGINX
                 " -t -q -p %s -c %s/t.conf -g 'pid %s/pid; error_log %s/log;' >/dev/null 2>&1",
                 root, root, root, root);
        status = system(command);
        assert_int_equal(nginx_conf_read(&options, &conf), 0);
        if ((status == 0) != (conf->problems_total == 0))
            fail_msg("<%s>: nginx %d, we %s", text, status,
                     conf->n_problems > 0 ? conf->problems[0].text : "accept it");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lua_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_glob, setup, teardown),
        cmocka_unit_test_setup_teardown(test_against_nginx, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
