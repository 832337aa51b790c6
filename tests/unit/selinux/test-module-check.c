/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/selinux/module-check.h"

#define OWN_TYPE                                                                                   \
    "(type selguard_x_port_t)\n(roletype object_r selguard_x_port_t)\n"                            \
    "(typeattributeset port_type (selguard_x_port_t))\n"
#define OWN_RULE "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect)))\n"

/* The module says the rule of the hypothesis, or it is refused. */
static void test_compiles_modules(void **state)
{
    static char port_type[] = "port_type";
    char *const attributes[] = {port_type, NULL};
    static const struct {
        const char *cil;
        const char *problem; /* NULL: it is right */
    } rows[] = {
        {OWN_TYPE OWN_RULE, NULL},
        {OWN_RULE OWN_TYPE, NULL}, /* CIL knows no order */
        {OWN_TYPE "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect name_bind)))",
         "other rules"},
        {OWN_TYPE OWN_RULE "(allow httpd_t shadow_t (file (read)))", "other rules"},
        {OWN_TYPE OWN_RULE "(allow httpd_t self (process (signal)))", "other rules"},
        {OWN_TYPE OWN_RULE "(allow domain selguard_x_port_t (tcp_socket (name_connect)))",
         "other rules"},
        {OWN_TYPE, "does not compile"},
        {OWN_RULE, "does not compile"},
        {OWN_TYPE "(allow httpd_t selguard_x_port_t (tcp_socket (no_such)))", "does not compile"},
        {OWN_TYPE "(allow httpd_t selguard_x_port_t (no_such (read)))", "does not compile"},
        {OWN_TYPE "(allow httpd_t no_such_t (tcp_socket (name_connect)))", "does not compile"},
        {OWN_TYPE "(typeattributeset no_such (selguard_x_port_t))" OWN_RULE, "does not compile"},
        {OWN_TYPE "(allow httpd_t", "does not compile"},
        {"(((((", "does not compile"},
        {"", "does not compile"},
        /* A name that the policy has already. */
        {OWN_TYPE "(type httpd_t)" OWN_RULE, "does not compile"},
    };
    static const char *const policies[] = {POLICY_FEDORA, POLICY_REFPOLICY, POLICY_PLAIN,
                                           POLICY_OLD};

    for (size_t p = 0; p < ELEMENTS_OF(policies); p++) {
        _cleanup_(policy_cleanup) Policy *policy = load_policy(policies[p]);
        _cleanup_(hypothesis_cleanup) Hypothesis *before = hypothesis_new(policy);
        _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_new(policy);

        assert_int_equal(hypothesis_add_type(after, "selguard_x_port_t", attributes), 0);
        assert_int_equal(hypothesis_add_allow(after, "httpd_t", "selguard_x_port_t", "tcp_socket",
                                              "name_connect"),
                         0);
        for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
            _cleanup_free_ char *problem = NULL;
            int r = module_check(before, after, rows[i].cil, &problem);

            print_message("%zu: %s\n", i, problem ? problem : "right");
            assert_int_equal(r, rows[i].problem ? -EBADMSG : 0);
            assert_int_equal(problem != NULL, rows[i].problem != NULL);
            if (problem)
                assert_non_null(strstr(problem, rows[i].problem));
        }
    }
}

/* Rules on types that are there, several of them, and by an alias. */
static void test_compiles_rules(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *before = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_new(policy);
    _cleanup_free_ char *problem = NULL;

    assert_int_equal(
        hypothesis_add_allow(after, "httpd_t", "initrc_t", "unix_stream_socket", "connectto"), 0);
    assert_int_equal(hypothesis_add_allow(after, "httpd_t", "web_content_t", "file", "write"), 0);
    assert_int_equal(module_check(before, after,
                                  "(allow httpd_t initrc_t (unix_stream_socket (connectto)))\n"
                                  "(allow httpd_t web_content_t (file (write)))\n",
                                  &problem),
                     0);
    assert_null(problem);
    assert_int_equal(module_check(before, after,
                                  "(allow httpd_t initrc_t (unix_stream_socket (connectto)))\n",
                                  &problem),
                     -EBADMSG); /* one is missing */
    assert_non_null(problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compiles_modules),
        cmocka_unit_test(test_compiles_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
