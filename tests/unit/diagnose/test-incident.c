/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures, targets and evidence. */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/diagnose/evidence.h"
#include "daemon/diagnose/incident.h"
#include "tests/unit/test.h"

static Denial make_denial(void)
{
    return (Denial){
        .time_usec = UINT64_C(1795379754628000),
        .serial = 52,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:ntop_port_t:s0",
        .target_class = "tcp_socket",
        .permissions = "name_connect",
        .pid = 352,
        .comm = "nginx",
        .source_port = -1,
        .dest_port = 3000,
        .capability = -1,
    };
}

static void id_of(const Denial *denial, char ret_id[DIAGNOSIS_ID_SIZE])
{
    const Incident incident = {.denial = denial};

    incident_signature(&incident, ret_id);
}

static void test_signature(void **state _unused_)
{
    char first[DIAGNOSIS_ID_SIZE], other[DIAGNOSIS_ID_SIZE];
    Denial denial = make_denial();

    id_of(&denial, first);
    /* What may differ between two of a kind. */
    denial.pid = 1;
    denial.serial = 99;
    denial.comm = "x";
    denial.source_context = "system_u:system_r:httpd_t:s0:c1,c2";
    id_of(&denial, other);
    assert_string_equal(first, other);
    /* What may not. */
    denial.dest_port = 3001;
    id_of(&denial, other);
    assert_string_not_equal(first, other);
    denial = make_denial();
    denial.target_context = "system_u:object_r:redis_port_t:s0";
    id_of(&denial, other);
    assert_string_not_equal(first, other);
    denial = make_denial();
    denial.permissions = "name_bind";
    id_of(&denial, other);
    assert_string_not_equal(first, other);
    /* Stable across versions and restarts: clients and scripts keep it. */
    assert_int_equal(strlen(first), DIAGNOSIS_ID_SIZE - 1);
    assert_memory_equal(first, "6b631c59", 8);
}

/* What is called "/" is the root directory of whatever is mounted there, and no path. */
static void test_root_of_a_mount(void **state _unused_)
{
    Denial denial = make_denial();
    const Failure failure = {
        .operation = "open",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/srv/usb/page.html",
        .port = -1,
    };
    Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_LIKELY};
    Diagnosis *diagnosis;

    denial.dest_port = -1;
    denial.target_class = "dir";
    denial.permissions = "search";
    denial.name = "/";
    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_string_equal(diagnosis->path, "/srv/usb/page.html");
    assert_null(diagnosis->component);
    diagnosis_free(diagnosis);
    incident = (Incident){.denial = &denial};
    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_null(diagnosis->path);
    diagnosis_free(diagnosis);
}

/* Whether two failures to open are one problem. */
static bool is_same(const char *one, const char *other)
{
    const char *const paths[] = {one, other};
    char id[2][DIAGNOSIS_ID_SIZE];

    for (size_t i = 0; i < 2; i++) {
        const Failure failure = {
            .operation = "open",
            .error = EACCES,
            .target_kind = FAILURE_TARGET_PATH,
            .target = (char *)paths[i],
        };
        const Incident incident = {.failure = &failure};

        incident_signature(&incident, id[i]);
    }
    return streq(id[0], id[1]);
}

static void test_temporary_files(void **state _unused_)
{
    assert_true(is_same("/srv/upload/0000000001", "/srv/upload/0000000002"));
    assert_true(is_same("/srv/upload/1/00/0000000001", "/srv/upload/2/00/0000000002"));
    assert_true(is_same("/data/cache/b/1f/0123456789abcdef0123456789abcdef.0000000007",
                        "/data/cache/c/00/ffffffffffffffffffffffffffffffff.0000000008"));
    assert_false(is_same("/srv/upload/0000000001", "/srv/other/0000000001"));
    assert_false(is_same("/srv/upload/1.html", "/srv/upload/2.html"));
    assert_false(is_same("/srv/upload/x0000000001", "/srv/upload/x0000000002"));
    assert_false(is_same("/srv/20231123/a", "/srv/20231124/a"));
    assert_true(is_same("/0000000001", "/0000000002"));
    assert_false(is_same("0000000001", "0000000002"));
    assert_false(is_same("", "/"));
}

static void test_evidence(void **state _unused_)
{
    Denial denial = make_denial();
    _cleanup_free_ char *line = NULL;

    denial.path = "/srv/\033[2Jx";
    line = evidence_of_denial(&denial);
    assert_string_equal(line,
                        "audit(1795379754.628:52): avc:  denied  { name_connect } for  pid=352 "
                        "comm=\"nginx\" path=\"/srv/\\x1b[2Jx\" dest=3000 "
                        "scontext=system_u:system_r:httpd_t:s0 "
                        "tcontext=system_u:object_r:ntop_port_t:s0 tclass=tcp_socket permissive=0");
}

static void test_permissive(void **state _unused_)
{
    Denial denial = make_denial();
    const Incident incident = {.denial = &denial};
    Diagnosis *diagnosis;

    denial.permissive = true;
    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_true(diagnosis->permissive);
    assert_non_null(strstr(diagnosis->summary, "would have kept"));
    diagnosis_free(diagnosis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature),       cmocka_unit_test(test_root_of_a_mount),
        cmocka_unit_test(test_temporary_files), cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_permissive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
