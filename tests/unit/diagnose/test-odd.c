/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies that share no name with any in use: the engine must find its way by what their rules
 * allow, and what it says must hold for every denial that they can give rise to.
 */
#include "daemon/core/diagnosis-json.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"
#include "tests/unit/diagnose/helper.h"

typedef struct Denied {
    const char *source, *target, *class, *permissions; /* contexts */
    const char *path, *peer;
    int port;
    int ioctl_command;
} Denied;

static Diagnosis *diagnose(const Policy *policy, const Denied *denied)
{
    const bool binding = strstr(denied->permissions, "name_bind") != NULL;
    const Denial denial = {
        .time_usec = 1,
        .source_context = denied->source,
        .target_context = denied->target,
        .target_class = denied->class,
        .permissions = denied->permissions,
        .path = denied->path,
        .source_port = binding ? denied->port : -1,
        .dest_port = binding || denied->port == 0 ? -1 : denied->port,
        .capability = -1,
        .ioctl_command = denied->ioctl_command,
    };
    const Incident incident = {.denial = &denial};
    const AnalysisOptions options = {.domain = "WWWserver"};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    if (denied->peer)
        assert_int_equal(string_replace(&diagnosis->peer_context, denied->peer), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

/* What must hold of any answer; it also survives the way from the worker. */
static void check_answer(const Policy *policy, const Denied *denied)
{
    Diagnosis *diagnosis = diagnose(policy, denied);
    _cleanup_json_ json_object *object = NULL;
    Diagnosis *read = diagnosis_new();

    check_fixes(diagnosis);
    assert_non_null(diagnosis->summary);
    for (size_t i = 0; i < diagnosis->n_refusals; i++)
        assert_true(*diagnosis->refusals[i].reason != '\0');
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        for (size_t a = 0; a < diagnosis->fixes[i].plan.n_actions; a++) {
            const Action *action = &diagnosis->fixes[i].plan.actions[a];

            if (action->kind == ACTION_SET_BOOLEAN)
                assert_true(policy_find_boolean(policy, action->name) > 0);
            else if (action->kind == ACTION_SET_FILE_CONTEXT)
                assert_true(policy_find_type(policy, action->type) > 0);
        }
    assert_non_null(read);
    assert_int_equal(diagnosis_to_json(diagnosis, &object), 0);
    assert_int_equal(diagnosis_read_analysis(read, object), 0);
    assert_int_equal(read->n_fixes, diagnosis->n_fixes);
    diagnosis_free(read);
    diagnosis_free(diagnosis);
}

static void check_every_denial(const Policy *policy, const char *source, const char *rest)
{
    static const char *const files[][2] = {
        {"file", "open read"},
        {"dir", "write"},
        {"unix_stream_socket", "connectto"},
    };
    static const int ports[] = {80, 4005, 4010, 7000};
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    unsigned n = 0;

    for (uint32_t type = 1; type <= policy_n_types(policy); type++) {
        _cleanup_free_ char *target =
            policy_type_is_attribute(policy, type) || !policy_type_name(policy, type)
                ? NULL
                : format_string("%s:object_r:%s%s", strtok(strdupa(source), ":"),
                                policy_type_name(policy, type), rest);

        for (size_t i = 0; target && i < ELEMENTS_OF(files); i++) {
            const Denied denied = {source, target, files[i][0], files[i][1], "/srv/a/b/c", NULL, 0};

            check_answer(policy, &denied);
            n++;
        }
    }
    for (size_t i = 0; i < 2 * ELEMENTS_OF(ports); i++) {
        const int port = ports[i / 2];
        _cleanup_free_ char *target = port_context(hypothesis, PORT_TCP, (uint16_t)port);
        const Denied denied = {.source = source,
                               .target = target,
                               .class = "tcp_socket",
                               .permissions = i % 2 ? "name_bind" : "name_connect",
                               .port = port};

        check_answer(policy, &denied);
        n++;
    }
    print_message("%u denials\n", n);
    assert_true(n > 30);
}

#define WWW "everyone:all_roles:WWWserver"

static void test_names_of_nobody(void **state _unused_)
{
    static const struct {
        Denied denied;
        const char *fixes[3];
        const char *refused; /* a reason */
    } rows[] = {
        /* One off and one on; the range behind it, and the port in it that has its own label. */
        {{WWW, "everyone:object_r:appports", "tcp_socket", "name_connect", NULL, NULL, 4003},
         {"a type of its own", "turn the booleans www_relays on and www_strict off"},
         NULL},
        {{WWW, "everyone:object_r:mailports", "tcp_socket", "name_connect", NULL, NULL, 4005},
         {"a type of its own", "turn the boolean mail_from_web on",
          "turn the boolean www_strict off"},
         NULL},
        {{WWW, "everyone:object_r:anyport", "tcp_socket", "name_connect", NULL, NULL, 60000},
         {"a type of its own"},
         NULL},
        {{WWW, "everyone:object_r:anyport", "tcp_socket", "name_bind", NULL, NULL, 60000},
         {"label tcp port 60000 as webports"},
         NULL},
        /* Labels by what they are for, with the boolean that they need. */
        {{WWW, "everyone:object_r:attic", "file", "open read", "/srv/old/x/page", NULL, 0},
         {"label /srv/old/x and what is below it as pages"},
         NULL},
        {{WWW, "everyone:object_r:pages_rw", "file", "write", "/srv/up/x/file", NULL, 0},
         {"turn the boolean www_locked off"},
         NULL},
        /* Kept from those who read all else. */
        {{WWW, "everyone:object_r:strongbox", "file", "open read", "/srv/box/x/y", NULL, 0},
         {NULL},
         "holds secrets"},
        /* Nobody knows where it is: a rule for all that has the type is no answer to that. */
        {{WWW, "everyone:object_r:nolabel", "file", "write", NULL, NULL, 0}, {NULL}, NULL},
        /* A socket that its listener needs as it is. */
        {{WWW, "everyone:object_r:backend_sockets", "sock_file", "write", "/srv/run/app/s",
          "everyone:all_roles:backend_app", 0},
         {"policy module of its own"},
         "process that listens"},
        /* A name inside a block is none that a module of ours can say. */
        {{WWW, "everyone:object_r:sandbox.data", "file", "open read", "/usr/x/y", NULL, 0},
         {"label /usr/x/y as pages"},
         NULL},
    };
    Policy *policy = load(POLICY_ODD);

    assert_false(policy_is_mls(policy));
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Diagnosis *diagnosis = diagnose(policy, &rows[i].denied);

        print_message("%zu\n", i);
        for (size_t f = 0; f < diagnosis->n_fixes; f++)
            print_message("  %s\n", diagnosis->fixes[f].summary);
        for (size_t f = 0; f < diagnosis->n_refusals; f++)
            print_message("  not: %s\n", diagnosis->refusals[f].reason);
        check_fixes(diagnosis);
        for (size_t f = 0; f < ELEMENTS_OF(rows[i].fixes) && rows[i].fixes[f]; f++)
            need_fix(diagnosis, rows[i].fixes[f]);
        if (rows[i].refused)
            assert_non_null(strstr(find_refusal(diagnosis, ""), rows[i].refused));
        if (!rows[i].fixes[0])
            assert_int_equal(diagnosis->n_fixes, 0);
        diagnosis_free(diagnosis);
    }
    check_every_denial(policy, WWW, "");
    check_every_denial(policy, "everyone:all_roles:mailer", "");
    policy_free(policy);
}

/* What no boolean, label or rule can move is called by its name, and nothing is offered. */
static void test_deep_obstacles(void **state _unused_)
{
    static const struct {
        Denied denied;
        Cause cause;
        const char *note;
    } rows[] = {
        {{"u:r:srv:s0", "u:object_r:doc:s2:red", "file", "open read", "/srv/a/b", NULL, 0},
         CAUSE_CONSTRAINT,
         "l1 dom l2"},
        {{"u:r:srv:s0", "u:object_r:doc:s1", "file", "write", "/srv/a/b", NULL, 0},
         CAUSE_CONSTRAINT,
         "l1 == l2"},
        {{"u:r:srv_child:s0", "u:object_r:doc:s0", "file", "write", "/srv/a/b", NULL, 0},
         CAUSE_BOUNDS,
         NULL},
        /* Listed commands only: allowed on the face of it, and denied by the kernel. */
        {{"u:r:srv:s0", "u:object_r:doc:s0", "file", "ioctl", "/srv/a/b", NULL, 0},
         CAUSE_MISSING_RULE,
         "not recorded"},
        {{"u:r:srv:s0", "u:object_r:doc:s0", "file", "ioctl", "/srv/a/b", NULL, 0, 0x8912},
         CAUSE_MISSING_RULE,
         "0x5400-0x54ff, and 0x8912 is not one of them"},
    };
    Policy *policy = load(POLICY_ODD_LEVELS);
    Diagnosis *diagnosis;

    assert_int_equal(policy_version(policy), 31);
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        diagnosis = diagnose(policy, &rows[i].denied);
        print_message("%zu: %s\n", i, strempty(diagnosis->notes[0]));
        assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
        assert_false(diagnosis->allowed_now);
        assert_int_equal(diagnosis->cause, rows[i].cause);
        if (rows[i].note)
            assert_true(notes_say(diagnosis, rows[i].note));
        assert_int_equal(diagnosis->n_fixes, 0);
        diagnosis_free(diagnosis);
    }

    /* A permissive domain; a class and a level that the policy does not know. */
    diagnosis = diagnose(
        policy, &(Denied){"u:r:trial:s0", "u:object_r:doc:s0", "file", "read", NULL, NULL, 0});
    assert_true(notes_say(diagnosis, "permissive"));
    diagnosis_free(diagnosis);
    diagnosis = diagnose(
        policy, &(Denied){"u:r:srv:s0", "u:object_r:doc:s0", "no_such", "read", NULL, NULL, 0});
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_false(diagnosis->allowed_now);
    diagnosis_free(diagnosis);
    diagnosis = diagnose(
        policy, &(Denied){"u:r:srv:s9", "u:object_r:doc:s0", "file", "read", NULL, NULL, 0});
    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    diagnosis_free(diagnosis);
    check_every_denial(policy, "u:r:srv:s0", ":s0");
    check_every_denial(policy, "u:r:srv_child:s0", ":s1:red");
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_nobody),
        cmocka_unit_test(test_deep_obstacles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
