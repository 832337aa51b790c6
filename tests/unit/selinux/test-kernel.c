/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where SELinux is off, as on most build machines, the answers say so; where it is on,
 * they must agree with each other. */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/selinux/kernel.h"

static void test_reads_state(void **state)
{
    KernelState kernel = {};

    assert_int_equal(kernel_read_state(&kernel), 0);
    if (!kernel.enabled) {
        assert_false(kernel.enforcing);
        assert_int_equal(kernel.policy_version, 0);
    } else {
        assert_true(kernel.policy_version >= 15);
        assert_non_null(kernel.policy_path);
    }
    /* A stored policy is found by its version, whether the kernel has one or not. */
    if (kernel.policy_path) {
        assert_int_equal(access(kernel.policy_path, F_OK), 0);
        assert_int_equal(kernel.policy_path[0], '/');
    }
    kernel_state_clear(&kernel);
    assert_null(kernel.policy_path);
}

static void test_answers_only_where_enabled(void **state)
{
    KernelState kernel = {};
    Access question = make_access(HTTPD, object("etc_t"), "file", "read");
    Access nonsense = make_access(HTTPD, object("etc_t"), "no_such_class", "read");
    KernelWatch *watch = NULL;
    bool current, pending;

    assert_int_equal(kernel_read_state(&kernel), 0);
    if (kernel.enabled) {
        assert_int_equal(kernel_ask(&nonsense, NULL), -ENOENT);
        assert_int_equal(kernel_read_boolean("no_such_boolean", &current, &pending), -ENOENT);
        assert_int_equal(kernel_read_boolean("../enforce", &current, &pending), -ENOENT);
        assert_int_equal(kernel_watch_new(&watch), 0);
        assert_int_equal(kernel_watch_enforcing(watch), kernel.enforcing);
        assert_true(kernel_watch_poll(watch) >= 0);
        assert_int_equal(kernel_watch_poll(watch), 0);
    } else {
        bool permissive = true;

        assert_int_equal(kernel_ask(&question, &permissive), -EOPNOTSUPP);
        assert_true(permissive);
        assert_int_equal(kernel_read_boolean("secure_mode", &current, &pending), -EOPNOTSUPP);
        assert_int_equal(kernel_watch_new(&watch), -EOPNOTSUPP);
        assert_null(watch);
    }
    kernel_watch_free(watch);
    kernel_state_clear(&kernel);
}

static void test_object_context(void **state _unused_)
{
    static const struct {
        const char *own, *expected; /* NULL: none */
    } rows[] = {
        {"system_u:system_r:selguard_t:s0", "system_u:object_r:httpd_t:s0"},
        {"system_u:system_r:selguard_t:s0-s0:c0.c1023", "system_u:object_r:httpd_t:s0-s0:c0.c1023"},
        {"u:r:selguard_t", "u:object_r:httpd_t"}, /* a policy without levels */
        {"kernel", NULL},
        {"u:r:", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        char *context = kernel_object_context(rows[i].own, "httpd_t");

        if (rows[i].expected)
            assert_string_equal(context, rows[i].expected);
        else
            assert_null(context);
        free(context);
    }
}

static void test_has_type(void **state _unused_)
{
    KernelState kernel = {};

    assert_int_equal(kernel_read_state(&kernel), 0);
    assert_int_equal(kernel_has_type("no_such_type_t"), kernel.enabled ? 0 : -EOPNOTSUPP);
    assert_int_equal(kernel_has_type("security_t"), kernel.enabled ? 1 : -EOPNOTSUPP);
    kernel_state_clear(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_state),
        cmocka_unit_test(test_answers_only_where_enabled),
        cmocka_unit_test(test_object_context),
        cmocka_unit_test(test_has_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
