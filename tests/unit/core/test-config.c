/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "daemon/core/boolean-rules.h"
#include "daemon/core/config.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

static int load(const char *text, Config *ret_config, char **ret_problem)
{
    char path[] = "/tmp/selguard-config-XXXXXX";
    int fd = mkstemp(path), r;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    r = config_load(path, ret_config, ret_problem);
    (void)unlink(path);
    return r;
}

static void test_good(void **state _unused_)
{
    _cleanup_(config_clear) Config config = {};
    _cleanup_free_ char *problem = NULL;

    assert_int_equal(load("# a comment\n[nginx]\nConfiguration=/opt/nginx.conf\n"
                          "ErrorLog=/var/log/a.log /var/log/b.log\nErrorLog=/var/log/c.log\n"
                          "Domains=httpd_t other_t\nUnits=a.service "
                          "b@x.service\n[remedy]\nDeniedBooleans=httpd_dbus_*\n"
                          "DeniedTypes=a_t b_*\nAllowedActions=set-port relabel\n"
                          "MaximumDomains=0\nMaximumPorts=4294967295\n"
                          "PreApproved=relabel /srv/www 1000\nPreApproved=relabel /opt/x anna\n",
                          &config, &problem),
                     0);
    assert_string_equal(config.nginx_configuration, "/opt/nginx.conf");
    assert_int_equal(strv_length(config.error_logs), 3);
    assert_int_equal(strv_length(config.domains), 2);
    assert_int_equal(strv_length(config.denied_types), 2);
    assert_int_equal(strv_length(config.allowed_actions), 2);
    assert_true(config.maximum_domains.set && config.maximum_domains.value == 0);
    assert_true(config.maximum_ports.set && config.maximum_ports.value == UINT32_MAX);
    assert_false(config.maximum_accesses.set);
    assert_int_equal(config.n_pre_approved, 2);
    assert_string_equal(config.pre_approved[1].path, "/opt/x");
    assert_string_equal(config.pre_approved[1].user, "anna");
    assert_int_equal(strv_length(config.nginx_units), 2);
    assert_string_equal(config.nginx_units[1], "b@x.service");
    assert_string_equal(config.denied_booleans[0], "httpd_dbus_*");
    assert_null(problem);
}

static void test_defaults(void **state _unused_)
{
    _cleanup_(config_clear) Config config = {};
    char *problem = NULL;

    assert_int_equal(config_load("/nonexistent/selguard.conf", &config, &problem), 0);
    assert_string_equal(config.domains[0], "httpd_t");
    assert_string_equal(config.nginx_units[0], "nginx.service");
    assert_null(config.error_logs);
}

static void test_bad(void **state _unused_)
{
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"[nginx]\nErrorLogs=/x\n", "line 2: [nginx] ErrorLogs is not known"},
        {"\n\n[nginx]\nErrorLog=relative\n", "line 4: [nginx] ErrorLog has a value"},
        {"nonsense\n", "line 1:"},
        {"[remedy]\nPreApproved=relabel /srv\n", "line 2: [remedy] PreApproved has a value"},
        {"[remedy]\nPreApproved=relabel /srv/ a\n", "line 2: [remedy] PreApproved has a value"},
        {"[remedy]\nPreApproved=relabel /srv//x a\n", "line 2: [remedy] PreApproved has a value"},
        {"[remedy]\nPreApproved=set-port 1 a\n", "line 2: [remedy] PreApproved has a value"},
        {"[remedy]\nAllowedActions=advise\n", "line 2: [remedy] AllowedActions has a value"},
        {"[remedy]\nMaximumPorts=4294967296\n", "line 2: [remedy] MaximumPorts has a value"},
        {"[remedy]\nMaximumPorts=-1\n", "line 2: [remedy] MaximumPorts has a value"},
        {"[nginx]\nUnits=nginx\n", "line 2: [nginx] Units has a value"},
        {"[nginx]\nUnits=a/b.service\n", "line 2: [nginx] Units has a value"},
        {"[nginx]\n\001=\033[2J\n", "line 2: [nginx] \\x01 is not known"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Config config = {};
        _cleanup_free_ char *problem = NULL;

        assert_int_equal(load(rows[i].text, &config, &problem), -EBADMSG);
        assert_null(config.domains);
        if (!strstr(problem, rows[i].place))
            fail_msg("\"%s\" is not in \"%s\"", rows[i].place, problem);
    }
}

static void test_not_a_file(void **state _unused_)
{
    Config config = {};
    _cleanup_free_ char *problem = NULL;

    assert_int_equal(config_load("/dev/zero", &config, &problem), -EINVAL);
    assert_non_null(problem);
}

static void test_denied_booleans(void **state _unused_)
{
    static char pattern[] = "httpd_dbus_*";
    char *const extra[] = {pattern, NULL};

    assert_non_null(boolean_rules_find_denied("nis_enabled", true, NULL));
    assert_non_null(boolean_rules_find_denied("secure_mode_policyload", true, NULL));
    /* To the strict side, where there is one. */
    assert_null(boolean_rules_find_denied("nis_enabled", false, NULL));
    assert_null(boolean_rules_find_denied("deny_ptrace", true, NULL));
    assert_non_null(boolean_rules_find_denied("deny_ptrace", false, NULL));
    assert_non_null(boolean_rules_find_denied("secure_mode_policyload", false, NULL));
    /* The web server's own are judged by their exposure. */
    assert_null(boolean_rules_find_denied("httpd_execmem", true, NULL));
    assert_null(boolean_rules_find_denied("httpd_can_network_connect", true, NULL));
    assert_null(boolean_rules_find_denied("httpd_dbus_avahi", true, NULL));
    assert_non_null(boolean_rules_find_denied("httpd_dbus_avahi", true, extra));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_not_a_file),
        cmocka_unit_test(test_denied_booleans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
