/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/export.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

#define MODULE                                                                                     \
    "(type selguard_port_3000_t)\n(allow httpd_t selguard_port_3000_t (tcp_socket "                \
    "(name_connect)))"

/* Members of an Action are its own, hence writable. */
#define T(string) ((char[]){string})

static Action module = {
    .kind = ACTION_INSTALL_MODULE, .name = T("selguard_port_3000"), .cil = T(MODULE)};
static Action boolean = {
    .kind = ACTION_SET_BOOLEAN, .name = T("httpd_can_network_connect"), .value = true};
static Action port = {.kind = ACTION_SET_PORT,
                      .protocol = T("tcp"),
                      .low = 3000,
                      .high = 3001,
                      .type = T("selguard_port_3000_t")};
static Action rule = {.kind = ACTION_SET_FILE_CONTEXT,
                      .regex = T("/srv/my\\.site(/.*)?"),
                      .file_type = T("all"),
                      .type = T("httpd_sys_content_t")};
static Action relabel = {.kind = ACTION_RELABEL, .path = T("/srv/my.site"), .recursive = true};
static Action reload = {.kind = ACTION_RELOAD_NGINX};
static Action advice = {.kind = ACTION_ADVISE, .text = T("chmod\no+x /srv")};

static Export write_list(ExportFormat format, const Action *const *actions, size_t n)
{
    _cleanup_free_ char *problem = NULL;
    Export exported = {};

    assert_int_equal(export_write(format, actions, n, "fix 1 of 6b631c59", &exported, &problem), 0);
    assert_null(problem);
    assert_int_equal(strv_length(exported.names), strv_length(exported.contents));
    return exported;
}

/* All kinds, in an order in which they could not be done. */
static Export write_all(ExportFormat format)
{
    const Action *const actions[] = {&reload, &relabel, &rule, &port, &boolean, &advice, &module};

    return write_list(format, actions, ELEMENTS_OF(actions));
}

static void assert_order(const char *text, const char *const *parts)
{
    for (; *parts; parts++) {
        const char *found = strstr(text, *parts);

        if (!found)
            fail_msg("no \"%s\" in its place in:\n%s", *parts, text);
        text = found + strlen(*parts);
    }
}

static void test_shell(void **state _unused_)
{
    static const char *const parts[] = {
        "#!/bin/sh\n# nginx-selguard: fix 1 of 6b631c59\n",
        "set -eu\n",
        "cat >\"$work\"/selguard_port_3000.cil <<'END_OF_MODULE_0'\n" MODULE "\nEND_OF_MODULE_0\n",
        "semodule -i \"$work\"/selguard_port_3000.cil\n",
        "setsebool -P httpd_can_network_connect on\n",
        "semanage port -a -t selguard_port_3000_t -p tcp 3000-3001 2>/dev/null ||\n"
        "    semanage port -m -t selguard_port_3000_t -p tcp 3000-3001\n",
        "semanage fcontext -a -f a -t httpd_sys_content_t '/srv/my\\.site(/.*)?' 2>/dev/null ||\n",
        "restorecon -R -F -v /srv/my.site\n",
        "nginx -t\nsystemctl reload-or-restart nginx\n",
        "# By hand: chmod\\x0ao+x /srv\n",
        "\n# To take it back",
        "#   semanage fcontext -d -f a '/srv/my\\.site(/.*)?'\n",
        "#   semanage port -d -p tcp 3000-3001\n",
        "#   semodule -r selguard_port_3000\n",
        NULL,
    };
    _cleanup_(export_clear) Export exported = write_all(EXPORT_SHELL);

    assert_order(exported.text, parts);
    assert_string_equal(exported.file_name, "selguard.sh");
    assert_null(exported.before);
    assert_null(exported.after);
}

/* A module's text may hold the line that would end it. */
static void test_shell_delimiter(void **state _unused_)
{
    Action hostile = {.kind = ACTION_INSTALL_MODULE,
                      .name = T("x"),
                      .cil = T("(a)\nEND_OF_MODULE_0\nid\nEND_OF_MODULE_1\n")};
    const Action *const actions[] = {&hostile};
    _cleanup_(export_clear) Export exported = write_list(EXPORT_SHELL, actions, 1);

    assert_non_null(strstr(exported.text, "<<'END_OF_MODULE_2'\n(a)\nEND_OF_MODULE_0\nid\n"
                                          "END_OF_MODULE_1\nEND_OF_MODULE_2\n"));
}

static void test_semanage(void **state _unused_)
{
    _cleanup_(export_clear) Export exported = write_all(EXPORT_SEMANAGE);

    assert_string_equal(exported.text,
                        "boolean -m --on httpd_can_network_connect\n"
                        "port -a -t selguard_port_3000_t -p tcp 3000-3001\n"
                        "fcontext -a -f a -t httpd_sys_content_t '/srv/my\\.site(/.*)?'\n");
    assert_string_equal(exported.names[0], "selguard_port_3000.cil");
    assert_string_equal(exported.contents[0], MODULE);
    assert_string_equal(exported.before[0], "semodule -i selguard_port_3000.cil");
    assert_string_equal(exported.after[0], "restorecon -R -F -v /srv/my.site");
    assert_string_equal(exported.after[1], "nginx -t && systemctl reload-or-restart nginx");
    assert_string_equal(exported.after[2], "# by hand: chmod\\x0ao+x /srv");
}

static void test_ansible(void **state _unused_)
{
    _cleanup_(export_clear) Export exported = write_all(EXPORT_ANSIBLE);

    assert_string_equal(exported.text, "---\n# nginx-selguard: fix 1 of 6b631c59\n"
                                       "# Variables of the role linux-system-roles.selinux.\n"
                                       "selinux_modules:\n"
                                       "  - path: \"selguard_port_3000.cil\"\n"
                                       "    state: \"enabled\"\n"
                                       "selinux_booleans:\n"
                                       "  - name: \"httpd_can_network_connect\"\n"
                                       "    state: true\n"
                                       "    persistent: true\n"
                                       "selinux_ports:\n"
                                       "  - ports: \"3000-3001\"\n"
                                       "    proto: \"tcp\"\n"
                                       "    setype: \"selguard_port_3000_t\"\n"
                                       "    state: \"present\"\n"
                                       "selinux_fcontexts:\n"
                                       "  - target: \"/srv/my\\\\.site(/.*)?\"\n"
                                       "    ftype: \"a\"\n"
                                       "    setype: \"httpd_sys_content_t\"\n"
                                       "    state: \"present\"\n"
                                       "selinux_restore_dirs:\n"
                                       "  - \"/srv/my.site\"\n");
    assert_true(strv_contains(exported.names, "selguard_port_3000.cil"));
    assert_true(strv_contains(exported.names, "selguard.yml"));
    assert_string_equal(exported.after[0], "nginx -t && systemctl reload-or-restart nginx");
}

static void test_ansible_strings(void **state _unused_)
{
    Action hostile = rule;
    const Action *const actions[] = {&hostile};

    static const struct {
        const char *regex;
        const char *line;
    } rows[] = {
        {"/a\"b", "target: \"/a\\\"b\"\n"},
        {"/{{ lookup('pipe','id') }}", "target: !unsafe \"/{{ lookup('pipe','id') }}\"\n"},
        {"/{% x %}", "target: !unsafe \"/{% x %}\"\n"},
        {"/gr\303\274n", "target: \"/gr\\u00fcn\"\n"},
        {"/\360\237\230\200", "target: \"/\\U0001f600\"\n"},
        {"/a: b # c", "target: \"/a: b # c\"\n"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Export exported;
        Action action = rule;

        action.regex = (char *)(uintptr_t)rows[i].regex;
        hostile = action;
        exported = write_list(EXPORT_ANSIBLE, actions, 1);
        if (!strstr(exported.text, rows[i].line))
            fail_msg("no %s in:\n%s", rows[i].line, exported.text);
        export_clear(&exported);
    }
}

/* The role would split this path into words. */
static void test_ansible_path(void **state _unused_)
{
    Action hostile = {.kind = ACTION_RELABEL, .path = T("/srv/a -o /etc/b"), .recursive = true};
    const Action *const actions[] = {&hostile};
    _cleanup_(export_clear) Export exported = write_list(EXPORT_ANSIBLE, actions, 1);

    assert_null(strstr(exported.text, "selinux_restore_dirs"));
    assert_string_equal(exported.after[0], "restorecon -R -F -v '/srv/a -o /etc/b'");
}

static void test_cil(void **state _unused_)
{
    _cleanup_(export_clear) Export exported = write_all(EXPORT_CIL);
    _cleanup_free_ char *problem = NULL;
    const Action *const without[] = {&boolean};
    Export untouched = {};

    assert_string_equal(exported.text, "; nginx-selguard: fix 1 of 6b631c59\n"
                                       "\n; module selguard_port_3000\n" MODULE "\n");
    assert_string_equal(exported.after[0], "setsebool -P httpd_can_network_connect on");
    assert_int_equal(export_write(EXPORT_CIL, without, 1, "x", &untouched, &problem), -ENODATA);
    assert_non_null(problem);
    assert_null(untouched.text);
}

static void test_refused(void **state _unused_)
{
    const Action rows[] = {
        {.kind = ACTION_SET_BOOLEAN, .name = T("-P")},
        {.kind = ACTION_SET_BOOLEAN, .name = T("a;id")},
        {.kind = ACTION_SET_BOOLEAN, .name = T("")},
        {.kind = ACTION_SET_BOOLEAN},
        {.kind = ACTION_SET_PORT, .protocol = T("tcp"), .low = 2, .high = 1, .type = T("t")},
        {.kind = ACTION_SET_PORT, .protocol = T("tcp\n"), .low = 1, .high = 1, .type = T("t")},
        {.kind = ACTION_SET_PORT, .protocol = T("tcp"), .low = 1, .high = 1, .type = T("t -p udp")},
        {.kind = ACTION_SET_FILE_CONTEXT, .regex = T("/a"), .file_type = T("all"), .type = T("t'")},
        {.kind = ACTION_SET_FILE_CONTEXT, .regex = T("/a"), .file_type = T("a"), .type = T("t")},
        {.kind = ACTION_SET_FILE_CONTEXT, .regex = T("a"), .file_type = T("all"), .type = T("t")},
        {.kind = ACTION_SET_FILE_CONTEXT,
         .regex = T("/a\nport -D"),
         .file_type = T("all"),
         .type = T("t")},
        {.kind = ACTION_SET_FILE_CONTEXT,
         .regex = T("/a\342\200\256"),
         .file_type = T("all"),
         .type = T("t")},
        {.kind = ACTION_RELABEL, .path = T("-R")},
        {.kind = ACTION_RELABEL, .path = T("/a\033[2J")},
        {.kind = ACTION_RELABEL, .path = T("/a\377")},
        {.kind = ACTION_RELABEL},
        {.kind = ACTION_INSTALL_MODULE, .name = T("../../etc/x"), .cil = T("(a)")},
        {.kind = ACTION_INSTALL_MODULE, .name = T("x"), .cil = T("(a)\r(b)")},
        {.kind = ACTION_INSTALL_MODULE, .name = T("x")},
    };

    for (int format = 0; format < EXPORT_FORMAT_COUNT; format++)
        for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
            const Action *const actions[] = {&rows[i]};
            _cleanup_free_ char *problem = NULL;
            Export untouched = {};

            assert_int_equal(
                export_write((ExportFormat)format, actions, 1, "x", &untouched, &problem), -EINVAL);
            assert_non_null(problem);
            assert_null(untouched.text);
        }
}

/* What semanage's own splitting of lines would tear apart. */
static void test_semanage_refused(void **state _unused_)
{
    static const char *const regexes[] = {"/a b", "/a'b", "/a\"b", "/a\342\200\203b",
                                          "/a\302\240b"};

    for (size_t i = 0; i < ELEMENTS_OF(regexes); i++) {
        Action action = rule;
        const Action *const actions[] = {&action};
        _cleanup_free_ char *problem = NULL;
        Export untouched = {};

        action.regex = (char *)(uintptr_t)regexes[i];
        assert_int_equal(export_write(EXPORT_SEMANAGE, actions, 1, "x", &untouched, &problem),
                         -EINVAL);
        assert_non_null(strstr(problem, "semanage import"));
    }
}

static void test_title(void **state _unused_)
{
    const Action *const actions[] = {&boolean};
    _cleanup_free_ char *problem = NULL;
    _cleanup_(export_clear) Export exported = {};

    assert_int_equal(export_write(EXPORT_SHELL, actions, 1, "x\nrm -rf /\n", &exported, &problem),
                     0);
    assert_non_null(strstr(exported.text, "# nginx-selguard: x\\x0arm -rf /\\x0a\n"));
}

/* Of several changes to the same thing the last one is what is in force. */
static void test_select(void **state _unused_)
{
    Action off = boolean, other = port;
    Action first[] = {boolean, port}, second[] = {off, other};
    const Plan plans[] = {{.actions = first, .n_actions = 2}, {.actions = second, .n_actions = 2}};
    _cleanup_free_ const Action **actions = NULL;
    size_t n = 0;

    second[0].value = false;
    second[1].low = 3005;
    second[1].high = 3005;
    assert_int_equal(export_select(plans, 2, &actions, &n), 0);
    assert_int_equal(n, 3);
    assert_ptr_equal(actions[0], &first[1]);
    assert_ptr_equal(actions[1], &second[0]);
    assert_ptr_equal(actions[2], &second[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell),        cmocka_unit_test(test_shell_delimiter),
        cmocka_unit_test(test_semanage),     cmocka_unit_test(test_semanage_refused),
        cmocka_unit_test(test_ansible),      cmocka_unit_test(test_ansible_strings),
        cmocka_unit_test(test_ansible_path), cmocka_unit_test(test_cil),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_title),
        cmocka_unit_test(test_select),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
