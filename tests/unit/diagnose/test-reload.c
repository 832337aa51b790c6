/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which fixes end with nginx's reload. */
#include <errno.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/diagnose/reload.h"
#include "tests/unit/diagnose/helper.h"

#define WORKER true
#define MASTER false

static const struct {
    const char *comm; /* NULL: no denial */
    const char *class, *permission;
    int port;
    const char *operation, *level; /* NULL: no line */
    bool in_request;
    bool needed;
} rows[] = {
    /* Listening: the kernel's word is enough. */
    {"nginx", "tcp_socket", "name_bind", 8081, NULL, NULL, MASTER, true},
    {"nginx", "tcp_socket", "name_bind", 8081, "bind", "emerg", MASTER, true},
    {"nginx", "udp_socket", "name_bind", 8443, NULL, NULL, MASTER, true},
    {"openresty", "tcp_socket", "name_bind", 82, NULL, NULL, MASTER, true},
    {NULL, NULL, NULL, -1, "bind", "emerg", MASTER, true},
    /* Files that nginx needs to start. */
    {"nginx", "file", "read", -1, "open", "emerg", MASTER, true},
    {NULL, NULL, NULL, -1, "open", "emerg", MASTER, true},
    {NULL, NULL, NULL, -1, "mkdir", "emerg", MASTER, true},
    /* Workers ask again with the next request. */
    {"nginx", "tcp_socket", "name_connect", 3000, "connect", "crit", WORKER, false},
    {"nginx", "tcp_socket", "name_connect", 3000, NULL, NULL, MASTER, false},
    {"nginx", "file", "read", -1, "open", "error", WORKER, false},
    {"nginx", "file", "read", -1, "open", "emerg", WORKER, false},
    {"nginx", "file", "read", -1, NULL, NULL, MASTER, false},
    {"nginx", "file", "append", -1, "open", "alert", MASTER, false},
    /* The pool of another program is no matter of nginx's. */
    {"php-fpm8.2", "tcp_socket", "name_bind", 9000, NULL, NULL, MASTER, false},
    {"httpd", "tcp_socket", "name_bind", 8081, NULL, NULL, MASTER, false},
    {"bash", "tcp_socket", "name_bind", 4444, NULL, NULL, MASTER, false},
};

static Diagnosis *make(size_t row)
{
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = rows[row].port < 0 ? "system_u:object_r:user_home_t:s0"
                                             : "system_u:object_r:transproxy_port_t:s0",
        .target_class = rows[row].class,
        .permissions = rows[row].permission,
        .comm = rows[row].comm,
        .source_port = rows[row].port,
        .dest_port = -1,
        .capability = -1,
    };
    const Failure failure = {
        .operation = rows[row].operation,
        .error = EACCES,
        .level = rows[row].level,
        .target_kind = rows[row].port < 0 ? FAILURE_TARGET_PATH : FAILURE_TARGET_ADDRESS,
        .target = "/etc/ssl/private/shop.key",
        .port = rows[row].port,
    };
    const Incident incident = {
        .denial = rows[row].comm ? &denial : NULL,
        .failure = rows[row].operation ? &failure : NULL,
        .match = MATCH_CERTAIN,
    };
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    diagnosis->in_request = rows[row].in_request;
    return diagnosis;
}

static void add_fix(Diagnosis *diagnosis, ActionKind kind, size_t n)
{
    Fix fix = {.summary = strdup("a fix")};

    for (size_t i = 0; i < n; i++) {
        Action action = {.kind = kind, .text = strdup("what to do")};

        assert_int_equal(plan_add_action(&fix.plan, &action), 0);
    }
    assert_int_equal(diagnosis_add_fix(diagnosis, &fix), 0);
}

static bool ends_with_reload(const Fix *fix)
{
    return fix->plan.n_actions > 0 &&
           fix->plan.actions[fix->plan.n_actions - 1].kind == ACTION_RELOAD_NGINX;
}

static void test_needed(void **state _unused_)
{
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Diagnosis *diagnosis = make(i);

        if (reload_is_needed(diagnosis) != rows[i].needed)
            fail_msg("row %zu", i);
        add_fix(diagnosis, ACTION_RELABEL, 2);
        add_fix(diagnosis, ACTION_ADVISE, 1);
        assert_int_equal(reload_append(diagnosis), 0);
        /* Once is enough. */
        assert_int_equal(reload_append(diagnosis), 0);
        assert_int_equal(diagnosis->fixes[0].plan.n_actions, rows[i].needed ? 3 : 2);
        assert_int_equal(ends_with_reload(&diagnosis->fixes[0]), rows[i].needed);
        assert_int_equal(diagnosis->fixes[1].plan.n_actions, 1);
        diagnosis_free(diagnosis);
    }
}

static void test_full_plan(void **state _unused_)
{
    Diagnosis *diagnosis = make(0);

    add_fix(diagnosis, ACTION_RELABEL, PLAN_ACTIONS_MAX);
    assert_int_equal(reload_append(diagnosis), 0);
    assert_int_equal(diagnosis->fixes[0].plan.n_actions, PLAN_ACTIONS_MAX);
    diagnosis_free(diagnosis);
}

/* In the engine's answers. */
static void test_analysis(void **state _unused_)
{
    const AnalysisOptions options = {.domain = "httpd_t"};
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = make(0);

    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    check_fixes(diagnosis);
    assert_true(diagnosis->n_fixes > 1);
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        assert_true(ends_with_reload(&diagnosis->fixes[i]));
    /* Anew, as after each load of a policy. */
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        assert_true(ends_with_reload(&diagnosis->fixes[i]) &&
                    diagnosis->fixes[i].plan.actions[diagnosis->fixes[i].plan.n_actions - 2].kind !=
                        ACTION_RELOAD_NGINX);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_full_plan),
        cmocka_unit_test(test_analysis),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
