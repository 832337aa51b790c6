/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-check.h"
#include "tests/unit/test.h"

static Action boolean(const char *name)
{
    return (Action){.kind = ACTION_SET_BOOLEAN, .name = (char *)name, .value = true};
}

static void test_deny_list(void **state _unused_)
{
    static const struct {
        const char *name;
        bool denied;
    } rows[] = {
        {"nis_enabled", true},
        {"allow_ypbind", true},
        {"secure_mode", true},
        {"secure_mode_insmod", true},
        {"secure_mode_policyload", true},
        {"allow_execmem", true},
        {"selinuxuser_execstack", true},
        {"deny_ptrace", true},
        {"domain_kernel_load_modules", true},
        {"domain_can_mmap_files", true},
        {"daemons_use_tty", true},
        {"mmap_low_allowed", true},
        {"authlogin_nsswitch_use_ldap", true},
        {"unconfined_login", true},
        {"ssh_sysadm_login", true},
        /* The web server's own, also where they look like the others. */
        {"httpd_can_network_connect", false},
        {"httpd_can_network_relay", false},
        {"httpd_graceful_shutdown", false},
        {"httpd_execmem", false},
        {"httpd_use_nfs", false},
        {"use_nfs_home_dirs", false},
        {"mysql_connect_any", false},
        {"zabbix_can_network", false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = boolean(rows[i].name);

        if ((boolean_denied(rows[i].name, NULL) != NULL) != rows[i].denied)
            fail_msg("%s", rows[i].name);
        assert_int_equal(plan_check_action(&action, NULL, &refusal), rows[i].denied ? -EPERM : 0);
        assert_int_equal(refusal != NULL, rows[i].denied);
        /* Neither direction. */
        action.value = false;
        free(refusal);
        refusal = NULL;
        assert_int_equal(plan_check_action(&action, NULL, &refusal), rows[i].denied ? -EPERM : 0);
    }
}

static void test_site_denies_more(void **state _unused_)
{
    char *patterns[] = {(char *)"httpd_can_network_*", (char *)"zabbix_can_network", NULL};
    const SiteRules rules = {.denied_booleans = patterns};

    assert_non_null(boolean_denied("httpd_can_network_connect", &rules));
    assert_non_null(boolean_denied("zabbix_can_network", &rules));
    assert_null(boolean_denied("httpd_enable_homedirs", &rules));
    /* It adds, and lifts nothing. */
    assert_non_null(boolean_denied("nis_enabled", &rules));
}

static void test_names(void **state _unused_)
{
    static const char *const bad[] = {
        "",    "1a",  "_a", "a b",       "a;b",       "a=1",      "../a",
        "a/b", "a\n", "-P", "a\xc3\xa9", "$(reboot)", "httpd_\"", "a%sb",
    };
    char name[REMEDY_BOOLEAN_NAME_MAX + 2];

    for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = boolean(bad[i]);

        assert_int_equal(plan_check_action(&action, NULL, &refusal), -EINVAL);
        assert_non_null(refusal);
    }
    for (size_t length = REMEDY_BOOLEAN_NAME_MAX; length <= REMEDY_BOOLEAN_NAME_MAX + 1; length++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = boolean(name);

        memset(name, 'a', length);
        name[length] = '\0';
        assert_int_equal(plan_check_action(&action, NULL, &refusal),
                         length > REMEDY_BOOLEAN_NAME_MAX ? -EINVAL : 0);
    }
}

static void test_other_kinds(void **state _unused_)
{
    for (size_t kind = 0; kind < ACTION_KIND_COUNT; kind++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = {.kind = (ActionKind)kind,
                         .name = (char *)"httpd_x",
                         .protocol = (char *)"tcp",
                         .low = 80,
                         .high = 80,
                         .type = (char *)"http_port_t",
                         .regex = (char *)"/x",
                         .file_type = (char *)"all",
                         .path = (char *)"/x",
                         .cil = (char *)"()",
                         .text = (char *)"x"};

        if (plan_check_supported(action.kind)) {
            assert_int_equal(kind, ACTION_SET_BOOLEAN);
            continue;
        }
        assert_int_equal(plan_check_action(&action, NULL, &refusal), -EOPNOTSUPP);
        assert_non_null(refusal);
    }
    assert_false(plan_check_supported(ACTION_ADVISE));
    assert_false(plan_check_supported(ACTION_KIND_COUNT));
}

static void test_plans(void **state _unused_)
{
    Action actions[] = {boolean("httpd_a"), boolean("httpd_b"), boolean("nis_enabled"),
                        boolean("httpd_a")};
    Action advice = {.kind = ACTION_ADVISE, .text = (char *)"x"};
    const struct {
        Plan plan;
        int result;
        const char *text;
    } rows[] = {
        {{.actions = actions, .n_actions = 0}, -EINVAL, "no action"},
        {{.actions = actions, .n_actions = 2}, 0, NULL},
        {{.actions = actions, .n_actions = 3}, -EPERM, "Action 2: "},
        {{.actions = &advice, .n_actions = 1}, -EOPNOTSUPP, "Action 0: advice"},
    };
    Plan twice;

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *refusal = NULL;

        assert_int_equal(plan_check(&rows[i].plan, NULL, &refusal), rows[i].result);
        if (rows[i].text)
            assert_non_null(strstr(refusal, rows[i].text));
        else
            assert_null(refusal);
    }

    /* The same boolean on and off: there is no order in which both hold. */
    actions[2] = boolean("httpd_a");
    actions[2].value = false;
    twice = (Plan){.actions = actions, .n_actions = 3};
    {
        _cleanup_free_ char *refusal = NULL;

        assert_int_equal(plan_check(&twice, NULL, &refusal), -EINVAL);
        assert_string_equal(refusal, "The plan names boolean httpd_a twice.");
    }
}

static void test_states(void **state _unused_)
{
    Action actions[] = {boolean("httpd_a"), boolean("httpd_b")};
    const Plan plan = {.actions = actions, .n_actions = 2};
    ActionState states[] = {{.known = true, .policy = SETTING_OFF}, {.known = false}};
    _cleanup_free_ char *refusal = NULL;

    assert_int_equal(plan_check_states(&plan, states, &refusal), -EPERM);
    assert_string_equal(refusal, "Action 1: the policy has no boolean httpd_b.");
    states[1].known = true;
    assert_int_equal(plan_check_states(&plan, states, &refusal), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deny_list), cmocka_unit_test(test_site_denies_more),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_plans),     cmocka_unit_test(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
