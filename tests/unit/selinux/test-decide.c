/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/decide-ioctl.h"

#define WEBTOOL "system_u:system_r:webtool_t:s0"
#define BACKUP  "system_u:system_r:backup_t:s0"

/* One permission each. `reason` is the condition (with its branch) or constraint that the
 * decision must name. */
static const struct {
    const char *source;
    const char *target; /* a type, or a whole context */
    const char *class_name;
    const char *permission;
    bool allowed;
    unsigned blocks;
    bool dontaudit;
    const char *reason;
} cases[] = {
    /* Rules on types, on attributes of the target, of the source, on self. */
    {HTTPD, "httpd_sys_content_t", "file", "read", true, 0, false, NULL},
    {HTTPD, "web_content_t", "file", "read", true, 0, false, NULL},
    {HTTPD, "dns_port_t", "tcp_socket", "name_connect", true, 0, false, NULL},
    {HTTPD, "lo_node_t", "node", "sendto", true, 0, false, NULL},
    {HTTPD, HTTPD, "tcp_socket", "connect", true, 0, false, NULL},
    {HTTPD, "httpd_sys_content_t", "file", "write", false, BLOCK_NO_RULE, false, NULL},
    {HTTPD, "system_u:system_r:initrc_t:s0", "unix_stream_socket", "connectto", false,
     BLOCK_NO_RULE, false, NULL},

    /* Conditional rules. */
    {HTTPD, "ntop_port_t", "tcp_socket", "name_connect", false, BLOCK_CONDITION, false,
     "httpd_can_network_connect = 1"},
    {HTTPD, "nfs_t", "file", "open", false, BLOCK_CONDITION, false,
     "httpd_enable_homedirs && use_nfs_home_dirs = 1"},
    {HTTPD, "websm_port_t", "tcp_socket", "name_connect", false, BLOCK_CONDITION, false,
     "httpd_can_network_relay || !httpd_verify_dns = 1"},
    {HTTPD, "admin_home_t", "dir", "getattr", true, 0, false, NULL}, /* a false branch */
    {HTTPD, "ntop_var_lib_t", "file", "write", true, 0, false, NULL},
    {HTTPD, "ntop_var_lib_t", "file", "read", false, BLOCK_CONDITION, false, "secure_mode = 1"},
    {HTTPD, "admin_home_t", "sock_file", "write", false, BLOCK_CONDITION, false,
     "httpd_enable_homedirs == secure_mode = 0"},

    /* Silent denials. */
    {HTTPD, "redis_var_run_t", "dir", "search", false, BLOCK_NO_RULE, true, NULL},
    {HTTPD, "user_home_dir_t", "dir", "search", false, BLOCK_CONDITION, true,
     "httpd_read_user_content = 1"},
    {HTTPD, "shadow_t", "file", "read", false, BLOCK_NO_RULE, true, NULL},
    {WEBTOOL, "shadow_t", "file", "read", false, BLOCK_NO_RULE, false, NULL},

    /* Constraints: MCS, RBAC, and a conjunction with a negation. */
    {WEBTOOL, "httpd_sys_content_t", "file", "read", true, 0, false, NULL},
    {WEBTOOL, "system_u:object_r:httpd_sys_content_t:s0:c1", "file", "read", false,
     BLOCK_CONSTRAINT, false, "h1 dom h2 or t1 != { mcs_constrained_type }"},
    {"system_u:system_r:webtool_t:s0-s0:c0.c7", "system_u:object_r:httpd_sys_content_t:s0:c1",
     "file", "read", true, 0, false, NULL},
    {"system_u:system_r:webtool_t:s0:c2", "system_u:object_r:httpd_sys_content_t:s0:c1", "file",
     "read", false, BLOCK_CONSTRAINT, false, "h1 dom h2 or t1 != { mcs_constrained_type }"},
    {HTTPD, "system_u:object_r:httpd_sys_content_t:s0:c1", "file", "read", true, 0, false, NULL},
    /* Both at once: a rule alone would not help. */
    {WEBTOOL, "system_u:object_r:etc_t:s0:c1", "file", "write", false,
     BLOCK_NO_RULE | BLOCK_CONSTRAINT, false, "h1 dom h2 or t1 != { mcs_constrained_type }"},
    {"unconfined_u:unconfined_r:unconfined_t:s0", "system_u:system_r:httpd_t:s0", "process",
     "transition", false, BLOCK_CONSTRAINT | BLOCK_ROLE_TRANSITION, false,
     "r1 == r2 or t1 == { can_change_process_role }"},
    {"unconfined_u:unconfined_r:init_t:s0", "unconfined_u:system_r:httpd_t:s0", "process",
     "transition", false, BLOCK_ROLE_TRANSITION, false, NULL},
    {"system_u:system_r:init_t:s0", "unconfined_u:unconfined_r:httpd_t:s0", "process", "transition",
     true, 0, false, NULL},
    {"unconfined_u:unconfined_r:unconfined_t:s0", "system_u:object_r:etc_t:s0", "dir", "relabelto",
     false, BLOCK_CONSTRAINT, false, "(u1 == u2 or u1 == { system_u }) and not l1 incomp l2"},

    /* Bounds: the parent lacks it; the parent has it behind a boolean. */
    {BACKUP, "ntop_var_lib_t", "file", "read", true, 0, false, NULL},
    {BACKUP, "ntop_var_lib_t", "file", "write", false, BLOCK_BOUNDS, false, NULL},
    {BACKUP, "var_log_t", "file", "read", false, BLOCK_BOUNDS, false, NULL},

    /* Not in the policy, and allowed by handle_unknown. */
    {HTTPD, "etc_t", "no_such_class", "frob", true, 0, false, NULL},
    {HTTPD, "etc_t", "file", "frob", true, 0, false, NULL},
};

static bool names_reason(const Policy *policy, const DecidePermission *permission,
                         const char *reason)
{
    for (size_t i = 0; i < permission->n_conditions; i++) {
        _cleanup_free_ char *condition =
            policy_condition_to_string(policy, permission->conditions[i].condition);
        _cleanup_free_ char *text =
            format_string("%s = %d", condition, permission->conditions[i].branch);

        if (streq(text, reason))
            return true;
        print_message("condition: %s\n", text);
    }
    STRV_FOREACH (text, permission->constraints) {
        if (streq(*text, reason))
            return true;
        print_message("constraint: %s\n", *text);
    }
    return false;
}

static void test_decides(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        const char *target =
            strchr(cases[i].target, ':') ? cases[i].target : object(cases[i].target);
        Access access =
            make_access(cases[i].source, target, cases[i].class_name, cases[i].permission);
        Decision decision = {};

        print_message("%zu: %s %s %s\n", i, target, cases[i].class_name, cases[i].permission);
        assert_int_equal(decide_access(hypothesis, &access, &decision), 0);
        assert_int_equal(decision.status, DECIDE_OK);
        assert_null(decision.problem);
        assert_int_equal(decision.n_permissions, 1);
        assert_string_equal(decision.permissions[0].name, cases[i].permission);
        assert_int_equal(decision.allowed, cases[i].allowed);
        assert_int_equal(decision.permissions[0].allowed, cases[i].allowed);
        assert_int_equal(decision.permissions[0].blocks, cases[i].blocks);
        assert_int_equal(decision.dontaudit, cases[i].dontaudit);
        if (cases[i].reason)
            assert_true(names_reason(policy, &decision.permissions[0], cases[i].reason));
        assert_int_equal(decide_is_allowed(hypothesis, &access), cases[i].allowed);
        decision_clear(&decision);
    }
}

static void test_decides_several_permissions(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access access = make_access(HTTPD, object("httpd_sys_content_t"), "file", "open read write");
    Access silent = make_access(HTTPD, object("user_home_dir_t"), "dir", "getattr search");
    Access heard = make_access(HTTPD, object("user_home_dir_t"), "dir", "add_name getattr search");
    Decision decision = {};

    assert_int_equal(decide_access(hypothesis, &access, &decision), 0);
    assert_false(decision.allowed);
    assert_int_equal(decision.n_permissions, 3);
    assert_true(decision.permissions[0].allowed);
    assert_true(decision.permissions[1].allowed);
    assert_false(decision.permissions[2].allowed);
    decision_clear(&decision);

    /* Silent only if nothing of it would be logged. */
    assert_int_equal(decide_access(hypothesis, &silent, &decision), 0);
    assert_true(decision.dontaudit);
    decision_clear(&decision);
    assert_int_equal(decide_access(hypothesis, &heard, &decision), 0);
    assert_false(decision.dontaudit);
    decision_clear(&decision);
}

static void test_tells_domain_flags(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access permissive =
        make_access("system_u:system_r:crond_t:s0", object("etc_t"), "file", "write");
    Access bounded = make_access(BACKUP, object("etc_t"), "file", "read");
    Access filtered = make_access(HTTPD, object("httpd_sys_content_t"), "file", "ioctl");
    Access unknown = make_access(HTTPD, object("etc_t"), "file", "frob");
    Decision decision = {};

    assert_int_equal(decide_access(hypothesis, &permissive, &decision), 0);
    assert_false(decision.allowed);
    assert_true(decision.permissive);
    decision_clear(&decision);

    assert_int_equal(decide_access(hypothesis, &bounded, &decision), 0);
    assert_true(decision.allowed);
    assert_false(decision.permissive);
    assert_int_equal(decision.bounding_type, policy_find_type(policy, "rsync_t"));
    decision_clear(&decision);

    assert_int_equal(decide_access(hypothesis, &filtered, &decision), 0);
    assert_true(decision.allowed);
    assert_true(decision.ioctl_filtered);
    assert_false(decision.unknown_allowed);
    decision_clear(&decision);

    assert_int_equal(decide_access(hypothesis, &unknown, &decision), 0);
    assert_true(decision.allowed);
    assert_true(decision.unknown_allowed);
    decision_clear(&decision);
}

/* The kernel's way: without a rule that lists commands all pass, with one only the listed. */
static void test_lists_ioctl_commands(void **state)
{
    static const struct {
        const char *policy;
        const char *source, *target;
        unsigned command;
        bool passes;
        const char *listed; /* NULL: no rule lists any */
    } rows[] = {
        {POLICY_FEDORA, HTTPD, "httpd_sys_content_t", 0x5401, true, "0x5401"},
        {POLICY_FEDORA, HTTPD, "httpd_sys_content_t", 0x5400, false, "0x5401"},
        {POLICY_FEDORA, HTTPD, "httpd_sys_content_t", 0x0154, false, "0x5401"},
        {POLICY_FEDORA, BACKUP, "httpd_sys_content_t", 0x5400, true, NULL},
        {POLICY_ODD_LEVELS, "u:r:srv:s0", "u:object_r:doc:s0", 0x5400, true, "0x5400-0x54ff"},
        {POLICY_ODD_LEVELS, "u:r:srv:s0", "u:object_r:doc:s0", 0x54ff, true, "0x5400-0x54ff"},
        {POLICY_ODD_LEVELS, "u:r:srv:s0", "u:object_r:doc:s0", 0x5500, false, "0x5400-0x54ff"},
        {POLICY_ODD_LEVELS, "u:r:srv:s0", "u:object_r:doc:s0", 0xffff, false, "0x5400-0x54ff"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_(policy_cleanup) Policy *policy = load_policy(rows[i].policy);
        _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
        _cleanup_free_ char *listed = NULL;
        Access access = make_access(
            rows[i].source, strchr(rows[i].target, ':') ? rows[i].target : object(rows[i].target),
            "file", "ioctl");

        assert_int_equal(decide_ioctl(hypothesis, &access, rows[i].command, &listed),
                         rows[i].passes);
        if (rows[i].listed)
            assert_string_equal(strempty(listed), rows[i].listed);
        else
            assert_null(listed);
    }
}

static void test_denies_unknown_classes(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_PLAIN);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Access class_access = make_access("system_u:system_r:httpd_t", "system_u:object_r:etc_t",
                                      "no_such_class", "frob");
    Access permission_access =
        make_access("system_u:system_r:httpd_t", "system_u:object_r:etc_t", "file", "frob read");
    Decision decision = {};

    assert_int_equal(decide_access(hypothesis, &class_access, &decision), 0);
    assert_false(decision.allowed);
    assert_int_equal(decision.permissions[0].blocks, BLOCK_UNKNOWN_CLASS);
    decision_clear(&decision);
    assert_int_equal(decide_is_allowed(hypothesis, &class_access), 0);

    assert_int_equal(decide_access(hypothesis, &permission_access, &decision), 0);
    assert_false(decision.allowed);
    assert_int_equal(decision.permissions[0].blocks, BLOCK_UNKNOWN_PERMISSION);
    assert_true(decision.permissions[1].allowed);
    decision_clear(&decision);
}

/* What the policy cannot be asked about is no verdict. */
static void test_refuses_to_guess(void **state)
{
    static const struct {
        const char *source;
        const char *target;
        DecideStatus status;
        const char *problem;
    } bad[] = {
        {"system_u:system_r:nginx_t:s0", "system_u:object_r:etc_t:s0", DECIDE_UNKNOWN_SOURCE_TYPE,
         "the type of the source context"},
        {HTTPD, "system_u:object_r:httpd_sock_t:s0", DECIDE_UNKNOWN_TARGET_TYPE,
         "the type of the target context"},
        {"httpd_t", "system_u:object_r:etc_t:s0", DECIDE_BAD_SOURCE_CONTEXT, "form"},
        {HTTPD, "system_u:object_r:etc_t", DECIDE_BAD_TARGET_CONTEXT, "form"},
        {HTTPD, "other_u:object_r:etc_t:s0", DECIDE_BAD_TARGET_CONTEXT, "the user of the target"},
        {HTTPD, "system_u:other_r:etc_t:s0", DECIDE_BAD_TARGET_CONTEXT, "the role of the target"},
        {HTTPD, "system_u:object_r:etc_t:s0:c99", DECIDE_BAD_TARGET_CONTEXT, "the level"},
        {"system_u:webadm_r:httpd_t:s0", "system_u:object_r:etc_t:s0", DECIDE_BAD_SOURCE_CONTEXT,
         "may not go together"},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
        Access access = make_access(bad[i].source, bad[i].target, "file", "read");
        Decision decision = {};

        assert_int_equal(decide_access(hypothesis, &access, &decision), 0);
        assert_int_equal(decision.status, bad[i].status);
        assert_non_null(strstr(decision.problem, bad[i].problem));
        assert_false(decision.allowed);
        assert_int_equal(decision.n_permissions, 0);
        assert_non_null(decide_status_to_string(decision.status));
        assert_int_equal(decide_is_allowed(hypothesis, &access), -ENODATA);
        decision_clear(&decision);
    }
}

static void test_rejects_empty_accesses(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    const Access bad[] = {
        make_access(NULL, object("etc_t"), "file", "read"),
        make_access(HTTPD, "", "file", "read"),
        make_access(HTTPD, object("etc_t"), NULL, "read"),
        make_access(HTTPD, object("etc_t"), "file", NULL),
        make_access(HTTPD, object("etc_t"), "file", "  "),
    };

    for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
        Decision decision = {.n_permissions = 9};

        assert_int_equal(decide_access(hypothesis, &bad[i], &decision), -EINVAL);
        assert_int_equal(decision.n_permissions, 9);
        assert_int_equal(decide_is_allowed(hypothesis, &bad[i]), -EINVAL);
    }
}

static void test_names_blocks(void **state)
{
    for (unsigned block = BLOCK_NO_RULE; block <= BLOCK_UNKNOWN_PERMISSION; block <<= 1)
        assert_non_null(decide_block_to_string(block));
    assert_null(decide_block_to_string(0));
    assert_null(decide_block_to_string(BLOCK_UNKNOWN_PERMISSION << 1));
    assert_string_equal(decide_block_to_string(BLOCK_CONDITION | BLOCK_BOUNDS),
                        decide_block_to_string(BLOCK_CONDITION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decides),
        cmocka_unit_test(test_decides_several_permissions),
        cmocka_unit_test(test_tells_domain_flags),
        cmocka_unit_test(test_lists_ioctl_commands),
        cmocka_unit_test(test_denies_unknown_classes),
        cmocka_unit_test(test_refuses_to_guess),
        cmocka_unit_test(test_rejects_empty_accesses),
        cmocka_unit_test(test_names_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
