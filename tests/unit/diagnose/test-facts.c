/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The situations that web servers really meet, in the names of both families of policies: what
 * they are called, which fixes they have and in which order, and what is never offered for them.
 */
#include <errno.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/selinux/ports.h"
#include "tests/unit/diagnose/helper.h"

#define TARGETED  0x1u
#define REFPOLICY 0x2u
#define BOTH      (TARGETED | REFPOLICY)

static const struct {
    unsigned world;
    const char *path;
} worlds[] = {
    {TARGETED, POLICY_TARGETED},
    {REFPOLICY, POLICY_REFPOLICY},
};

/* --- ports ------------------------------------------------------------------------------ */

typedef struct PortRow {
    unsigned worlds;
    const char *type, *permission;
    int port;
    Cause cause;
    const char *first;      /* summary of the first fix */
    const char *offered[4]; /* starts of summaries that must be there */
    const char *refused[4]; /* of refusals */
} PortRow;

#define CONNECT "name_connect"
#define BIND    "name_bind"
#define OWN     "a type of its own"
#define ANY     "turn the boolean httpd_can_network_connect on"

static const PortRow port_rows[] = {
    {BOTH,
     "ntop_port_t",
     CONNECT,
     3000,
     CAUSE_BOOLEAN,
     OWN,
     {ANY, "label tcp port 3000 as http_port_t, and turn httpd_graceful_shutdown on"},
     {"label tcp port 3000 as http_port_t", "label tcp port 3000 as http_cache_port_t"}},
    {BOTH, "commplex_main_port_t", CONNECT, 5000, CAUSE_BOOLEAN, OWN, {ANY}, {NULL}},
    {BOTH, "redis_port_t", CONNECT, 6379, CAUSE_BOOLEAN, OWN, {ANY}, {NULL}},
    /* Between two that open the same, the standard action. */
    {TARGETED,
     "memcache_port_t",
     CONNECT,
     11211,
     CAUSE_BOOLEAN,
     "turn the boolean httpd_can_network_memcache on",
     {ANY, "turn the boolean httpd_can_network_relay on", OWN},
     {NULL}},
    {REFPOLICY,
     "memcache_port_t",
     CONNECT,
     11211,
     CAUSE_BOOLEAN,
     "turn the boolean httpd_can_network_connect_memcache on",
     {ANY, "turn the boolean httpd_can_network_relay on", OWN},
     {NULL}},
    {BOTH,
     "mysqld_port_t",
     CONNECT,
     3306,
     CAUSE_BOOLEAN,
     OWN,
     {ANY, "turn the boolean httpd_can_network_connect_db on"},
     {NULL}},
    {BOTH,
     "postgresql_port_t",
     CONNECT,
     5432,
     CAUSE_BOOLEAN,
     OWN,
     {ANY, "turn the boolean httpd_can_network_connect_db on"},
     {NULL}},
    {BOTH, "mongod_port_t", CONNECT, 27017, CAUSE_BOOLEAN, OWN, {ANY}, {NULL}},
    {BOTH,
     "http_cache_port_t",
     CONNECT,
     8080,
     CAUSE_BOOLEAN,
     OWN,
     {ANY, "turn the boolean httpd_can_network_relay on"},
     {NULL}},
    {BOTH,
     "http_port_t",
     CONNECT,
     8443,
     CAUSE_BOOLEAN,
     NULL,
     {ANY, "turn the boolean httpd_graceful_shutdown on",
      "turn the boolean httpd_can_network_relay on"},
     {NULL}},
    /* A || !B: the second half by turning one off. */
    {BOTH,
     "websm_port_t",
     CONNECT,
     9090,
     CAUSE_BOOLEAN,
     "turn the boolean httpd_verify_dns off",
     {"turn the boolean httpd_verify_dns off", "turn the boolean httpd_can_network_relay on"},
     {NULL}},
    {TARGETED, "soundd_port_t", CONNECT, 8000, CAUSE_BOOLEAN, OWN, {ANY}, {NULL}},
    {TARGETED, "us_cli_port_t", CONNECT, 8082, CAUSE_BOOLEAN, OWN, {ANY}, {NULL}},
    {TARGETED,
     "ldap_port_t",
     CONNECT,
     389,
     CAUSE_BOOLEAN,
     NULL,
     {ANY, "turn the boolean httpd_can_connect_ldap on"},
     {"nis_enabled"}},
    {TARGETED,
     "smtp_port_t",
     CONNECT,
     25,
     CAUSE_BOOLEAN,
     NULL,
     {ANY, "turn the boolean httpd_can_sendmail on"},
     {"nis_enabled"}},
    {TARGETED,
     "ephemeral_port_t",
     CONNECT,
     40000,
     CAUSE_BOOLEAN,
     OWN,
     {ANY, "turn the boolean httpd_can_network_relay on"},
     {NULL}},
    /* Nobody's port: what "fixes" it for everybody is refused. */
    {TARGETED, "unreserved_port_t", CONNECT, 8001, CAUSE_BOOLEAN, OWN, {ANY}, {"nis_enabled"}},
    {REFPOLICY, "unreserved_port_t", CONNECT, 8001, CAUSE_BOOLEAN, OWN, {ANY}, {"allow_ypbind"}},
    {BOTH,
     "transproxy_port_t",
     BIND,
     8081,
     CAUSE_PORT_LABEL,
     NULL,
     {"label tcp port 8081 as http_port_t", "label tcp port 8081 as http_cache_port_t"},
     {NULL}},
    {TARGETED,
     "unreserved_port_t",
     BIND,
     8085,
     CAUSE_BOOLEAN,
     NULL,
     {"label tcp port 8085 as http_port_t"},
     {"nis_enabled"}},
    {BOTH,
     "reserved_port_t",
     BIND,
     82,
     CAUSE_PORT_LABEL,
     NULL,
     {"label tcp port 82 as http_port_t"},
     {NULL}},
};

static Diagnosis *diagnose_port(const Policy *policy, const PortRow *row)
{
    const bool binding = streq(row->permission, BIND);
    _cleanup_free_ char *target = format_string("system_u:object_r:%s:s0", row->type);
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = target,
        .target_class = "tcp_socket",
        .permissions = row->permission,
        .source_port = binding ? row->port : -1,
        .dest_port = binding ? -1 : row->port,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    const AnalysisOptions options = {.domain = "httpd_t"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

static void check_port(const Policy *policy, const PortRow *row)
{
    Diagnosis *diagnosis = diagnose_port(policy, row);
    const Fix *own;

    print_message("%s %d\n", row->permission, row->port);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_int_equal(diagnosis->cause, row->cause);
    check_fixes(diagnosis);
    if (row->first)
        assert_non_null(strstr(diagnosis->fixes[0].summary, row->first));
    for (size_t i = 0; i < ELEMENTS_OF(row->offered) && row->offered[i]; i++)
        need_fix(diagnosis, row->offered[i]);
    for (size_t i = 0; i < ELEMENTS_OF(row->refused) && row->refused[i]; i++)
        assert_string_not_equal(find_refusal(diagnosis, row->refused[i]), "");
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        for (size_t a = 0; a < diagnosis->fixes[i].plan.n_actions; a++)
            assert_false(streq_ptr(diagnosis->fixes[i].plan.actions[a].name, "nis_enabled"));
    if (port_belongs_to_service((uint16_t)row->port, row->type)) {
        char *const label = format_string("label tcp port %d", row->port);

        assert_non_null(label);
        assert_string_not_equal(find_refusal(diagnosis, label), "");
        for (size_t i = 0; i < diagnosis->n_fixes; i++)
            assert_null(strstr(diagnosis->fixes[i].summary, OWN));
        free(label);
        diagnosis_free(diagnosis);
        return;
    }
    /* The type of its own opens one port to one domain and takes it from nobody. */
    own = need_fix(diagnosis, OWN);
    assert_int_equal(own->exposure.ports_count, 1);
    assert_int_equal(own->exposure.n_domains, 1);
    assert_string_equal(own->exposure.domains[0], "httpd_t");
    assert_int_equal(own->breaks_total, 0);
    diagnosis_free(diagnosis);
}

static void test_ports(void **state _unused_)
{
    for (size_t w = 0; w < ELEMENTS_OF(worlds); w++) {
        Policy *policy = load(worlds[w].path);

        for (size_t i = 0; i < ELEMENTS_OF(port_rows); i++)
            if (port_rows[i].worlds & worlds[w].world)
                check_port(policy, &port_rows[i]);
        policy_free(policy);
    }
}

/* --- files and sockets -------------------------------------------------------------------- */

typedef struct FileRow {
    unsigned worlds;
    const char *type, *class, *permissions;
    const char *name; /* all that the kernel says */
    const char *path; /* by nginx's log */
    const char *operation;
    const char *peer; /* type of who listens; NULL: not known, or none */
    Cause cause;
    const char *first, *also; /* starts of summaries; NULL: no fix at all, or no other */
    const char *refused;
} FileRow;

static const FileRow file_rows[] = {
    {BOTH, "user_home_t", "file", "read", "index.html", "/srv/shop/index.html", "open", NULL,
     CAUSE_FILE_LABEL, "label /srv/shop and what is below it as httpd_sys_content_t",
     "turn the boolean httpd_read_user_content on", NULL},
    {BOTH, "admin_home_t", "file", "open read", "moved.html", "/srv/www/moved.html", "open", NULL,
     CAUSE_FILE_LABEL, "label /srv/www and what is below it as httpd_sys_content_t", NULL, NULL},
    {TARGETED, "default_t", "file", "read", "x.html", "/web/site/x.html", "open", NULL,
     CAUSE_FILE_LABEL, "label /web/site and what is below it as httpd_sys_content_t", NULL, NULL},
    {TARGETED, "nfs_t", "file", "read", "x.html", "/mnt/share/site/x.html", "open", NULL,
     CAUSE_BOOLEAN, "turn the boolean httpd_use_nfs on",
     "turn the booleans httpd_enable_homedirs on and use_nfs_home_dirs on", NULL},
    {TARGETED, "cifs_t", "file", "read", "x.html", "/mnt/share/site/x.html", "open", NULL,
     CAUSE_BOOLEAN, "turn the boolean httpd_use_cifs on", NULL, NULL},
    {TARGETED, "fusefs_t", "file", "read", "x.html", "/mnt/share/site/x.html", "open", NULL,
     CAUSE_BOOLEAN, "turn the boolean httpd_use_fusefs on", NULL, NULL},
    {TARGETED, "var_t", "dir", "write", "uploads", "/srv/shop/uploads/0001", "open", NULL,
     CAUSE_FILE_LABEL, "label /srv/shop/uploads and what is below it as httpd_sys_rw_content_t",
     NULL, NULL},
    {TARGETED, "httpd_sys_content_t", "dir", "write", "uploads", "/srv/shop/uploads/0001", "open",
     NULL, CAUSE_FILE_LABEL,
     "label /srv/shop/uploads and what is below it as httpd_sys_rw_content_t",
     "turn the boolean httpd_unified on", NULL},
    /* A socket of a backend without a domain of its own: one obstacle behind the other. */
    {TARGETED, "var_run_t", "sock_file", "write", "app.sock", "/run/myapp/app.sock", "connect",
     "unconfined_service_t", CAUSE_FILE_LABEL,
     "label /run/myapp and what is below it as httpd_var_run_t, and allow httpd_t to connect to "
     "unconfined_service_t",
     NULL, NULL},
    {REFPOLICY, "initrc_runtime_t", "dir", "search", "myapp", "/run/myapp/app.sock", "connect",
     "initrc_t", CAUSE_FILE_LABEL,
     "label /run/myapp and what is below it as httpd_runtime_t, and allow httpd_t to connect to "
     "initrc_t",
     NULL, NULL},
    {TARGETED, "var_run_t", "sock_file", "write", "app.sock", "/run/myapp/app.sock", "connect",
     NULL, CAUSE_FILE_LABEL, "label /run/myapp and what is below it as httpd_var_run_t", NULL,
     NULL},
    /* A boolean does all of it. */
    {TARGETED, "winbind_var_run_t", "dir", "search", "winbindd", "/run/winbindd/pipe", "connect",
     "winbind_t", CAUSE_BOOLEAN, NULL, "turn the boolean httpd_mod_auth_ntlm_winbind on", NULL},
    {BOTH, "shadow_t", "file", "read", "shadow", "/etc/shadow", "open", NULL, CAUSE_FILE_LABEL,
     NULL, NULL, "holds secrets"},
    {TARGETED, "sshd_key_t", "file", "read", "key", "/etc/ssh/key", "open", NULL, CAUSE_FILE_LABEL,
     NULL, NULL, "holds secrets"},
    {TARGETED, "krb5_keytab_t", "file", "read", "krb5.keytab", "/etc/krb5.keytab", "open", NULL,
     CAUSE_FILE_LABEL, NULL, NULL, "holds secrets"},
};

static Diagnosis *diagnose_file(const Policy *policy, const FileRow *row)
{
    _cleanup_free_ char *target = format_string("system_u:object_r:%s:s0", row->type);
    const bool socket = streq(row->operation, "connect");
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = target,
        .target_class = row->class,
        .permissions = row->permissions,
        .name = row->name,
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Failure failure = {
        .operation = row->operation,
        .error = EACCES,
        .target_kind = socket ? FAILURE_TARGET_SOCKET : FAILURE_TARGET_PATH,
        .target = row->path,
        .port = -1,
    };
    const Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};
    const AnalysisOptions options = {.domain = "httpd_t"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    if (row->peer)
        diagnosis->peer_context = format_string("system_u:system_r:%s:s0", row->peer);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

static void check_socket(const FileRow *row, const Diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->n_fixes; i++) {
        const Fix *fix = &diagnosis->fixes[i];
        bool connects = false;

        for (size_t p = 0; p < fix->n_proofs; p++)
            connects = connects || streq(fix->proofs[p].access.permissions, "connectto");
        assert_int_equal(connects, row->peer != NULL);
        if (!row->peer)
            assert_non_null(strstr(strempty(fix->caveat), "Who listens"));
        else
            assert_null(strstr(strempty(fix->caveat), "Who listens"));
    }
}

static void check_file(const Policy *policy, const FileRow *row)
{
    Diagnosis *diagnosis = diagnose_file(policy, row);

    print_message("%s %s %s\n", row->type, row->class, row->path);
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        print_message("  %s\n", diagnosis->fixes[i].summary);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    check_fixes(diagnosis);
    if (row->first)
        assert_int_equal(strncmp(diagnosis->fixes[0].summary, row->first, strlen(row->first)), 0);
    if (row->first || row->also)
        assert_int_equal(diagnosis->cause, row->cause);
    if (row->also)
        need_fix(diagnosis, row->also);
    if (row->refused) {
        assert_int_equal(diagnosis->n_fixes, 0);
        assert_non_null(strstr(find_refusal(diagnosis, ""), row->refused));
    }
    if (diagnosis->target_kind == TARGET_SOCKET)
        check_socket(row, diagnosis);
    diagnosis_free(diagnosis);
}

static void test_files(void **state _unused_)
{
    for (size_t w = 0; w < ELEMENTS_OF(worlds); w++) {
        Policy *policy = load(worlds[w].path);

        for (size_t i = 0; i < ELEMENTS_OF(file_rows); i++)
            if (file_rows[i].worlds & worlds[w].world)
                check_file(policy, &file_rows[i]);
        policy_free(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
