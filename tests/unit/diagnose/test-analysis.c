/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine over the project's own policy in both worlds' names: the situations that the
 * wrong advice of guides is about.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "tests/unit/diagnose/helper.h"

static Diagnosis *diagnose_port(const Policy *policy, const char *type, const char *permission,
                                int port)
{
    const bool binding = streq(permission, "name_bind");
    _cleanup_free_ char *target = format_string("system_u:object_r:%s:s0", type);
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = target,
        .target_class = "tcp_socket",
        .permissions = permission,
        .source_port = binding ? port : -1,
        .dest_port = binding ? -1 : port,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    const AnalysisOptions options = {.domain = "httpd_t"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_true(diagnosis->analyzed);
    return diagnosis;
}

static void check_upstream(const char *path, const char *web_type)
{
    Policy *policy = load(path);
    Diagnosis *diagnosis = diagnose_port(policy, "ntop_port_t", "name_connect", 3000);
    _cleanup_free_ char *label = format_string("label tcp port 3000 as %s", web_type);
    _cleanup_free_ char *labelled = format_string("%s, and turn httpd_graceful_shutdown on", label);
    const Fix *fix;

    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_int_equal(diagnosis->cause, CAUSE_BOOLEAN);
    assert_false(diagnosis->allowed_now);
    check_fixes(diagnosis);

    fix = need_fix(diagnosis, "turn the boolean httpd_can_network_connect on");
    assert_true(fix->exposure.ports_count > 60000);

    fix = need_fix(diagnosis, "a type of its own");
    assert_int_equal(fix->exposure.ports_count, 1);
    assert_int_equal(fix->exposure.n_domains, 1);
    assert_int_equal(fix->plan.n_actions, 2);
    assert_non_null(strstr(fix->plan.actions[0].cil, "(allow httpd_t selguard_tcp_3000_port_t "
                                                     "(tcp_socket (name_connect)))"));
    /* Who had the port keeps it; so this is the smallest, and first. */
    assert_non_null(strstr(fix->plan.actions[0].cil, "(allow ntop_t selguard_tcp_3000_port_t "
                                                     "(tcp_socket (name_bind name_connect)))"));
    assert_int_equal(fix->n_breaks, 0);
    assert_ptr_equal(fix, &diagnosis->fixes[0]);

    fix = need_fix(diagnosis, labelled);
    assert_true(fix->n_breaks > 0);
    assert_string_equal(fix->breaks[0].domain, "ntop_t");
    assert_non_null(strstr(find_refusal(diagnosis, label), "by itself it changes nothing"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void test_upstream_3000(void **state _unused_)
{
    check_upstream(POLICY_FEDORA, "http_port_t");
    check_upstream(POLICY_REFPOLICY, "http_port_t");
}

/* nis_enabled and its older name open nearly everything to everybody. */
static void test_nis_is_refused(void **state _unused_)
{
    static const char *const policies[][2] = {
        {POLICY_FEDORA, "nis_enabled"},
        {POLICY_REFPOLICY, "allow_ypbind"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(policies); i++) {
        Policy *policy = load(policies[i][0]);
        Diagnosis *diagnosis = diagnose_port(policy, "unreserved_port_t", "name_connect", 65000);

        check_fixes(diagnosis);
        assert_non_null(find_fix(diagnosis, "httpd_can_network_connect"));
        assert_null(find_fix(diagnosis, policies[i][1]));
        assert_string_not_equal(find_refusal(diagnosis, policies[i][1]), "");
        diagnosis_free(diagnosis);
        policy_free(policy);
    }
}

static void test_listen(void **state _unused_)
{
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose_port(policy, "transproxy_port_t", "name_bind", 8081);

    assert_int_equal(diagnosis->cause, CAUSE_PORT_LABEL);
    check_fixes(diagnosis);
    assert_non_null(find_fix(diagnosis, "label tcp port 8081 as http_port_t"));
    assert_non_null(find_fix(diagnosis, "a type of its own"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* The label of the port is looked up by number: what the record says may be outdated. */
static void test_allowed_now(void **state _unused_)
{
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose_port(policy, "ntop_port_t", "name_bind", 80);

    assert_true(diagnosis->allowed_now);
    assert_int_equal(diagnosis->cause, CAUSE_NONE);
    assert_int_equal(diagnosis->n_fixes, 0);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static Diagnosis *diagnose_access(const Policy *policy, const char *source, const char *target,
                                  const char *class, const char *permissions)
{
    const Denial denial = {
        .time_usec = 1,
        .source_context = source,
        .target_context = target,
        .target_class = class,
        .permissions = permissions,
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    const AnalysisOptions options = {.domain = "httpd_t"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

static void test_foreign_log(void **state _unused_)
{
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis =
        diagnose_access(policy, "system_u:system_r:no_such_t:s0",
                        "system_u:object_r:ntop_port_t:s0", "tcp_socket", "name_connect");

    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_non_null(diagnosis->notes[0]);
    diagnosis_free(diagnosis);
    diagnosis = diagnose_access(policy, "nonsense", "nonsense", "file", "read");
    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static Diagnosis *diagnose_failure(const Policy *policy, int port, int error)
{
    const Failure failure = {
        .time_usec = 1,
        .time_known = true,
        .operation = "connect",
        .error = error,
        .target_kind = FAILURE_TARGET_ADDRESS,
        .target = "127.0.0.1",
        .address = "127.0.0.1",
        .port = port,
    };
    const Incident incident = {.failure = &failure};
    const AnalysisOptions options = {.domain = "httpd_t"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

/* A failure without a denial is judged by the policy, and never called SELinux if that
 * allows it. */
static void test_failure_alone(void **state _unused_)
{
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose_failure(policy, 3000, EACCES);

    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_non_null(find_fix(diagnosis, "httpd_can_network_connect"));
    assert_int_equal(analysis_run(diagnosis, policy, &(AnalysisOptions){.domain = NULL}), 0);
    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    assert_int_equal(diagnosis->n_fixes, 0);
    diagnosis_free(diagnosis);

    diagnosis = diagnose_failure(policy, 3000, ECONNREFUSED);
    assert_int_equal(diagnosis->verdict, VERDICT_NOT_A_PERMISSION_PROBLEM);
    assert_int_equal(diagnosis->n_fixes, 0);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void test_site_denies(void **state _unused_)
{
    static char pattern[] = "httpd_can_*";
    char *const denied[] = {pattern, NULL};
    const AnalysisOptions options = {.domain = "httpd_t", .denied_booleans = denied};
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose_port(policy, "ntop_port_t", "name_connect", 3000);

    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_null(find_fix(diagnosis, "httpd_can_network_connect"));
    assert_non_null(strstr(find_refusal(diagnosis, "httpd_can_network_connect"), "site"));
    assert_non_null(find_fix(diagnosis, "a type of its own"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* Booleans that the kernel and the stored policy have at different values. Those that the access
 * does not rest on are not spoken of. */
static void test_booleans_at_odds(void **state _unused_)
{
    static const struct {
        const char *type;
        int port;
        const char *stored[2];
        int values[2];
        const char *note, *not ;
    } rows[] = {
        /* denied, and only until the next boot */
        {"ntop_port_t",
         3000,
         {"httpd_can_network_connect", "secure_mode"},
         {1, 1},
         "The boolean httpd_can_network_connect is off in the kernel and on in the stored policy",
         "secure_mode"},
        {"websm_port_t",
         9090,
         {"httpd_verify_dns"},
         {0},
         "httpd_verify_dns is on in the kernel",
         NULL},
        {"ntop_port_t", 3000, {"secure_mode"}, {1}, NULL, "stored policy"},
        {"ntop_port_t", 3000, {NULL}, {0}, NULL, "stored policy"},
        /* allowed in any case */
        {"dns_port_t", 53, {"httpd_can_network_connect"}, {1}, NULL, "stored policy"},
    };
    Policy *policy = load(POLICY_FEDORA);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        StoredBoolean stored[2];
        AnalysisOptions options = {.domain = "httpd_t", .stored_booleans = stored};
        Diagnosis *diagnosis = diagnose_port(policy, rows[i].type, "name_connect", rows[i].port);

        for (size_t b = 0; b < 2 && rows[i].stored[b]; b++)
            stored[options.n_stored_booleans++] = (StoredBoolean){
                policy_find_boolean(policy, rows[i].stored[b]), rows[i].values[b] != 0};
        assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
        if (rows[i].note)
            assert_true(notes_say(diagnosis, rows[i].note));
        if (rows[i].not )
            assert_false(notes_say(diagnosis, rows[i].not ));
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

/* Allowed in the kernel by a boolean that the next boot sets back. */
static void test_allowed_until_boot(void **state _unused_)
{
    Policy *policy = load(POLICY_FEDORA);
    const StoredBoolean stored = {policy_find_boolean(policy, "secure_mode"), true};
    const AnalysisOptions options = {
        .domain = "httpd_t", .stored_booleans = &stored, .n_stored_booleans = 1};
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:admin_home_t:s0",
        .target_class = "dir",
        .permissions = "getattr",
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_true(diagnosis->allowed_now);
    assert_true(notes_say(diagnosis, "it will be denied again after the next boot. setsebool -P "
                                     "secure_mode off keeps it."));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_booleans_at_odds), cmocka_unit_test(test_allowed_until_boot),
        cmocka_unit_test(test_upstream_3000),    cmocka_unit_test(test_nis_is_refused),
        cmocka_unit_test(test_listen),           cmocka_unit_test(test_allowed_now),
        cmocka_unit_test(test_foreign_log),      cmocka_unit_test(test_failure_alone),
        cmocka_unit_test(test_site_denies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
