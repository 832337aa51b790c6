/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The errors beside 13 that are taken for it: none gets a fix, each a way to look further. */
#include <errno.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "tests/unit/diagnose/helper.h"

static void test_ports(void **state _unused_)
{
    static const struct {
        const char *operation;
        int error, port;
        Verdict verdict;
        const char *notes[2];
    } rows[] = {
        /* what the policy allows, and what it would not: the boolean was on, or it was permissive
         */
        {"connect",
         ECONNREFUSED,
         53,
         VERDICT_NOT_A_PERMISSION_PROBLEM,
         {"ss -ltnp 'sport = :53'", "SELinux allows it: no boolean"}},
        {"connect",
         ECONNREFUSED,
         3000,
         VERDICT_NOT_A_PERMISSION_PROBLEM,
         {"Start the backend", "would deny it"}},
        {"connect", ETIMEDOUT, 3000, VERDICT_NOT_A_PERMISSION_PROBLEM, {"firewall", NULL}},
        {"connect",
         EHOSTUNREACH,
         3000,
         VERDICT_NOT_A_PERMISSION_PROBLEM,
         {"ip route get", "firewall-cmd"}},
        {"connect", ENETUNREACH, 3000, VERDICT_NOT_A_PERMISSION_PROBLEM, {"ip route get", NULL}},
        {"bind",
         EADDRINUSE,
         80,
         VERDICT_NOT_A_PERMISSION_PROBLEM,
         {"Another nginx that still runs", "SELinux allows it"}},
        {"bind",
         EADDRNOTAVAIL,
         80,
         VERDICT_NOT_A_PERMISSION_PROBLEM,
         {"ip_nonlocal_bind", "SELinux allows it"}},
        /* a firewall of this host answers so */
        {"connect", EPERM, 53, VERDICT_BLOCKED_BY_PERMISSIONS, {"the firewall", NULL}},
    };
    Policy *policy = load(POLICY_FEDORA);
    const AnalysisOptions options = {.domain = "httpd_t"};

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *target = format_string("127.0.0.1:%d", rows[i].port);
        const Failure failure = {
            .time_usec = 1,
            .operation = rows[i].operation,
            .level = "error",
            .error = rows[i].error,
            .target_kind = FAILURE_TARGET_ADDRESS,
            .target = target,
            .address = "127.0.0.1",
            .port = rows[i].port,
        };
        const Incident incident = {.failure = &failure};
        Diagnosis *diagnosis;

        assert_true(incident_is_relevant(&incident));
        assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
        assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
        print_message("%s %d: %s\n", rows[i].operation, rows[i].error, diagnosis->summary);
        assert_int_equal(diagnosis->verdict, rows[i].verdict);
        assert_int_equal(diagnosis->n_fixes, 0);
        for (size_t n = 0; n < 2 && rows[i].notes[n]; n++)
            assert_true(notes_say(diagnosis, rows[i].notes[n]));
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

/* A missing file is a 404, as a file that was there is a 200: nobody asks why. */
static void test_not_ours(void **state _unused_)
{
    static const struct {
        FailureTargetKind kind;
        int error;
        bool relevant;
    } rows[] = {
        {FAILURE_TARGET_PATH, ENOENT, false},       {FAILURE_TARGET_PATH, ENOSPC, false},
        {FAILURE_TARGET_PATH, EROFS, false},        {FAILURE_TARGET_PATH, EMFILE, false},
        {FAILURE_TARGET_PATH, EACCES, true},        {FAILURE_TARGET_PATH, EPERM, true},
        {FAILURE_TARGET_SOCKET, ENOENT, true},      {FAILURE_TARGET_SOCKET, ECONNREFUSED, true},
        {FAILURE_TARGET_NONE, ECONNREFUSED, false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const Failure failure = {
            .operation = "open",
            .error = rows[i].error,
            .target_kind = rows[i].kind,
            .target = "/srv/a",
            .port = -1,
        };
        const Incident incident = {.failure = &failure};

        assert_int_equal(incident_is_relevant(&incident), rows[i].relevant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
