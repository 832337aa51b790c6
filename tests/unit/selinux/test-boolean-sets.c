/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/boolean-sets.h"

/* "a=1 b=0; c=1": the sets in their order. */
static char *describe(const BooleanSets *sets)
{
    char *text = strdup("");

    for (size_t i = 0; i < sets->n_sets; i++)
        for (size_t k = 0; k < sets->sets[i].n_changes; k++) {
            const BooleanChange *change = &sets->sets[i].changes[k];
            char *longer = format_string("%s%s%s=%d", text,
                                         k > 0   ? " "
                                         : i > 0 ? "; "
                                                 : "",
                                         change->name, change->value);

            free(text);
            text = longer;
        }
    assert_non_null(text);
    return text;
}

static const struct {
    const char *source;
    const char *type;
    const char *class_name;
    const char *permissions;
    const char *sets;
} cases[] = {
    {HTTPD, "ntop_port_t", "tcp_socket", "name_connect", "httpd_can_network_connect=1"},
    {HTTPD, "http_port_t", "tcp_socket", "name_connect",
     "httpd_can_network_connect=1; httpd_can_network_relay=1; httpd_graceful_shutdown=1"},
    /* A && B: neither alone. */
    {HTTPD, "nfs_t", "file", "open read", "httpd_enable_homedirs=1 use_nfs_home_dirs=1"},
    /* A || !B: one of them by turning a boolean off. */
    {HTTPD, "websm_port_t", "tcp_socket", "name_connect",
     "httpd_can_network_connect=1; httpd_can_network_relay=1; httpd_verify_dns=0"},
    /* Nested with ^ and !; then == and != on false branches. */
    {HTTPD, "admin_home_t", "lnk_file", "read", "httpd_enable_homedirs=1; use_nfs_home_dirs=1"},
    {HTTPD, "admin_home_t", "sock_file", "write", "httpd_enable_homedirs=1; secure_mode=1"},
    {HTTPD, "admin_home_t", "sock_file", "getattr", "secure_mode=1; use_nfs_home_dirs=1"},
    {HTTPD, "admin_home_t", "sock_file", "getattr write",
     "secure_mode=1; httpd_enable_homedirs=1 use_nfs_home_dirs=1"},
    /* Reading needs secure_mode on, which takes writing away again unless another boolean
     * gives it. */
    {HTTPD, "ntop_var_lib_t", "file", "read", "secure_mode=1"},
    {HTTPD, "ntop_var_lib_t", "file", "read write", "httpd_read_user_content=1 secure_mode=1"},
    /* The bounding domain's boolean. */
    {"system_u:system_r:backup_t:s0", "var_log_t", "file", "read", "rsync_export_all=1"},
};

static void test_finds_minimal_sets(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        Access access = make_access(cases[i].source, object(cases[i].type), cases[i].class_name,
                                    cases[i].permissions);
        _cleanup_free_ char *text = NULL;
        BooleanSets sets = {};

        assert_int_equal(boolean_sets_find(hypothesis, &access, 1, &sets), 0);
        text = describe(&sets);
        assert_string_equal(text, cases[i].sets);
        assert_true(sets.complete);
        assert_false(sets.hopeless);
        assert_false(sets.already_allowed);
        boolean_sets_clear(&sets);
    }
}

static void test_refpolicy_names(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_REFPOLICY);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access access = make_access(HTTPD, object("unreserved_port_t"), "tcp_socket", "name_connect");
    _cleanup_free_ char *text = NULL;
    BooleanSets sets = {};

    assert_int_equal(boolean_sets_find(hypothesis, &access, 1, &sets), 0);
    text = describe(&sets);
    assert_string_equal(text, "allow_ypbind=1; httpd_can_network_connect=1");
    boolean_sets_clear(&sets);
}

/* All accesses of an operation together: the sets are for all of them. */
static void test_combines_accesses(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    const Access accesses[] = {
        make_access(HTTPD, object("mysqld_port_t"), "tcp_socket", "name_connect"),
        make_access(HTTPD, object("memcache_port_t"), "tcp_socket", "name_connect"),
        make_access(HTTPD, object("httpd_sys_content_t"), "file", "read"), /* allowed */
    };
    _cleanup_free_ char *text = NULL;
    BooleanSets sets = {};

    assert_int_equal(boolean_sets_find(hypothesis, accesses, ELEMENTS_OF(accesses), &sets), 0);
    text = describe(&sets);
    assert_string_equal(text, "httpd_can_network_connect=1; "
                              "httpd_can_network_connect_db=1 httpd_can_network_memcache=1; "
                              "httpd_can_network_connect_db=1 httpd_can_network_relay=1");
    boolean_sets_clear(&sets);
}

static void test_tells_what_no_boolean_can(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    const Access hopeless[] = {
        make_access(HTTPD, "system_u:system_r:initrc_t:s0", "unix_stream_socket", "connectto"),
        make_access(HTTPD, object("httpd_sys_content_t"), "file", "write"),
        /* One permission has a boolean, the other has none. */
        make_access(HTTPD, object("ntop_port_t"), "tcp_socket", "name_bind name_connect"),
        make_access("system_u:system_r:webtool_t:s0", "system_u:object_r:httpd_sys_content_t:s0:c1",
                    "file", "read"),
        make_access("system_u:system_r:backup_t:s0", object("ntop_var_lib_t"), "file", "write"),
    };
    Access allowed = make_access(HTTPD, object("etc_t"), "file", "read");
    Access foreign = make_access(HTTPD, object("httpd_sock_t"), "file", "read");
    BooleanSets sets = {};

    for (size_t i = 0; i < ELEMENTS_OF(hopeless); i++) {
        assert_int_equal(boolean_sets_find(hypothesis, &hopeless[i], 1, &sets), 0);
        assert_true(sets.hopeless);
        assert_false(sets.already_allowed);
        assert_int_equal(sets.n_sets, 0);
        boolean_sets_clear(&sets);
    }
    assert_int_equal(boolean_sets_find(hypothesis, &allowed, 1, &sets), 0);
    assert_true(sets.already_allowed);
    assert_false(sets.hopeless);
    boolean_sets_clear(&sets);
    assert_int_equal(boolean_sets_find(hypothesis, &foreign, 1, &sets), -ENODATA);
    assert_int_equal(boolean_sets_find(hypothesis, NULL, 0, &sets), -EINVAL);
}

/* The booleans that a relabelled port needs besides. */
static void test_starts_from_a_hypothesis(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access access = make_access(HTTPD, object("nfs_t"), "file", "read");
    Access direct = make_access(HTTPD, object("ntop_port_t"), "tcp_socket", "name_connect");
    _cleanup_free_ char *text = NULL;
    BooleanSets sets = {};

    assert_int_equal(hypothesis_set_boolean(hypothesis, "use_nfs_home_dirs", true), 0);
    assert_int_equal(boolean_sets_find(hypothesis, &access, 1, &sets), 0);
    text = describe(&sets);
    assert_string_equal(text, "httpd_enable_homedirs=1");
    assert_int_equal(boolean_set_apply(&sets.sets[0], hypothesis), 0);
    assert_int_equal(decide_is_allowed(hypothesis, &access), 1);
    boolean_sets_clear(&sets);

    assert_int_equal(
        hypothesis_add_allow(hypothesis, "httpd_t", "ntop_port_t", "tcp_socket", "name_connect"),
        0);
    assert_int_equal(boolean_sets_find(hypothesis, &direct, 1, &sets), 0);
    assert_true(sets.already_allowed);
    boolean_sets_clear(&sets);
}

/* --- against trying every assignment ------------------------------------- */

static bool is_subset(uint32_t a, uint32_t b)
{
    return (a & ~b) == 0;
}

/* All minimal flips, by trying all: bit i is boolean i + 1. */
static size_t try_all(const Policy *policy, const Access *access, uint32_t *minimal, size_t room)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    uint32_t n_booleans = policy_n_booleans(policy);
    size_t n = 0;

    /* By the number of changes, so that what is found first is minimal. */
    for (int size = 1; size <= (int)n_booleans; size++)
        for (uint32_t flips = 1; flips < UINT32_C(1) << n_booleans; flips++) {
            bool covered = __builtin_popcount(flips) != size;

            for (size_t i = 0; i < n && !covered; i++)
                covered = is_subset(minimal[i], flips);
            if (covered)
                continue;
            for (uint32_t b = 1; b <= n_booleans; b++)
                assert_int_equal(hypothesis_set_boolean_value(hypothesis, b,
                                                              policy_boolean_value(policy, b) !=
                                                                  (flips >> (b - 1) & 1)),
                                 0);
            if (decide_is_allowed(hypothesis, access) > 0) {
                assert_true(n < room);
                minimal[n++] = flips;
            }
        }
    return n;
}

static uint32_t flips_of(const BooleanSet *set)
{
    uint32_t flips = 0;

    for (size_t i = 0; i < set->n_changes; i++)
        flips |= UINT32_C(1) << (set->changes[i].boolean - 1);
    return flips;
}

static void test_agrees_with_trying_all(void **state)
{
    static const struct {
        const char *type;
        const char *class_name;
        const char *permissions;
    } questions[] = {
        {"admin_home_t", "sock_file", "getattr write"},
        {"ntop_var_lib_t", "file", "read write"},
        {"websm_port_t", "tcp_socket", "name_connect"},
        {"unreserved_port_t", "tcp_socket", "name_bind name_connect"},
        {"admin_home_t", "lnk_file", "read"},
        {"nfs_t", "dir", "search"},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    assert_true(policy_n_booleans(policy) <= 16);
    for (size_t i = 0; i < ELEMENTS_OF(questions); i++) {
        Access access = make_access(HTTPD, object(questions[i].type), questions[i].class_name,
                                    questions[i].permissions);
        uint32_t minimal[64];
        size_t n = try_all(policy, &access, minimal, ELEMENTS_OF(minimal));
        BooleanSets sets = {};

        assert_true(n > 0);
        assert_int_equal(boolean_sets_find(hypothesis, &access, 1, &sets), 0);
        assert_int_equal(sets.n_sets, n);
        for (size_t s = 0; s < sets.n_sets; s++) {
            bool found = false;

            for (size_t m = 0; m < n; m++)
                found = found || minimal[m] == flips_of(&sets.sets[s]);
            assert_true(found);
        }
        boolean_sets_clear(&sets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_minimal_sets),
        cmocka_unit_test(test_refpolicy_names),
        cmocka_unit_test(test_combines_accesses),
        cmocka_unit_test(test_tells_what_no_boolean_can),
        cmocka_unit_test(test_starts_from_a_hypothesis),
        cmocka_unit_test(test_agrees_with_trying_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
