/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain permissions through the engine: which component refuses, which changes are proposed, and
 * that none of them opens more than it has to.
 */
#include <errno.h>
#include <sys/stat.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "tests/unit/diagnose/helper.h"

static HostView *make_view(void)
{
    HostView *view = calloc(1, sizeof(*view));

    assert_non_null(view);
    view->root_fd = -1;
    assert_int_equal(accounts_parse("root:x:0:0::/root:/bin/sh\nnginx:x:990:990::/:/bin/false\n"
                                    "app:x:1000:1000::/home/app:/bin/sh\n",
                                    "root:x:0:\nnginx:x:990:\napp:x:1000:\nssl-cert:x:101:\n",
                                    &view->accounts),
                     0);
    return view;
}

typedef struct Part {
    const char *path;
    mode_t mode;
    uint32_t uid, gid;
    const char *type; /* of the label, NULL for none */
} Part;

/* The last part is the object. */
static void make_facts(const HostView *view, const Part *parts, size_t n, HostFacts *facts)
{
    const Subject nginx = {.uid = 990, .gid = 990, .gids = {990}, .n_gids = 1};

    *facts =
        (HostFacts){.view = view, .have_path = true, .source = SUBJECT_PROCESS, .subject = nginx};
    facts->path.path = strdup(parts[n - 1].path);
    facts->path.components = calloc(n, sizeof(*facts->path.components));
    facts->path.n_components = n;
    facts->path.object = (ssize_t)n - 1;
    facts->path.parent = (ssize_t)n - 2;
    for (size_t i = 0; i < n; i++) {
        PathComponent *component = &facts->path.components[i];

        component->path = strdup(parts[i].path);
        component->mode = parts[i].mode;
        component->uid = parts[i].uid;
        component->gid = parts[i].gid;
        if (parts[i].type)
            component->label = format_string("system_u:object_r:%s:s0", parts[i].type);
    }
}

static Diagnosis *diagnose(const Policy *policy, const HostFacts *facts, const char *operation,
                           FailureTargetKind kind)
{
    const Failure failure = {
        .time_usec = 1,
        .time_known = true,
        .level = "error",
        .pid = 100,
        .connection = 1,
        .operation = operation,
        .error = EACCES,
        .target_kind = kind,
        .target = facts->path.path,
        .port = -1,
        .line = "a line",
    };
    const Incident incident = {.failure = &failure};
    const AnalysisOptions options = {.domain = "httpd_t", .host = facts};
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

static const char *first_command(const Fix *fix)
{
    assert_int_equal(fix->plan.actions[0].kind, ACTION_ADVISE);
    return fix->plan.actions[0].commands ? fix->plan.actions[0].commands[0] : "";
}

static bool has_command(const Diagnosis *diagnosis, const char *command)
{
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        STRV_FOREACH (given, diagnosis->fixes[i].plan.actions[0].commands)
            if (streq(*given, command))
                return true;
    return false;
}

/* Nothing may be written by everybody, whatever it was that was asked. */
static void check_modest(const Diagnosis *diagnosis)
{
    static const char *const never[] = {"777", "666", "o+w", "o+rw", "a+", "chmod -R"};

    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        STRV_FOREACH (command, diagnosis->fixes[i].plan.actions[0].commands)
            for (size_t n = 0; n < ELEMENTS_OF(never); n++)
                assert_null(strstr(*command, never[n]));
}

static void test_roots_home(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755}, {"/root", S_IFDIR | 0700}, {"/root/x", S_IFREG | 0644}};
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    diagnosis = diagnose(NULL, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_int_equal(diagnosis->cause, CAUSE_FILE_MODE);
    assert_string_equal(diagnosis->obstacle.path, "/root");
    assert_string_equal(diagnosis->obstacle.mode, "drwx------ root root");
    assert_string_equal(diagnosis->obstacle.missing, "x");
    assert_int_equal(diagnosis->n_fixes, 1);
    assert_string_equal(first_command(&diagnosis->fixes[0]), "setfacl -m u:nginx:x /root");
    assert_non_null(strstr(diagnosis->fixes[0].caveat, "root's home"));
    check_modest(diagnosis);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

/* Asked again after a chmod, it is what it was, and no longer in the way. Where nothing was ever
 * seen to refuse it, that explains nothing. */
static void test_mended(void **state _unused_)
{
    static const Part closed[] = {{"/", S_IFDIR | 0755, 0, 0, "httpd_sys_content_t"},
                                  {"/www", S_IFDIR | 0700, 0, 0, "httpd_sys_content_t"},
                                  {"/www/a", S_IFREG | 0644, 0, 0, "httpd_sys_content_t"}};
    Policy *policy = load(POLICY_FEDORA);
    HostView *view = make_view();
    AnalysisOptions options = {.domain = "httpd_t"};
    HostFacts facts;
    Diagnosis *diagnosis, *other;

    make_facts(view, closed, ELEMENTS_OF(closed), &facts);
    options.host = &facts;
    diagnosis = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_false(diagnosis->allowed_now);
    facts.path.components[1].mode = S_IFDIR | 0711;
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_int_equal(diagnosis->cause, CAUSE_FILE_MODE);
    assert_true(diagnosis->allowed_now);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_non_null(strstr(diagnosis->summary, "they let it through now"));
    facts.path.components[1].mode = S_IFDIR | 0700;
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    assert_false(diagnosis->allowed_now);
    assert_non_null(diagnosis->obstacle.path);
    facts.path.components[1].mode = S_IFDIR | 0711;
    other = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(other->verdict, VERDICT_UNDETERMINED);
    assert_false(other->allowed_now);
    diagnosis_free(other);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
    policy_free(policy);
}

/* The policy denies it, but nginx's domain is permissive: that is not what was in the way. */
static void test_permissive_domain(void **state _unused_)
{
    static const Part parts[] = {{"/", S_IFDIR | 0755, .type = "user_home_t"},
                                 {"/x", S_IFREG | 0644, .type = "user_home_t"}};
    Policy *policy = load(POLICY_FEDORA);
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    facts.context = strdup("system_u:system_r:crond_t:s0");
    diagnosis = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_true(notes_say(diagnosis, "nginx's domain is permissive"));
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
    policy_free(policy);
}

/* The master is root and was denied dac_override: the modes are what is wrong, though the kernel
 * named only the capability, and root's own capabilities are not counted on. */
static void test_override(void **state _unused_)
{
    static const Part parts[] = {{"/", S_IFDIR | 0755},
                                 {"/srv/tls", S_IFDIR | 0755},
                                 {"/srv/tls/shop.key", S_IFREG | 0400, 1000, 1000}};
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:system_r:httpd_t:s0",
        .target_class = "capability",
        .permissions = "dac_override",
        .pid = 100,
        .comm = "nginx",
        .source_port = -1,
        .dest_port = -1,
        .capability = 1,
    };
    const Failure failure = {
        .time_usec = 1,
        .time_known = true,
        .level = "emerg",
        .pid = 100,
        .operation = "open",
        .error = EACCES,
        .target_kind = FAILURE_TARGET_PATH,
        .target = "/srv/tls/shop.key",
        .port = -1,
        .line = "a line",
    };
    const Incident incident = {.denial = &denial, .failure = &failure, .match = MATCH_CERTAIN};
    HostView *view = make_view();
    AnalysisOptions options = {.domain = "httpd_t"};
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    facts.subject = (Subject){.capabilities = UINT64_MAX};
    options.host = &facts;
    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, NULL, &options), 0);
    assert_int_equal(diagnosis->cause, CAUSE_FILE_MODE);
    assert_true(notes_say(diagnosis, "mend the permissions"));
    assert_string_equal(diagnosis->obstacle.path, "/srv/tls/shop.key");
    assert_string_equal(diagnosis->obstacle.missing, "r");
    check_modest(diagnosis);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

static void test_socket_of_a_backend(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755},
        {"/run", S_IFDIR | 0755},
        {"/run/app", S_IFDIR | 0755, 1000, 1000},
        {"/run/app/app.sock", S_IFSOCK | 0660, 1000, 1000},
    };
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    diagnosis = diagnose(NULL, &facts, "connect", FAILURE_TARGET_SOCKET);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_string_equal(diagnosis->obstacle.path, "/run/app/app.sock");
    assert_string_equal(diagnosis->obstacle.missing, "w");
    /* Both sides: nginx's user is let in, and the backend is told to. */
    assert_string_equal(first_command(&diagnosis->fixes[0]),
                        "setfacl -m u:nginx:w /run/app/app.sock");
    assert_int_equal(diagnosis->fixes[0].plan.n_actions, 2);
    assert_non_null(strstr(diagnosis->fixes[0].plan.actions[1].text, "SocketGroup=nginx"));
    assert_true(has_command(diagnosis, "usermod -aG app nginx"));
    check_modest(diagnosis);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

static void test_key(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755},
        {"/etc", S_IFDIR | 0755},
        {"/etc/ssl", S_IFDIR | 0755},
        {"/etc/ssl/key.pem", S_IFREG | 0600},
    };
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    diagnosis = diagnose(NULL, &facts, "certificate-key", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_true(has_command(diagnosis, "setfacl -m u:nginx:r /etc/ssl/key.pem"));
    assert_true(has_command(diagnosis, "chgrp nginx /etc/ssl/key.pem"));
    assert_false(has_command(diagnosis, "chmod o+r /etc/ssl/key.pem"));
    check_modest(diagnosis);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

static void test_masked_list(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755}, {"/srv", S_IFDIR | 0755}, {"/srv/x", S_IFREG | 0620}};
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;
    Acl acl = {};

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    (void)acl_set(&acl, ACL_TAG_USER_OBJ, 0, 6);
    (void)acl_set(&acl, ACL_TAG_USER, 990, 4);
    (void)acl_set(&acl, ACL_TAG_USER, 1000, 7);
    (void)acl_set(&acl, ACL_TAG_GROUP_OBJ, 0, 2);
    (void)acl_set(&acl, ACL_TAG_MASK, 0, 2);
    (void)acl_set(&acl, ACL_TAG_OTHER, 0, 0);
    facts.path.components[2].acl = malloc(sizeof(acl));
    assert_non_null(facts.path.components[2].acl);
    *facts.path.components[2].acl = acl;
    diagnosis = diagnose(NULL, &facts, "open", FAILURE_TARGET_PATH);
    assert_string_equal(diagnosis->obstacle.rule, "the access control list's mask");
    assert_string_equal(diagnosis->obstacle.mode, "-rw--w----+ root root");
    /* The mask grows by what is needed: the other user's x stays held back. */
    assert_string_equal(first_command(&diagnosis->fixes[0]), "setfacl -m u:nginx:r,m::rw /srv/x");
    check_modest(diagnosis);
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

/* Modes allow, and the policy does not: it was silent. And the other way round: modes first. */
static void test_modes_before_policy(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755, .type = "root_t"},
        {"/home", S_IFDIR | 0755, .type = "user_home_t"},
        {"/home/x", S_IFREG | 0644, .type = "user_home_t"},
    };
    Policy *policy = load(POLICY_FEDORA);
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    diagnosis = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_true(diagnosis->verdict == VERDICT_BLOCKED_BY_SELINUX ||
                diagnosis->verdict == VERDICT_BLOCKED_SILENTLY);
    assert_true(diagnosis->have_access);
    assert_null(diagnosis->obstacle.path);
    diagnosis_free(diagnosis);

    facts.path.components[2].mode = S_IFREG | 0600;
    diagnosis = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_PERMISSIONS);
    assert_false(diagnosis->have_access);
    assert_string_equal(diagnosis->obstacle.path, "/home/x");
    assert_true(notes_say(diagnosis, "Behind it stands SELinux"));
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
    policy_free(policy);
}

/* A directory that the policy keeps nginx out of without a word. */
static void test_silent_denial(void **state _unused_)
{
    static const Part parts[] = {
        {"/", S_IFDIR | 0755},
        {"/home", S_IFDIR | 0755},
        {"/home/anna", S_IFDIR | 0755, 1000, 1000, "user_home_dir_t"},
        {"/home/anna/page", S_IFREG | 0644, 1000, 1000, "httpd_sys_content_t"},
    };
    Policy *policy = load(POLICY_FEDORA);
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    diagnosis = diagnose(policy, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_SILENTLY);
    assert_int_equal(diagnosis->cause, CAUSE_DONTAUDIT);
    assert_string_equal(diagnosis->access.target_class, "dir");
    assert_string_equal(diagnosis->access.permissions, "search");
    assert_true(diagnosis->n_fixes > 0);
    check_fixes(diagnosis);
    diagnosis_free(diagnosis);

    /* Where SELinux does not enforce, it is the cause of nothing. */
    {
        const Failure failure = {.time_usec = 1,
                                 .time_known = true,
                                 .level = "error",
                                 .connection = 1,
                                 .operation = "open",
                                 .error = EACCES,
                                 .target_kind = FAILURE_TARGET_PATH,
                                 .target = facts.path.path,
                                 .port = -1,
                                 .line = "a line"};
        const Incident incident = {.failure = &failure};
        const AnalysisOptions options = {
            .domain = "httpd_t", .host = &facts, .not_enforcing = true};

        assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
        assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
        assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
        assert_int_equal(diagnosis->n_fixes, 0);
        diagnosis_free(diagnosis);
    }
    host_facts_clear(&facts);
    host_view_free(view);
    policy_free(policy);
}

/* What all in a mount has cannot be changed for one file. */
static void test_fixed_label(void **state _unused_)
{
    static const char mounts[] =
        "22 1 8:2 / / rw - ext4 /dev/a rw,seclabel\n"
        "23 22 8:3 / /srv/ctx rw - ext4 /dev/b rw,context=system_u:object_r:user_home_t:s0\n"
        "24 22 0:9 / /srv/nfs rw - nfs4 h:/x rw,vers=4.2\n"
        "25 22 8:3 /part /srv/bind rw - ext4 /dev/b rw,context=system_u:object_r:user_home_t:s0\n"
        "26 22 8:4 / /srv/my\\040c rw,noexec - ext4 /dev/c rw,seclabel,"
        "context=\"system_u:object_r:user_home_t:s0:c1,c2\"\n"
        "27 22 0:40 / /srv/lay rw - overlay overlay rw,seclabel,lowerdir=/a\n";
    static const struct {
        const char *path, *said, *mount; /* the command, "" for none */
        bool relabel;
    } rows[] = {
        {"/srv/ctx/site/file", "is mounted with context=",
         "mount -t ext4 -o 'rw,context=\"system_u:object_r:httpd_sys_content_t:s0\"' /dev/b "
         "/srv/ctx",
         false},
        {"/srv/nfs/site/file", "of type nfs4, which keeps no labels",
         "mount -t nfs4 -o 'rw,vers=4.2,context=\"system_u:object_r:httpd_sys_content_t:s0\"' "
         "h:/x /srv/nfs",
         false},
        /* what is shared with other mounts, or is not to be typed, is said in words */
        {"/srv/bind/site/file", "is mounted with context=", "", false},
        {"/srv/my c/site/file", "is mounted with context=",
         "mount -t ext4 -o 'rw,noexec,context=\"system_u:object_r:httpd_sys_content_t:s0\"' "
         "/dev/c '/srv/my c'",
         false},
        {"/srv/lay/site/file", "/srv/lay is an overlay", NULL, true},
        {"/srv/plain/site/file", NULL, NULL, true},
    };
    Policy *policy = load(POLICY_FEDORA);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const Denial denial = {
            .time_usec = 1,
            .source_context = "system_u:system_r:httpd_t:s0",
            .target_context = "system_u:object_r:user_home_t:s0",
            .target_class = "file",
            .permissions = "read",
            .path = rows[i].path,
            .source_port = -1,
            .dest_port = -1,
            .capability = -1,
        };
        const Incident incident = {.denial = &denial};
        HostView *view = make_view();
        const HostFacts facts = {.view = view};
        const AnalysisOptions options = {.domain = "httpd_t", .host = &facts};
        bool relabel = false, said = false;
        Diagnosis *diagnosis;

        assert_int_equal(mount_table_parse(mounts, strlen(mounts), &view->mounts), 0);
        assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
        assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
        for (size_t f = 0; f < diagnosis->n_fixes; f++)
            for (size_t a = 0; a < diagnosis->fixes[f].plan.n_actions; a++)
                relabel = relabel || diagnosis->fixes[f].plan.actions[a].kind == ACTION_RELABEL;
        said = rows[i].said && notes_say(diagnosis, rows[i].said);
        assert_int_equal(relabel, rows[i].relabel);
        if (rows[i].mount) {
            const Fix *fix =
                need_fix(diagnosis, "anew, with all in it labelled httpd_sys_content_t");
            const Action *action = &fix->plan.actions[0];

            check_fixes(diagnosis);
            /* A kind without labels may have a boolean. */
            assert_true(fix == &diagnosis->fixes[0] || !strstr(rows[i].said, "context="));
            assert_int_equal(fix->plan.n_actions, 1);
            assert_int_equal(action->kind, ACTION_ADVISE);
            assert_non_null(strstr(action->text, "not from a remount"));
            if (*rows[i].mount)
                assert_string_equal(action->commands[1], rows[i].mount);
            else
                assert_null(action->commands);
        }
        assert_int_equal(said, rows[i].said != NULL);
        diagnosis_free(diagnosis);
        host_view_free(view);
    }
    policy_free(policy);
}

/* Nothing is said of a user that is not known. */
static void test_unknown_user(void **state _unused_)
{
    static const Part parts[] = {{"/", S_IFDIR | 0755}, {"/x", S_IFREG | 0600}};
    HostView *view = make_view();
    HostFacts facts;
    Diagnosis *diagnosis;

    make_facts(view, parts, ELEMENTS_OF(parts), &facts);
    facts.source = SUBJECT_UNKNOWN;
    diagnosis = diagnose(NULL, &facts, "open", FAILURE_TARGET_PATH);
    assert_int_equal(diagnosis->verdict, VERDICT_UNDETERMINED);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_non_null(strstr(diagnosis->notes[0], "is not known"));
    diagnosis_free(diagnosis);
    host_facts_clear(&facts);
    host_view_free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots_home),          cmocka_unit_test(test_mended),
        cmocka_unit_test(test_permissive_domain),   cmocka_unit_test(test_override),
        cmocka_unit_test(test_socket_of_a_backend), cmocka_unit_test(test_key),
        cmocka_unit_test(test_masked_list),         cmocka_unit_test(test_modes_before_policy),
        cmocka_unit_test(test_unknown_user),        cmocka_unit_test(test_fixed_label),
        cmocka_unit_test(test_silent_denial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
