/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/ports.h"

static bool allowed(const Hypothesis *hypothesis, const char *source, const char *type,
                    const char *class_name, const char *permissions)
{
    Access access = make_access(source, object(type), class_name, permissions);
    int r = decide_is_allowed(hypothesis, &access);

    assert_true(r >= 0);
    return r > 0;
}

static void test_overrides_booleans(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *now = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *changed = hypothesis_copy(now);
    uint32_t boolean = policy_find_boolean(policy, "httpd_enable_homedirs");

    assert_int_equal(hypothesis_set_boolean(changed, "httpd_enable_homedirs", true), 0);
    assert_false(allowed(changed, HTTPD, "nfs_t", "file", "open read"));
    assert_int_equal(hypothesis_set_boolean(changed, "use_nfs_home_dirs", true), 0);
    assert_true(allowed(changed, HTTPD, "nfs_t", "file", "open read"));
    assert_true(hypothesis_boolean(changed, boolean));

    /* Neither the policy nor the other hypothesis changed; a copy keeps the changes. */
    assert_false(policy_boolean_value(policy, boolean));
    assert_false(hypothesis_boolean(now, boolean));
    assert_false(allowed(now, HTTPD, "nfs_t", "file", "open read"));
    {
        _cleanup_(hypothesis_cleanup) Hypothesis *copy = hypothesis_copy(changed);

        assert_true(allowed(copy, HTTPD, "nfs_t", "file", "open read"));
    }
    assert_int_equal(hypothesis_set_boolean(changed, "use_nfs_home_dirs", false), 0);
    assert_false(allowed(changed, HTTPD, "nfs_t", "file", "open read"));

    assert_int_equal(hypothesis_set_boolean(changed, "no_such_boolean", true), -ENOENT);
    assert_int_equal(hypothesis_set_boolean_value(changed, 0, true), -EINVAL);
    assert_int_equal(hypothesis_set_boolean_value(changed, 9999, true), -EINVAL);
    assert_false(hypothesis_boolean(changed, 9999));
}

static void test_adds_rules(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    assert_int_equal(
        hypothesis_add_allow(hypothesis, "httpd_t", "ntop_port_t", "tcp_socket", "name_connect"),
        0);
    assert_true(allowed(hypothesis, HTTPD, "ntop_port_t", "tcp_socket", "name_connect"));
    assert_false(allowed(hypothesis, HTTPD, "redis_port_t", "tcp_socket", "name_connect"));
    assert_false(allowed(hypothesis, HTTPD, "ntop_port_t", "tcp_socket", "name_bind"));

    /* Attributes on both sides, an alias, self. */
    assert_int_equal(hypothesis_add_allow(hypothesis, "daemon", "file_type", "sock_file", "write"),
                     0);
    assert_true(allowed(hypothesis, HTTPD, "redis_var_run_t", "sock_file", "write"));
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "web_content_t", "file", "write"),
                     0);
    assert_true(allowed(hypothesis, HTTPD, "httpd_sys_content_t", "file", "write"));
    assert_int_equal(hypothesis_add_allow(hypothesis, "daemon", "self", "process", "execmem"), 0);
    {
        Access self = make_access(HTTPD, HTTPD, "process", "execmem");
        Access other = make_access(HTTPD, "system_u:system_r:ntop_t:s0", "process", "execmem");

        assert_int_equal(decide_is_allowed(hypothesis, &self), 1);
        assert_int_equal(decide_is_allowed(hypothesis, &other), 0);
    }

    assert_int_equal(hypothesis_add_allow(hypothesis, "nginx_t", "etc_t", "file", "read"), -ENOENT);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "sock_t", "file", "read"),
                     -ENOENT);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "etc_t", "files", "read"),
                     -ENOENT);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "etc_t", "file", "frob"), -ENOENT);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "etc_t", "file", " "), -EINVAL);
}

/* A rule does not overcome what is no matter of rules. */
static void test_rules_do_not_lift_constraints(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access constrained = make_access("system_u:system_r:webtool_t:s0",
                                     "system_u:object_r:etc_t:s0:c1", "file", "write");
    Access bounded = make_access("system_u:system_r:backup_t:s0", object("cert_t"), "file", "read");

    assert_int_equal(hypothesis_add_allow(hypothesis, "webtool_t", "etc_t", "file", "write"), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &constrained), 0);
    assert_int_equal(hypothesis_add_allow(hypothesis, "backup_t", "cert_t", "file", "read"), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &bounded), 0);
    /* With the same rule for the bounding domain it does. */
    assert_int_equal(hypothesis_add_allow(hypothesis, "rsync_t", "cert_t", "file", "read"), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &bounded), 1);
}

static void test_adds_types(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    _cleanup_strv_ char **attributes = strv_split("port_type reserved_port_type port_type", " ");
    _cleanup_strv_ char **unknown = strv_split("no_such_attribute", " ");
    _cleanup_strv_ char **type_as_attribute = strv_split("httpd_t", " ");
    uint32_t type;

    assert_int_equal(hypothesis_add_type(hypothesis, "selguard_port_t", attributes), 0);
    type = hypothesis_find_type(hypothesis, "selguard_port_t");
    assert_int_equal(type, policy_n_types(policy) + 1);
    assert_string_equal(hypothesis_type_name(hypothesis, type), "selguard_port_t");
    assert_int_equal(hypothesis_attributes_of(hypothesis, type).n, 3); /* with itself */
    assert_int_equal(policy_find_type(policy, "selguard_port_t"), 0);

    /* Rules on its attributes reach it, others do not. */
    assert_true(allowed(hypothesis, "unconfined_u:unconfined_r:unconfined_t:s0", "selguard_port_t",
                        "tcp_socket", "name_connect"));
    assert_false(allowed(hypothesis, HTTPD, "selguard_port_t", "tcp_socket", "name_connect"));
    assert_int_equal(hypothesis_set_boolean(hypothesis, "httpd_can_network_connect", true), 0);
    assert_true(allowed(hypothesis, HTTPD, "selguard_port_t", "tcp_socket", "name_connect"));
    assert_int_equal(hypothesis_set_boolean(hypothesis, "httpd_can_network_connect", false), 0);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "selguard_port_t", "tcp_socket",
                                          "name_connect"),
                     0);
    assert_true(allowed(hypothesis, HTTPD, "selguard_port_t", "tcp_socket", "name_connect"));

    assert_int_equal(hypothesis_add_type(hypothesis, "selguard_port_t", NULL), -EEXIST);
    assert_int_equal(hypothesis_add_type(hypothesis, "httpd_t", NULL), -EEXIST);
    assert_int_equal(hypothesis_add_type(hypothesis, "web_content_t", NULL), -EEXIST);
    assert_int_equal(hypothesis_add_type(hypothesis, "domain", NULL), -EEXIST);
    assert_int_equal(hypothesis_add_type(hypothesis, "other_t", unknown), -ENOENT);
    assert_int_equal(hypothesis_add_type(hypothesis, "other_t", type_as_attribute), -ENOENT);
    assert_int_equal(hypothesis_find_type(hypothesis, "other_t"), 0);
}

/* A new type is where its attributes put it in a constraint's set of names. */
static void test_added_types_meet_constraints(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    _cleanup_strv_ char **constrained = strv_split("domain mcs_constrained_type", " ");
    _cleanup_strv_ char **free_domain = strv_split("domain", " ");
    Access first = make_access("system_u:system_r:first_t:s0", "system_u:object_r:etc_t:s0:c1",
                               "file", "read");
    Access second = make_access("system_u:system_r:second_t:s0", "system_u:object_r:etc_t:s0:c1",
                                "file", "read");

    assert_int_equal(hypothesis_add_type(hypothesis, "first_t", constrained), 0);
    assert_int_equal(hypothesis_add_type(hypothesis, "second_t", free_domain), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &first), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &second), 1);
}

static void test_relabels_files(void **state)
{
    static const struct {
        const char *path;
        const char *type;
    } expected[] = {
        {"/srv/app", "httpd_sys_content_t"},
        {"/srv/app/", "httpd_sys_content_t"},
        {"/srv/app/a/b", "httpd_sys_content_t"},
        {"/srv/app/cache", "httpd_sys_rw_content_t"}, /* the later one */
        {"/srv/app/cache/x", "httpd_sys_content_t"},  /* not recursive */
        {"/srv/apple", "user_home_t"},
        {"/srv", "user_home_t"},
        {"/", "user_home_t"},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *first = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = NULL;

    assert_int_equal(hypothesis_set_file_type(first, "/srv/app/", true, "httpd_sys_content_t"), 0);
    assert_int_equal(
        hypothesis_set_file_type(first, "/srv/app/cache", false, "httpd_sys_rw_content_t"), 0);
    hypothesis = hypothesis_copy(first);

    for (size_t i = 0; i < ELEMENTS_OF(expected); i++) {
        _cleanup_free_ char *context = hypothesis_file_context(
            hypothesis, expected[i].path, "unconfined_u:object_r:user_home_t:s0:c1");
        _cleanup_free_ char *wanted =
            format_string("unconfined_u:object_r:%s:s0:c1", expected[i].type);

        assert_string_equal(context, wanted);
    }
    assert_null(hypothesis_file_context(hypothesis, "/srv/app", "nonsense"));
    assert_int_equal(hypothesis_set_file_type(hypothesis, "srv", true, "etc_t"), -EINVAL);
    assert_int_equal(hypothesis_set_file_type(hypothesis, "/srv", true, "sock_t"), -ENOENT);

    assert_int_equal(hypothesis_set_file_type(hypothesis, "/", true, "etc_t"), 0);
    {
        _cleanup_free_ char *context =
            hypothesis_file_context(hypothesis, "/any", "system_u:object_r:user_home_t:s0");

        assert_string_equal(context, "system_u:object_r:etc_t:s0");
    }
}

static void test_is_bounded(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    for (unsigned i = 0; i < POLICY_HYPOTHESIS_ITEMS_MAX; i++) {
        _cleanup_free_ char *name = format_string("new%u_t", i);

        assert_int_equal(hypothesis_add_type(hypothesis, name, NULL), 0);
        assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", name, "file", "read"), 0);
        assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 1, 2, name), 0);
        assert_int_equal(hypothesis_set_file_type(hypothesis, "/x", false, name), 0);
    }
    assert_int_equal(hypothesis_add_type(hypothesis, "more_t", NULL), -E2BIG);
    assert_int_equal(hypothesis_add_allow(hypothesis, "httpd_t", "new0_t", "file", "read"), -E2BIG);
    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 1, 2, "new0_t"), -E2BIG);
    assert_int_equal(hypothesis_set_file_type(hypothesis, "/x", false, "new0_t"), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overrides_booleans),
        cmocka_unit_test(test_adds_rules),
        cmocka_unit_test(test_rules_do_not_lift_constraints),
        cmocka_unit_test(test_adds_types),
        cmocka_unit_test(test_added_types_meet_constraints),
        cmocka_unit_test(test_relabels_files),
        cmocka_unit_test(test_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
