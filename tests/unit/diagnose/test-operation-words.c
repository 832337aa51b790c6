/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx tried reads as English, whatever it was. */
#include "daemon/diagnose/operation-words.h"

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "tests/unit/diagnose/helper.h"

static void test_words(void **state _unused_)
{
    static const struct {
        const char *operation, *object, *words;
    } rows[] = {
        {"certificate-key", "/etc/ssl/a.key", "load the certificate key /etc/ssl/a.key"},
        {"certificate", "/etc/ssl/a.pem", "load the certificate /etc/ssl/a.pem"},
        {"directory-index", "/srv/", "list the directory /srv/"},
        {"open", "/srv/a", "open /srv/a"},
        {"bind", "port 81", "listen on port 81"},
        {"connect", "the socket /run/a", "connect to the socket /run/a"},
        {"connect", NULL, "connect"},
        {"timeout", NULL, "get an answer in time"},
        {"upstream-closed", "port 3000", "get a whole answer from port 3000"},
        {"setsockopt", NULL, "complete setsockopt()"},
        {"setsockopt", "port 80", "complete setsockopt() on port 80"},
        {"", "", "do what it tried"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *words = operation_to_words(rows[i].operation, rows[i].object);

        assert_string_equal(words, rows[i].words);
    }
}

static void test_summary(void **state _unused_)
{
    const Failure failure = {
        .time_usec = 1,
        .time_known = true,
        .level = "emerg",
        .operation = "certificate-key",
        .error = 13,
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/etc/ssl/private/a.key",
        .port = -1,
        .line = "a line",
    };
    const Incident incident = {.failure = &failure};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, NULL, &(AnalysisOptions){.domain = "httpd_t"}), 0);
    assert_string_equal(diagnosis->summary,
                        "nginx could not load the certificate key /etc/ssl/private/a.key "
                        "(permission denied), and the cause is not known");
    diagnosis_free(diagnosis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_summary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
