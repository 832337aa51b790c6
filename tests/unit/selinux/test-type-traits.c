/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/type-traits.h"

static void test_reads_uses(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    TypeUse use = {};

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "httpd_sys_content_t", &use), 0);
    assert_true(use.file_read && use.file_map && use.dir_search && use.dir_list &&
                use.symlink_read);
    assert_false(use.file_write || use.file_create || use.dir_write || use.socket_connect ||
                 use.file_execute);

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "httpd_sys_rw_content_t", &use), 0);
    assert_true(use.file_read && use.file_write && use.file_create && use.dir_write);

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "httpd_log_t", &use), 0);
    assert_true(use.file_write);
    assert_false(use.file_read);

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "httpd_var_run_t", &use), 0);
    assert_true(use.socket_connect && use.socket_create);

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "user_home_t", &use), 0);
    assert_false(use.file_read);
    assert_int_equal(hypothesis_set_boolean(hypothesis, "httpd_read_user_content", true), 0);
    assert_int_equal(type_use_read(hypothesis, "httpd_t", "user_home_t", &use), 0);
    assert_true(use.file_read);

    assert_int_equal(type_use_read(hypothesis, "httpd_t", "httpd_sock_t", &use), -ENOENT);
    assert_int_equal(type_use_read(hypothesis, "nginx_t", "etc_t", &use), -ENOENT);
}

static void test_reads_traits(void **state)
{
    static const struct {
        const char *type;
        bool is_file_type;
        bool is_domain;
        bool is_port_type;
        bool holds_secrets;
        uint32_t readers;
        uint32_t writers;
    } cases[] = {
        {"etc_t", true, false, false, false, 13, 1},
        {"httpd_sys_content_t", true, false, false, false, 3, 2},
        {"httpd_log_t", true, false, false, false, 1, 2},
        {"shadow_t", true, false, false, true, 1, 1},
        {"vault_private_key_t", true, false, false, true, 1, 1},
        {"cert_t", true, false, false, false, 2, 1},
        {"http_port_t", false, false, true, false, 0, 0},
        {"httpd_t", false, true, false, false, 0, 0},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    TypeTraits traits = {};

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        print_message("%s\n", cases[i].type);
        assert_int_equal(type_traits_read(hypothesis, cases[i].type, &traits), 0);
        assert_int_equal(traits.is_file_type, cases[i].is_file_type);
        assert_int_equal(traits.is_domain, cases[i].is_domain);
        assert_int_equal(traits.is_port_type, cases[i].is_port_type);
        assert_int_equal(traits.holds_secrets, cases[i].holds_secrets);
        assert_int_equal(traits.domains, 13);
        assert_int_equal(traits.readers, cases[i].readers);
        assert_int_equal(traits.writers, cases[i].writers);
    }
    assert_int_equal(type_traits_read(hypothesis, "httpd_sock_t", &traits), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_uses),
        cmocka_unit_test(test_reads_traits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
