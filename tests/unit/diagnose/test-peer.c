/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix sockets as a whole: who listens, how that is learnt, and what a directory on the way is. */
#include <errno.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/diagnose/peer.h"
#include "daemon/diagnose/target-path.h"
#include "tests/unit/diagnose/helper.h"

#define SOCKET "/run/myapp/app.sock"

static Diagnosis *make(const char *target, const char *class, const char *permissions,
                       const char *name, const char *path)
{
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = target,
        .target_class = class,
        .permissions = permissions,
        .path = streq(class, "unix_stream_socket") ? path : NULL,
        .name = name,
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Failure failure = {
        .operation = "connect",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_SOCKET,
        .target = path,
        .port = -1,
    };
    const Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    return diagnosis;
}

static Diagnosis *make_search(const char *name, const char *path)
{
    return make("system_u:object_r:var_run_t:s0", "sock_file", "write", name, path);
}

static Diagnosis *make_connectto(const char *path)
{
    return make("system_u:system_r:unconfined_service_t:s0", "unix_stream_socket", "connectto",
                NULL, path);
}

static void test_learns_peer(void **state _unused_)
{
    Diagnosis *first = make_search("app.sock", "/run//myapp/app.sock");
    Diagnosis *second = make_connectto(SOCKET);
    Diagnosis *other = make_connectto("/run/other.sock");

    assert_null(first->peer_context);
    assert_non_null(second->peer_context);
    assert_int_equal(diagnosis_learn_peer(first, other), 0);
    assert_null(first->peer_context);
    assert_int_equal(diagnosis_learn_peer(first, second), 1);
    assert_string_equal(first->peer_context, "system_u:system_r:unconfined_service_t:s0");
    assert_int_equal(diagnosis_learn_peer(first, second), 0); /* it knows */
    assert_int_equal(diagnosis_learn_peer(second, first), 0); /* what names one needs no other */
    assert_int_equal(diagnosis_learn_peer(other, second), 0);
    diagnosis_free(first);
    diagnosis_free(second);
    diagnosis_free(other);
}

typedef struct Host {
    const char *peer;  /* type */
    const char *label; /* of each object */
} Host;

static char *read_peer(const char *path, void *userdata)
{
    const Host *host = userdata;

    assert_string_equal(path, SOCKET);
    return host->peer ? format_string("system_u:system_r:%s:s0", host->peer) : NULL;
}

static char *read_label(const char *path, const char *class, void *userdata)
{
    const Host *host = userdata;

    assert_int_equal(path[0], '/');
    assert_true(streq(class, "dir") || streq(class, "file") || streq(class, "sock_file"));
    return host->label ? format_string("system_u:object_r:%s:s0", host->label) : NULL;
}

static bool proves(const Fix *fix, const char *class, const char *target)
{
    for (size_t i = 0; i < fix->n_proofs; i++)
        if (streq(fix->proofs[i].access.target_class, class) &&
            strstr(fix->proofs[i].access.target_context, target))
            return true;
    return false;
}

/* The host's word counts, and counts again each time. */
static void test_asks_host(void **state _unused_)
{
    Host host = {.peer = "unconfined_service_t", .label = "var_run_t"};
    const AnalysisOptions options = {
        .domain = "httpd_t",
        .read_label = read_label,
        .read_peer = read_peer,
        .userdata = &host,
    };
    Policy *policy = load(POLICY_TARGETED);
    Diagnosis *diagnosis = make_search("app.sock", SOCKET);
    const Fix *fix;

    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    check_fixes(diagnosis);
    fix = need_fix(diagnosis, "and allow httpd_t to connect to unconfined_service_t");
    assert_null(fix->caveat);
    assert_int_equal(fix->plan.n_actions, 3);
    assert_int_equal(fix->plan.actions[0].kind, ACTION_INSTALL_MODULE);
    assert_string_equal(fix->plan.actions[0].cil,
                        "(allow httpd_t unconfined_service_t (unix_stream_socket (connectto)))\n");
    assert_true(proves(fix, "unix_stream_socket", "unconfined_service_t"));
    assert_true(proves(fix, "sock_file", "httpd_var_run_t"));
    assert_true(proves(fix, "dir", "var_run_t"));

    /* Another service listens now. */
    host.peer = "init_t";
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    need_fix(diagnosis, "and allow httpd_t to connect to init_t");
    assert_null(find_fix(diagnosis, "unconfined_service_t"));

    /* Nobody: what was known last is still the best guess of who will. */
    host.peer = NULL;
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    need_fix(diagnosis, "and allow httpd_t to connect to init_t");

    /* A directory that nginx may not search, and that no fix here is about. */
    host.label = "shadow_t";
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_null(find_fix(diagnosis, "label /run/myapp"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* A socket that has its type for the sake of who listens. */
static void test_leaves_others_sockets(void **state _unused_)
{
    Policy *policy = load(POLICY_TARGETED);
    Diagnosis *diagnosis =
        make("system_u:object_r:winbind_var_run_t:s0", "dir", "search", "myapp", SOCKET);
    const AnalysisOptions options = {.domain = "httpd_t"};

    assert_int_equal(string_replace(&diagnosis->peer_context, "system_u:system_r:winbind_t:s0"), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    check_fixes(diagnosis);
    need_fix(diagnosis, "turn the boolean httpd_mod_auth_ntlm_winbind on");
    assert_null(find_fix(diagnosis, "label /run/myapp"));
    assert_non_null(strstr(find_refusal(diagnosis, "another label"), "process that listens"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* Without a label to give, one module has all that is missing. */
static void test_module_has_all(void **state _unused_)
{
    static char winbind[] = "httpd_mod_auth_*";
    char *const denied[] = {winbind, NULL};
    Policy *policy = load(POLICY_TARGETED);
    Diagnosis *diagnosis =
        make("system_u:object_r:winbind_var_run_t:s0", "dir", "search", "myapp", SOCKET);
    const AnalysisOptions options = {.domain = "httpd_t", .denied_booleans = denied};
    const Fix *fix;

    assert_int_equal(string_replace(&diagnosis->peer_context, "system_u:system_r:winbind_t:s0"), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    check_fixes(diagnosis);
    fix = need_fix(diagnosis, "policy module of its own");
    assert_string_equal(fix->plan.actions[0].cil,
                        "(allow httpd_t winbind_var_run_t (dir (search)))\n"
                        "(allow httpd_t winbind_var_run_t (sock_file (write)))\n"
                        "(allow httpd_t winbind_t (unix_stream_socket (connectto)))\n");
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* What everything without a label has is given no rule. */
static void test_unlabelled(void **state _unused_)
{
    Policy *policy = load(POLICY_TARGETED);
    Diagnosis *diagnosis = make("system_u:object_r:unlabeled_t:s0", "file", "read", "index.html",
                                "/srv/site/index.html");
    const AnalysisOptions options = {.domain = "httpd_t"};

    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        assert_int_not_equal(diagnosis->fixes[i].plan.actions[0].kind, ACTION_INSTALL_MODULE);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void test_paths(void **state _unused_)
{
    static const struct {
        const char *path, *name, *directory, *tree; /* tree: to relabel, NULL if shared */
    } rows[] = {
        {"/run/myapp/app.sock", "myapp", "/run/myapp", "/run/myapp"},
        {"/run/a/b/app.sock", "a", "/run/a", "/run/a"},
        {"/run/a/b/a/x", "a", "/run/a/b/a", "/run/a/b/a"},
        {"/srv/shop/img/x.png", "shop", "/srv/shop", "/srv/shop"},
        {"/home/anna/site/x", "anna", "/home/anna", NULL},
        {"/var/log/nginx/x", "log", "/var/log", NULL},
        {"/run/myapp/app.sock", "app.sock", NULL, NULL}, /* the object itself is no directory */
        {"/run/myapp/app.sock", "app", NULL, NULL},
        {"/run/myapp/app.sock", "yapp", NULL, NULL},
        {"/x", "", NULL, NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *directory = NULL;
        TargetPath target = {};

        assert_int_equal(target_path_find_component(rows[i].path, rows[i].name, &directory), 0);
        if (!rows[i].directory) {
            assert_null(directory);
            continue;
        }
        assert_string_equal(directory, rows[i].directory);
        assert_int_equal(target_path_choose_directory(directory, &target),
                         rows[i].tree ? 0 : -EPERM);
        if (rows[i].tree) {
            assert_string_equal(target.path, rows[i].tree);
            assert_true(target.tree);
        }
        target_path_clear(&target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_peer),
        cmocka_unit_test(test_asks_host),
        cmocka_unit_test(test_leaves_others_sockets),
        cmocka_unit_test(test_module_has_all),
        cmocka_unit_test(test_unlabelled),
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
