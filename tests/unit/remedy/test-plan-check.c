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

        action.value = strncmp(rows[i].name, "deny_", 5) != 0;
        if (plan_check_action(&action, NULL, &refusal) != (rows[i].denied ? -EPERM : 0))
            fail_msg("%s", rows[i].name);
        assert_int_equal(refusal != NULL, rows[i].denied);
    }
}

static void test_site_denies_more(void **state _unused_)
{
    char *patterns[] = {(char *)"httpd_can_network_*", (char *)"zabbix_can_network", NULL};
    const Config config = {.denied_booleans = patterns};
    static const struct {
        const char *name;
        int result;
    } rows[] = {
        {"httpd_can_network_connect", -EPERM},
        {"zabbix_can_network", -EPERM},
        {"httpd_enable_homedirs", 0},
        {"nis_enabled", -EPERM}, /* it adds, and lifts nothing */
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = boolean(rows[i].name);

        assert_int_equal(plan_check_action(&action, &config, &refusal), rows[i].result);
    }
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
    static const ActionKind kinds[] = {ACTION_ADVISE};

    for (size_t i = 0; i < ELEMENTS_OF(kinds); i++) {
        _cleanup_free_ char *refusal = NULL;
        Action action = {.kind = kinds[i], .text = (char *)"x"};

        assert_false(plan_check_supported(kinds[i]));
        assert_int_equal(plan_check_action(&action, NULL, &refusal), -EOPNOTSUPP);
        assert_non_null(refusal);
    }
    assert_false(plan_check_supported(ACTION_KIND_COUNT));
}

typedef struct Row {
    Action action;
    int result;
    const char *text; /* in the refusal */
} Row;

static void check_rows(const Row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *refusal = NULL;
        int r = plan_check_action(&rows[i].action, NULL, &refusal);

        if (r != rows[i].result)
            fail_msg("row %zu: %d, %s", i, r, refusal);
        assert_int_equal(refusal != NULL, r != 0);
        if (rows[i].text && !strstr(refusal, rows[i].text))
            fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].text, refusal);
    }
}

#define PORT(protocol_, low_, high_, type_)                                                        \
    {                                                                                              \
        .kind = ACTION_SET_PORT, .protocol = (char *)protocol_, .low = low_, .high = high_,        \
        .type = (char *)type_                                                                      \
    }

static void test_ports(void **state _unused_)
{
    static const Row rows[] = {
        {PORT("tcp", 3000, 3000, "http_port_t"), 0, NULL},
        {PORT("sctp", 1, 256, "http_port_t"), 0, NULL},
        {PORT("tcp", 1, 257, "http_port_t"), -EPERM, "at most 256"},
        {PORT("tcp", 65535, 65535, "http_port_t"), 0, NULL},
        {PORT("icmp", 3000, 3000, "http_port_t"), -EINVAL, "protocol"},
        {PORT("tcp", 0, 0, "http_port_t"), -EINVAL, "range"},
        {PORT("tcp", 3001, 3000, "http_port_t"), -EINVAL, "range"},
        {PORT("tcp", 3000, 3000, "a b"), -EINVAL, "name of a type"},
        {PORT("tcp", 3000, 3000, "unreserved_port_t"), -EPERM, "whole region"},
        {{.kind = ACTION_SET_PORT}, -EINVAL, NULL},
    };
    Action actions[] = {PORT("tcp", 3000, 3004, "http_port_t"),
                        PORT("tcp", 3004, 3004, "http_cache_port_t")};
    Plan plan = {.actions = actions, .n_actions = 2};
    _cleanup_free_ char *refusal = NULL;

    check_rows(rows, ELEMENTS_OF(rows));
    assert_int_equal(plan_check(&plan, NULL, &refusal), -EINVAL);
    assert_non_null(strstr(refusal, "same ports"));
    actions[1].protocol = (char *)"udp";
    free(refusal);
    refusal = NULL;
    assert_int_equal(plan_check(&plan, NULL, &refusal), 0);
}

#define RULE(regex_, type_)                                                                        \
    {                                                                                              \
        .kind = ACTION_SET_FILE_CONTEXT, .file_type = (char *)"all", .regex = (char *)regex_,      \
        .type = (char *)type_                                                                      \
    }
#define CONTENT "httpd_sys_content_t"
#define DIRECTORY(regex_)                                                                          \
    {                                                                                              \
        .kind = ACTION_SET_FILE_CONTEXT, .file_type = (char *)"dir", .regex = (char *)regex_,      \
        .type = (char *)"root_t"                                                                   \
    }

static void test_file_contexts(void **state _unused_)
{
    static const Row rows[] = {
        {RULE("/srv/shop(/.*)?", CONTENT), 0, NULL},
        {RULE("/srv/shop/a\\.b/[^/]*/img(/.*)?", CONTENT), 0, NULL},
        {RULE("/home/[^/]+/site(/.*)?", CONTENT), -EPERM, "too high up"},
        {RULE("/home/anna/.*", CONTENT), 0, NULL},
        {RULE("/etc/nginx/html(/.*)?", CONTENT), 0, NULL},
        {RULE("/usr/share/nginx/html", CONTENT), 0, NULL},
        {RULE("/run/myapp/app\\.sock", "httpd_var_run_t"), 0, NULL},
        {RULE("/.*", CONTENT), -EPERM, NULL},
        {RULE("/srv(/.*)?", CONTENT), -EPERM, "too high up"},
        {RULE("/srv/.*", CONTENT), -EPERM, "too high up"},
        {RULE("/srv/a.*", CONTENT), -EPERM, "too high up"},
        {RULE("/srv/a|/etc/x", CONTENT), -EPERM, "all that this service takes"},
        {RULE("(/srv/a)*", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop/((a*)*)*", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop/\\d", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop/[a-z]", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop x", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop\\", CONTENT), -EPERM, NULL},
        {RULE("/srv/shop/.*.*.*.*.*", CONTENT), -EPERM, NULL},
        {RULE("srv/shop", CONTENT), -EINVAL, NULL},
        {RULE("/srv//shop", CONTENT), -EINVAL, NULL},
        {RULE("/srv/../etc/shadow", CONTENT), -EPERM, NULL},
        {RULE("/srv/\\.\\./etc/shadow", CONTENT), -EINVAL, "not a plain path"},
        {RULE("/etc/shadow", CONTENT), -EPERM, "belongs to the system"},
        {RULE("/usr/bin/x", CONTENT), -EPERM, "belongs to the system"},
        {RULE("/var/run/dbus(/.*)?", CONTENT), -EPERM, "belongs to the system"},
        {RULE("/var/run/shop(/.*)?", CONTENT), 0, NULL},
        {RULE("/var/lib/selinux(/.*)?", CONTENT), -EPERM, "belongs to the system"},
        {RULE("/etc/nginxx/a", CONTENT), -EPERM, "belongs to the system"},
        {RULE("/home/anna/\\.ssh(/.*)?", CONTENT), -EPERM, "holds keys"},
        {RULE("/srv/shop", "a;b"), -EINVAL, "name of a type"},
        {{.kind = ACTION_SET_FILE_CONTEXT, .file_type = (char *)"tree"}, -EINVAL, "kind of file"},
        /* One directory that somebody made below the root, and nothing in it. */
        {DIRECTORY("/data"), 0, NULL},
        {DIRECTORY("/my\\.data"), 0, NULL},
        {RULE("/data", CONTENT), -EPERM, "too high up"},
        {DIRECTORY("/data(/.*)?"), -EPERM, "too high up"},
        {DIRECTORY("/data.*"), -EPERM, "too high up"},
        {DIRECTORY("/[^/]*"), -EPERM, "too high up"},
        {DIRECTORY("/"), -EPERM, "too high up"},
        {DIRECTORY("/home"), -EPERM, "too high up"},
        {DIRECTORY("/usr"), -EPERM, "too high up"},
        {DIRECTORY("/etc"), -EPERM, "too high up"},
        {DIRECTORY("/lib64"), -EPERM, "too high up"},
    };

    check_rows(rows, ELEMENTS_OF(rows));
}

static void test_relabel(void **state _unused_)
{
#define PATH(path_, recursive_)                                                                    \
    {                                                                                              \
        .kind = ACTION_RELABEL, .path = (char *)path_, .recursive = recursive_                     \
    }
    static const Row rows[] = {
        {PATH("/srv/shop", true), 0, NULL},
        {PATH("/etc/passwd", false), 0, NULL},
        {PATH("/etc/ssh", true), -EPERM, "as a whole"},
        {PATH("/srv", true), -EPERM, "too high up"},
        {PATH("/", true), -EPERM, "too high up"},
        {PATH("/", false), -EPERM, "too high up"},
        {PATH("/data", false), 0, NULL},
        {PATH("/data", true), -EPERM, "too high up"},
        {PATH("/var", false), -EPERM, "too high up"},
        {PATH("", false), -EINVAL, NULL},
        {PATH("/srv/shop/", true), -EINVAL, NULL},
        {PATH("/srv/./shop", true), -EINVAL, NULL},
        {PATH("/proc/1/attr", false), -EPERM, "nothing in /proc"},
        {PATH("/root/.ssh/id", false), -EPERM, "holds keys"},
    };

    check_rows(rows, ELEMENTS_OF(rows));
}

#define MODULE(cil_)                                                                               \
    {                                                                                              \
        .kind = ACTION_INSTALL_MODULE, .name = (char *)"selguard_x", .cil = (char *)cil_           \
    }
#define DECLARE "(type selguard_x_port_t)\n(roletype object_r selguard_x_port_t)\n"

static void test_modules(void **state _unused_)
{
    static const Row rows[] = {
        {MODULE(DECLARE "(typeattributeset port_type (selguard_x_port_t))\n"
                        "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect)))\n"),
         0, NULL},
        /* Others may keep the port that gets the type; the web server's rule comes first. */
        {MODULE(DECLARE "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect)))\n"
                        "(allow ntop_t selguard_x_port_t (tcp_socket (name_bind)))\n"),
         0, NULL},
        {MODULE(DECLARE "(allow ntop_t selguard_x_port_t (tcp_socket (name_bind)))\n"), -EPERM,
         "not to ntop_t"},
        {MODULE(DECLARE "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect)))\n"
                        "(allow ntop_t http_port_t (tcp_socket (name_bind)))\n"),
         -EPERM, "not to ntop_t"},
        {MODULE(DECLARE "(allow httpd_t selguard_x_port_t (tcp_socket (name_connect)))\n"
                        "(allow ntop_t selguard_x_port_t (tcp_socket (name_bind read)))\n"),
         -EPERM, "not to ntop_t"},
        {MODULE("(allow httpd_t initrc_t (unix_stream_socket (connectto)))"), 0, NULL},
        {MODULE("(allow httpd_t a_t (file (read open getattr)))"), 0, NULL},
        {MODULE("(allow init_t a_t (file (read)))"), -EPERM, "not to init_t"},
        {MODULE("(allow httpd_t self (tcp_socket (connect)))"), -EPERM, "itself"},
        {MODULE("(allow httpd_t a_t (process (ptrace)))"), -EPERM, "not about process"},
        {MODULE("(allow httpd_t a_t (capability (sys_admin)))"), -EPERM, "not about capability"},
        {MODULE("(allow httpd_t a_t (security (load_policy)))"), -EPERM, "not about security"},
        {MODULE("(allow httpd_t etc_t (file (read open)))"), 0, NULL},
        {MODULE("(allow httpd_t etc_t (file (read write)))"), -EPERM, "system's own"},
        {MODULE("(allow httpd_t sshd_exec_t (file (append)))"), -EPERM, "system's own"},
        {MODULE("(allow httpd_t a_t (file (execute)))"), -EPERM, "execute of file"},
        {MODULE("(allow httpd_t a_t (file (read relabelto)))"), -EPERM, "relabelto"},
        {MODULE("(type evil_t)(roletype object_r evil_t)"
                "(allow httpd_t evil_t (file (read)))"),
         -EPERM, "selguard_"},
        {MODULE("(typepermissive httpd_t)"), -EPERM, "line 1: such a statement"},
        {MODULE("()"), -EPERM, NULL},
        {{.kind = ACTION_INSTALL_MODULE, .name = (char *)"nginx", .cil = (char *)"()"},
         -EPERM,
         "must be named"},
        {{.kind = ACTION_INSTALL_MODULE, .name = (char *)"selguard_../x", .cil = (char *)"()"},
         -EPERM,
         "must be named"},
    };
    char *domains[] = {(char *)"nginx_t", NULL};
    const Config config = {.domains = domains};
    const Action action = MODULE("(allow httpd_t a_t (file (read)))");
    _cleanup_free_ char *refusal = NULL;

    check_rows(rows, ELEMENTS_OF(rows));
    assert_int_equal(plan_check_action(&action, &config, &refusal), -EPERM);
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
        cmocka_unit_test(test_ports),     cmocka_unit_test(test_file_contexts),
        cmocka_unit_test(test_relabel),   cmocka_unit_test(test_modules),
        cmocka_unit_test(test_plans),     cmocka_unit_test(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
