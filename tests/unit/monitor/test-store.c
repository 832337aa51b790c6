/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folding of incidents into diagnoses, and the states that a diagnosis goes through. */
#include <errno.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/store.h"
#include "tests/unit/test.h"

static Denial make_denial(int port, uint64_t serial)
{
    return (Denial){
        .time_usec = UINT64_C(1795379754000000) + serial,
        .serial = serial,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:ntop_port_t:s0",
        .target_class = "tcp_socket",
        .permissions = "name_connect",
        .pid = 7,
        .comm = "nginx",
        .source_port = -1,
        .dest_port = port,
        .capability = -1,
    };
}

static Failure make_failure(int port, int error)
{
    return (Failure){
        .time_usec = UINT64_C(1795379754000000),
        .time_known = true,
        .operation = "connect",
        .error = error,
        .target_kind = FAILURE_TARGET_ADDRESS,
        .target = "127.0.0.1:3000",
        .address = "127.0.0.1",
        .port = port,
        .server = "shop.example",
        .request = "GET /\033[2J HTTP/1.1",
        .line = "the line",
    };
}

typedef struct Counts {
    unsigned added, changed, removed, moved;
} Counts;

static void on_added(Diagnosis *diagnosis _unused_, void *userdata)
{
    ((Counts *)userdata)->added++;
}

static void on_changed(Diagnosis *diagnosis _unused_, void *userdata)
{
    ((Counts *)userdata)->changed++;
}

static void on_removed(Diagnosis *diagnosis _unused_, void *userdata)
{
    ((Counts *)userdata)->removed++;
}

static void on_moved(Diagnosis *diagnosis, DiagnosisState before, void *userdata)
{
    assert_int_not_equal(diagnosis->state, before);
    ((Counts *)userdata)->moved++;
}

static Store *make_store(Counts *counts)
{
    const StoreObserver observer = {on_added, on_changed, on_removed, on_moved, counts};
    Store *store;

    assert_int_equal(store_new(&store, &observer), 0);
    return store;
}

static void take(Store *store, int port, uint64_t serial)
{
    const Denial denial = make_denial(port, serial);
    const Failure failure = make_failure(port, EACCES);
    const Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};

    assert_int_equal(store_take_incident(store, &incident), 0);
}

static void answer(Store *store, const char *id, bool allowed)
{
    _cleanup_json_ json_object *object = NULL;

    assert_int_equal(diagnosis_to_json(store_find(store, id), &object), 0);
    json_object_object_add(object, "allowed_now", json_object_new_boolean(allowed));
    json_object_object_add(object, "analyzed", json_object_new_boolean(true));
    assert_int_equal(store_take_analysis(store, id, object), 0);
}

static void test_folding(void **state _unused_)
{
    Counts counts = {};
    Store *store = make_store(&counts);
    Diagnosis *diagnosis;

    for (uint64_t i = 0; i < 51; i++)
        take(store, 3000, i);
    take(store, 5000, 100);
    assert_int_equal(store_count(store), 2);
    diagnosis = store_get(store, 0);
    assert_int_equal(diagnosis->count, 51);
    assert_int_equal(diagnosis->port, 3000);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_int_equal(diagnosis->last_seen_usec - diagnosis->first_seen_usec, 50);
    assert_string_equal(diagnosis->servers[0], "shop.example");
    assert_null(diagnosis->servers[1]);
    assert_string_equal(diagnosis->requests[0], "GET /\\x1b[2J HTTP/1.1");
    assert_non_null(diagnosis->evidence[DIAGNOSIS_EVIDENCE_MAX - 1]); /* a full ring */
    assert_non_null(strstr(diagnosis->summary, "3000"));
    assert_int_equal(counts.added, 2);
    assert_int_equal(counts.changed, 50);
    store_free(store);
}

static void test_states(void **state _unused_)
{
    /* d: denial, A: applied, R: reverted, y/n: the policy says, x: dismissed */
    static const struct {
        const char *steps;
        DiagnosisState state;
    } rows[] = {
        {"d", DIAGNOSIS_OPEN},
        {"dn", DIAGNOSIS_OPEN},
        {"dA", DIAGNOSIS_APPLIED},
        {"dAy", DIAGNOSIS_VERIFIED},
        {"dAn", DIAGNOSIS_APPLIED},
        /* The policy is loaded before the change is announced. */
        {"dyAy", DIAGNOSIS_VERIFIED},
        {"dAyd", DIAGNOSIS_RECURRED},
        {"dAydn", DIAGNOSIS_RECURRED},
        {"dAdn", DIAGNOSIS_RECURRED},
        {"dAyR", DIAGNOSIS_OPEN},
        {"dAyRn", DIAGNOSIS_OPEN},
        {"dAyn", DIAGNOSIS_OPEN},
        {"dy", DIAGNOSIS_RESOLVED},
        {"dyd", DIAGNOSIS_RECURRED},
        {"dyn", DIAGNOSIS_OPEN},
        {"dAyyy", DIAGNOSIS_VERIFIED},
        {"dx", DIAGNOSIS_DISMISSED},
        {"dxdy", DIAGNOSIS_DISMISSED},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Counts counts = {};
        Store *store = make_store(&counts);
        uint64_t serial = 0;
        const char *id;

        for (const char *step = rows[i].steps; *step; step++) {
            id = store_count(store) > 0 ? store_get(store, 0)->id : NULL;
            switch (*step) {
            case 'd':
                take(store, 3000, serial++);
                break;
            case 'A':
                assert_int_equal(store_take_change(store, id, STORE_CHANGE_APPLIED), 0);
                break;
            case 'R':
                assert_int_equal(store_take_change(store, id, STORE_CHANGE_REVERTED), 0);
                break;
            case 'x':
                assert_int_equal(store_dismiss(store, id), 0);
                break;
            default:
                answer(store, id, *step == 'y');
            }
        }
        if (store_get(store, 0)->state != rows[i].state)
            fail_msg("%s: %s", rows[i].steps,
                     diagnosis_state_to_string(store_get(store, 0)->state));
        store_free(store);
    }
}

static void test_late_halves(void **state _unused_)
{
    const Denial denial = make_denial(3000, 1);
    const Failure failure = make_failure(3000, EACCES);
    const Incident alone = {.failure = &failure};
    const Incident pair = {
        .denial = &denial, .failure = &failure, .match = MATCH_CERTAIN, .failure_reported = true};
    Counts counts = {};
    Store *store = make_store(&counts);

    /* A failure reported alone, then its denial: one diagnosis remains, counted once. */
    assert_int_equal(store_take_incident(store, &alone), 0);
    assert_int_equal(store_get(store, 0)->verdict, VERDICT_UNDETERMINED);
    assert_int_equal(store_take_incident(store, &pair), 0);
    assert_int_equal(store_count(store), 1);
    assert_int_equal(counts.removed, 1);
    assert_int_equal(store_get(store, 0)->count, 1);
    assert_int_equal(store_get(store, 0)->verdict, VERDICT_BLOCKED_BY_SELINUX);

    /* In a storm, one whose denial was lost: context, not a second problem. */
    assert_int_equal(store_take_incident(store, &alone), 0);
    assert_int_equal(store_count(store), 1);
    assert_int_equal(store_get(store, 0)->count, 1);
    store_free(store);
}

/* The kernel names a component and nginx's line the path: elsewhere it is another problem, for it
 * takes another change. */
static void test_places(void **state _unused_)
{
    Denial denial = make_denial(-1, 1);
    Failure failure = {
        .time_usec = UINT64_C(1795379754000000),
        .time_known = true,
        .operation = "open",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/srv/one/page.html",
        .port = -1,
        .line = "the line",
    };
    Incident pair = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};
    const Incident alone = {.denial = &denial};
    Counts counts = {};
    Store *store = make_store(&counts);

    denial.target_class = "file";
    denial.target_context = "system_u:object_r:user_home_t:s0";
    denial.permissions = "read";
    denial.name = "page.html";
    /* First without its line, which comes late: one, counted once, with the path. */
    assert_int_equal(store_take_incident(store, &alone), 0);
    assert_string_equal(store_get(store, 0)->path, "page.html");
    pair.denial_reported = true;
    assert_int_equal(store_take_incident(store, &pair), 0);
    assert_int_equal(store_count(store), 1);
    assert_int_equal(store_get(store, 0)->count, 1);
    assert_string_equal(store_get(store, 0)->path, "/srv/one/page.html");
    pair.denial_reported = false;
    /* Its neighbour is the same problem, a file of another directory is not. */
    failure.target = "/srv/one/other.html";
    denial.name = "other.html";
    assert_int_equal(store_take_incident(store, &pair), 0);
    assert_int_equal(store_count(store), 1);
    failure.target = "/srv/two/other.html";
    assert_int_equal(store_take_incident(store, &pair), 0);
    assert_int_equal(store_count(store), 2);
    assert_string_equal(store_get(store, 1)->path, "/srv/two/other.html");
    /* Without its line, by what the kernel named. */
    assert_int_equal(store_take_incident(store, &alone), 0);
    assert_int_equal(store_count(store), 2);
    assert_int_equal(store_get(store, 1)->count, 2);
    /* A directory on the way counts itself, whatever lies behind it. */
    denial.target_class = "dir";
    denial.permissions = "search";
    denial.name = "srv";
    assert_int_equal(store_take_incident(store, &pair), 0);
    failure.target = "/srv/one/page.html";
    assert_int_equal(store_take_incident(store, &pair), 0);
    assert_int_equal(store_count(store), 3);
    assert_int_equal(store_get(store, 2)->count, 2);
    store_free(store);
}

/* Nobody announces a chmod: it is asked about again, more and more seldom, until it is resolved. */
static void test_mended_permissions(void **state _unused_)
{
    const uint64_t minute = 60 * USEC_PER_SEC;
    const Failure failure = {
        .time_usec = 1000 * minute,
        .time_known = true,
        .level = "error",
        .connection = 1,
        .operation = "open",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/www/a",
        .port = -1,
        .line = "the line",
    };
    const Incident incident = {.failure = &failure};
    uint64_t now = 1001 * minute;
    Counts counts = {};
    Store *store = make_store(&counts);
    Diagnosis *diagnosis;

    assert_int_equal(store_take_incident(store, &incident), 0);
    diagnosis = store_get(store, 0);
    assert_non_null(store_next_unanalyzed(store));
    assert_false(store_recheck(store, now)); /* not known to be permissions */
    diagnosis->verdict = VERDICT_BLOCKED_BY_PERMISSIONS;
    answer(store, diagnosis->id, false);
    assert_int_equal(diagnosis->state, DIAGNOSIS_OPEN);
    assert_true(store_recheck(store, now));
    assert_ptr_equal(store_next_unanalyzed(store), diagnosis);
    assert_false(store_recheck(store, now + minute - 1));
    assert_true(store_recheck(store, now + minute));
    now += 32 * minute;
    assert_true(store_recheck(store, now));
    assert_false(store_recheck(store, now + minute));
    assert_true(store_recheck(store, now + 3 * minute));
    answer(store, diagnosis->id, true);
    assert_int_equal(diagnosis->state, DIAGNOSIS_RESOLVED);
    assert_false(store_recheck(store, now + 100 * minute));
    assert_int_equal(store_take_incident(store, &incident), 0);
    assert_int_equal(diagnosis->state, DIAGNOSIS_RECURRED);
    assert_true(store_recheck(store, now + 200 * minute));
    store_free(store);
}

static void test_relevance(void **state _unused_)
{
    const Failure refused = make_failure(3000, ECONNREFUSED);
    Failure missing = make_failure(-1, ENOENT);
    const Incident backend_down = {.failure = &refused}, not_found = {.failure = &missing};
    Counts counts = {};
    Store *store = make_store(&counts);

    missing.operation = "open";
    missing.target_kind = FAILURE_TARGET_PATH;
    missing.target = "/usr/share/nginx/html/favicon.ico";
    assert_int_equal(store_take_incident(store, &not_found), 0);
    assert_int_equal(store_count(store), 0);
    assert_int_equal(store_take_incident(store, &backend_down), 0);
    assert_int_equal(store_get(store, 0)->verdict, VERDICT_NOT_A_PERMISSION_PROBLEM);
    assert_non_null(strstr(store_get(store, 0)->summary, "nothing listens"));
    store_free(store);
}

/* Denials of one content are one problem, whichever others came between; more contents than are
 * remembered push one another out. */
static void test_contents(void **state _unused_)
{
    const int n = 2 * STORE_SIGNATURES + 1;
    Counts counts = {};
    Store *store = make_store(&counts);

    for (int round = 0; round < 3; round++)
        for (int i = 0; i < n; i++) {
            Denial denial = make_denial(3000 + i, (uint64_t)(round * n + i + 1));
            const Incident incident = {.denial = &denial};

            denial.content = i % 5 == 0 ? 0 : (uint64_t)i; /* of some it is not known */
            assert_int_equal(store_take_incident(store, &incident), 0);
        }
    assert_int_equal(store_count(store), n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(store_get(store, (size_t)i)->count, 3);
        assert_int_equal(store_get(store, (size_t)i)->port, 3000 + i);
    }
    store_free(store);
}

static void test_eviction(void **state _unused_)
{
    Counts counts = {};
    Store *store = make_store(&counts);
    _cleanup_free_ char *dismissed = NULL;

    for (int port = 1; port <= (int)DIAGNOSES_MAX; port++)
        take(store, port, (uint64_t)port);
    dismissed = strdup(store_get(store, 100)->id);
    assert_int_equal(store_dismiss(store, dismissed), 0);
    take(store, 60000, 60000);
    assert_int_equal(store_count(store), DIAGNOSES_MAX);
    assert_null(store_find(store, dismissed)); /* what is settled goes first */
    take(store, 60001, 60001);
    assert_int_equal(store_get(store, 0)->port, 2); /* then the oldest */
    assert_int_equal(store_statistics(store)->evicted, 2);
    store_free(store);
}

static void test_analysis_queue(void **state _unused_)
{
    Counts counts = {};
    Store *store = make_store(&counts);
    _cleanup_json_ json_object *object = json_object_new_object();

    assert_false(store_has_unanalyzed(store));
    take(store, 3000, 1);
    take(store, 3001, 2);
    assert_int_equal(store_next_unanalyzed(store)->port, 3000);
    assert_int_equal(store_next_unanalyzed(store)->port, 3001);
    assert_null(store_next_unanalyzed(store));
    take(store, 3000, 3); /* nothing new about it */
    assert_false(store_has_unanalyzed(store));
    /* What has no answer yet comes first, then what was seen last. */
    take(store, 3002, 4);
    store_get(store, 0)->analyzed = store_get(store, 1)->analyzed = true;
    store_invalidate(store);
    assert_int_equal(store_count_unanswered(store), 1);
    assert_int_equal(store_next_unanalyzed(store)->port, 3002);
    assert_int_equal(store_count_unanswered(store), 0);
    assert_int_equal(store_next_unanalyzed(store)->port, 3000);
    assert_int_equal(store_next_unanalyzed(store)->port, 3001);
    store_get(store, 0)->analyzed = store_get(store, 1)->analyzed = false;
    store_invalidate(store);
    assert_true(store_has_unanalyzed(store));
    /* News first, then what is asked about again. */
    store_get(store, 0)->analyzed = store_get(store, 1)->analyzed = true;
    take(store, 3002, 4);
    assert_int_equal(store_next_unanalyzed(store)->port, 3002);
    assert_int_equal(store_next_unanalyzed(store)->port, 3000);
    assert_int_equal(store_take_analysis(store, "ffffffffffffffff", object), -ENOENT);
    assert_int_equal(store_take_analysis(store, store_get(store, 0)->id, object), -EBADMSG);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_late_halves),
        cmocka_unit_test(test_relevance),
        cmocka_unit_test(test_mended_permissions),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_analysis_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
