/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels for files, directories and sockets, in both worlds' names. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/diagnose/target-path.h"
#include "tests/unit/diagnose/helper.h"

static void test_target_path(void **state _unused_)
{
    static const struct {
        const char *path;
        bool alone;
        int result;
        const char *chosen, *regex;
        bool tree;
    } rows[] = {
        {"/srv/shop/index.html", false, 0, "/srv/shop", "/srv/shop(/.*)?", true},
        {"/srv/shop/a/b.html", false, 0, "/srv/shop/a", "/srv/shop/a(/.*)?", true},
        {"/srv//shop//index.html", false, 0, "/srv/shop", "/srv/shop(/.*)?", true},
        {"/srv/index.html", false, 0, "/srv/index.html", "/srv/index\\.html", false},
        {"/index.html", false, 0, "/index.html", "/index\\.html", false},
        /* What others share is not relabelled for one file's sake. */
        {"/etc/ssl/key.pem", false, 0, "/etc/ssl/key.pem", "/etc/ssl/key\\.pem", false},
        {"/usr/share/x/y", false, 0, "/usr/share/x/y", "/usr/share/x/y", false},
        {"/var/log/x.log", false, 0, "/var/log/x.log", "/var/log/x\\.log", false},
        {"/var/www/html/x", false, 0, "/var/www/html", "/var/www/html(/.*)?", true},
        {"/home/anna/x", false, 0, "/home/anna/x", "/home/anna/x", false},
        {"/home/anna/site/x", false, 0, "/home/anna/site", "/home/anna/site(/.*)?", true},
        {"/run/app/app.sock", false, 0, "/run/app", "/run/app(/.*)?", true},
        {"/srv/a+b (c)/x", false, 0, "/srv/a+b (c)", "/srv/a\\+b \\(c\\)(/.*)?", true},
        {"/srv/shop/key.pem", true, 0, "/srv/shop/key.pem", "/srv/shop/key\\.pem", false},
        {"/srv/../etc/shadow", false, -EINVAL, NULL, NULL, false},
        {"relative", false, -EINVAL, NULL, NULL, false},
        {"/", false, -EINVAL, NULL, NULL, false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        TargetPath target = {};

        assert_int_equal(target_path_choose(rows[i].path, rows[i].alone, &target), rows[i].result);
        if (rows[i].result < 0)
            continue;
        assert_string_equal(target.path, rows[i].chosen);
        assert_string_equal(target.regex, rows[i].regex);
        assert_int_equal(target.tree, rows[i].tree);
        target_path_clear(&target);
    }
}

typedef struct Case {
    const char *target_type, *class, *permissions;
    const char *source_type; /* NULL: httpd_t */
    const char *level;       /* of the object; NULL: s0 */
    const char *path, *name; /* as the kernel has them */
    const char *operation;   /* of nginx's line, which names… */
    const char *log_target;
    FailureTargetKind log_kind;
    const char *directory_type; /* of every directory above; NULL: not known */
    uint64_t inode;
    const HostFacts *host; /* NULL: nothing is known of a host */
} Case;

static char *read_label(const char *path _unused_, const char *class _unused_, void *userdata)
{
    const Case *example = userdata;

    return example->directory_type
               ? format_string("system_u:object_r:%s:s0", example->directory_type)
               : NULL;
}

static Diagnosis *diagnose(const Policy *policy, const Case *example, FileContexts *contexts)
{
    _cleanup_free_ char *target = format_string(
        "system_u:%s:%s:%s", streq(example->class, "unix_stream_socket") ? "system_r" : "object_r",
        example->target_type, example->level ? example->level : "s0");
    _cleanup_free_ char *source = format_string(
        "system_u:system_r:%s:s0", example->source_type ? example->source_type : "httpd_t");
    const Denial denial = {
        .time_usec = 1,
        .source_context = source,
        .target_context = target,
        .target_class = example->class,
        .permissions = example->permissions,
        .path = example->path,
        .name = example->name,
        .inode = example->inode,
        .source_port = -1,
        .dest_port = -1,
        .capability = -1,
    };
    const Failure failure = {
        .operation = example->operation,
        .error = EACCES,
        .target_kind = example->log_kind,
        .target = example->log_target,
        .port = -1,
    };
    const Incident incident = {
        .denial = &denial,
        .failure = example->log_target ? &failure : NULL,
        .match = example->log_target ? MATCH_CERTAIN : MATCH_NONE,
    };
    const AnalysisOptions options = {
        .domain = "httpd_t",
        .file_contexts = contexts,
        .read_label = contexts ? NULL : read_label,
        .userdata = (void *)(uintptr_t)example,
        .host = example->host,
    };
    Diagnosis *diagnosis;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, policy, &options), 0);
    return diagnosis;
}

static const struct {
    const char *policy, *socket_type;
} worlds[] = {
    {POLICY_FEDORA, "httpd_var_run_t"},
    {POLICY_REFPOLICY, "httpd_runtime_t"},
};

static void test_moved_content(void **state _unused_)
{
    const Case example = {
        .target_type = "user_home_t",
        .class = "file",
        .permissions = "read",
        .name = "index.html",
        .operation = "open",
        .log_target = "/srv/shop//index.html",
        .log_kind = FAILURE_TARGET_PATH,
    };

    for (size_t i = 0; i < ELEMENTS_OF(worlds); i++) {
        Policy *policy = load(worlds[i].policy);
        Diagnosis *diagnosis = diagnose(policy, &example, NULL);
        const Fix *fix = need_fix(diagnosis, "label /srv/shop and what is below it as "
                                             "httpd_sys_content_t");

        check_fixes(diagnosis);
        assert_ptr_equal(fix, &diagnosis->fixes[0]);
        assert_int_equal(fix->plan.n_actions, 2);
        assert_string_equal(fix->plan.actions[0].regex, "/srv/shop(/.*)?");
        assert_string_equal(fix->plan.actions[1].path, "/srv/shop");
        assert_true(fix->exposure.n_domains > 0); /* httpd_t, at least */
        diagnosis_free(diagnosis);
        policy_free(policy);
    }
}

/* The way to a file counts: a label alone does not help behind a directory that nginx may not
 * search, and a boolean that opens that directory is part of the fix. */
static void test_directories_on_the_way(void **state _unused_)
{
    const struct {
        const char *directory_type, *summary;
        bool caveat;
    } rows[] = {
        {NULL, "label /srv/shop and what is below it as httpd_sys_content_t", true},
        {"httpd_sys_content_t", "label /srv/shop and what is below it as httpd_sys_content_t",
         false},
        {"user_home_dir_t", "httpd_sys_content_t, and turn httpd_", false},
        {"shadow_t", NULL, false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const Case example = {
            .target_type = "user_home_t",
            .class = "file",
            .permissions = "read",
            .name = "index.html",
            .operation = "open",
            .log_target = "/srv/shop/index.html",
            .log_kind = FAILURE_TARGET_PATH,
            .directory_type = rows[i].directory_type,
        };
        Policy *policy = load(POLICY_FEDORA);
        Diagnosis *diagnosis = diagnose(policy, &example, NULL);

        check_fixes(diagnosis);
        if (rows[i].summary)
            assert_int_equal(need_fix(diagnosis, rows[i].summary)->caveat != NULL, rows[i].caveat);
        else
            assert_null(find_fix(diagnosis, "label /srv/shop"));
        diagnosis_free(diagnosis);
        policy_free(policy);
    }
}

/* file_contexts of these lines. */
static FileContexts *open_rules(const char *rules)
{
    char path[] = "/tmp/selguard-contexts-XXXXXX";
    FileContexts *contexts = NULL;
    int fd = mkstemp(path);

    assert_int_equal(write(fd, rules, strlen(rules)), (ssize_t)strlen(rules));
    (void)close(fd);
    assert_int_equal(file_contexts_open(path, &contexts), 0);
    (void)unlink(path);
    return contexts;
}

/* The policy's own rules know the place: nothing is to be added to them. */
static void test_default_label(void **state _unused_)
{
    static const char rules[] = "/var/www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0\n";
    const Case example = {
        .target_type = "user_home_t",
        .class = "file",
        .permissions = "read",
        .name = "page.html",
        .operation = "open",
        .log_target = "/var/www/html/page.html",
        .log_kind = FAILURE_TARGET_PATH,
    };
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rules);
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose(policy, &example, contexts);

    check_fixes(diagnosis);
    assert_non_null(strstr(diagnosis->fixes[0].summary, "restore the label"));
    assert_int_equal(diagnosis->fixes[0].plan.n_actions, 1);
    assert_int_equal(diagnosis->fixes[0].plan.actions[0].kind, ACTION_RELABEL);
    assert_null(find_fix(diagnosis, "and what is below it"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

/* Of a type that restorecon leaves alone it is said how it is restored. */
static void test_customizable(void **state _unused_)
{
    const Case example = {
        .target_type = "user_home_t",
        .class = "file",
        .permissions = "read",
        .name = "page.html",
        .operation = "open",
        .log_target = "/var/www/html/page.html",
        .log_kind = FAILURE_TARGET_PATH,
    };
    char folder[] = "/tmp/selguard-policy-XXXXXX";
    Policy *policy = load(POLICY_FEDORA);

    assert_non_null(mkdtemp(folder));
    for (int listed = 0; listed <= 1; listed++) {
        _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
        _cleanup_free_ char *files = format_string("%s/files", folder);
        _cleanup_free_ char *rules = format_string("%s/file_contexts", files);
        _cleanup_free_ char *list = format_string("%s/customizable_types", folder);
        Diagnosis *diagnosis;

        assert_int_equal(mkdir(files, 0700), 0);
        write_text(rules, "/var/www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0\n");
        write_text(list, listed ? "user_home_t\n" : "samba_share_t\n");
        assert_int_equal(file_contexts_open(rules, &contexts), 0);
        diagnosis = diagnose(policy, &example, contexts);
        assert_int_equal(notes_say(diagnosis, "restorecon leaves it alone without -F"), listed);
        diagnosis_free(diagnosis);
        assert_int_equal(unlink(list) | unlink(rules) | rmdir(files), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    policy_free(policy);
}

/* As RHEL 9's policy has it: what is in /run is looked up in /var/run, and semanage refuses a rule
 * for /run. The label is put on what is in /run all the same. */
static void test_equivalence(void **state _unused_)
{
    static const char rules[] = "/var/run\t-d\tsystem_u:object_r:var_run_t:s0\n"
                                "/var/run/.+\tsystem_u:object_r:initrc_runtime_t:s0\n";
    const Case example = {
        .target_type = "initrc_runtime_t",
        .class = "dir",
        .permissions = "search",
        .name = "my+app",
        .operation = "connect",
        .log_target = "/run/my+app/app.sock",
        .log_kind = FAILURE_TARGET_SOCKET,
    };
    char path[] = "/tmp/selguard-contexts-XXXXXX";
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    _cleanup_free_ char *subs = NULL, *command = NULL;
    Policy *policy = load(POLICY_FEDORA);
    int fd = mkstemp(path);
    Diagnosis *diagnosis;
    const Fix *fix;

    assert_int_equal(write(fd, rules, strlen(rules)), (ssize_t)strlen(rules));
    (void)close(fd);
    subs = format_string("%s.subs_dist", path);
    write_text(subs, "/run /var/run\n");
    assert_int_equal(file_contexts_open(path, &contexts), 0);
    diagnosis = diagnose(policy, &example, contexts);
    (void)unlink(path);
    (void)unlink(subs);

    fix = need_fix(diagnosis, "httpd_var_run_t");
    command = action_to_command(&fix->plan.actions[0]);
    assert_string_equal(command, "semanage fcontext -a -f a -t httpd_var_run_t "
                                 "'/var/run/my\\+app(/.*)?'");
    assert_string_equal(fix->plan.actions[1].path, "/run/my+app");
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* A directory below the root that no rule names: its own label and that of the content are two
 * things, and whatever else is in it keeps what it has. */
static void test_way(void **state _unused_)
{
#define UNKNOWN "/.*\tsystem_u:object_r:default_t:s0\n/\t-d\tsystem_u:object_r:usr_t:s0\n"
    static const struct {
        const char *rules, *target, *summary;
        size_t n_actions;
    } rows[] = {
        {UNKNOWN, "/data/www/a.html",
         "label the directory /data as usr_t, like the one above it, and /data/www and what is "
         "below it as httpd_sys_content_t",
         4},
        {UNKNOWN, "/data/a.html",
         "label the directory /data as usr_t, like the one above it, and /data/a.html as "
         "httpd_sys_content_t",
         4},
        {UNKNOWN, "/data/sites/shop/a.html",
         "label the directory /data and the next on the way as usr_t, like the one above it, and "
         "/data/sites/shop and what is below it as httpd_sys_content_t",
         6},
        {UNKNOWN "/data/www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0\n", "/data/www/a.html",
         "label the directory /data as usr_t, like the one above it, and nothing else in it", 2},
        /* one that the policy has a rule for is not to be renamed */
        {UNKNOWN "/data\t-d\tsystem_u:object_r:var_t:s0\n", "/data/www/a.html", NULL, 0},
        /* where what is above may not be searched either, or is unknown as well */
        {"/.*\tsystem_u:object_r:default_t:s0\n", "/data/www/a.html", NULL, 0},
    };
    Policy *policy = load(POLICY_TARGETED);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rows[i].rules);
        const Case example = {
            .target_type = "default_t",
            .class = "dir",
            .permissions = "search",
            .name = "data",
            .operation = "open",
            .log_target = rows[i].target,
            .log_kind = FAILURE_TARGET_PATH,
        };
        Diagnosis *diagnosis = diagnose(policy, &example, contexts);

        check_fixes(diagnosis);
        if (rows[i].summary) {
            const Fix *fix = need_fix(diagnosis, "label the directory");

            assert_string_equal(fix->summary, rows[i].summary);
            assert_ptr_equal(fix, &diagnosis->fixes[0]);
            assert_int_equal(fix->plan.n_actions, rows[i].n_actions);
            assert_string_equal(fix->plan.actions[0].regex, "/data");
            assert_string_equal(fix->plan.actions[0].file_type, "dir");
            assert_false(fix->plan.actions[rows[i].n_actions / 2].recursive);
        } else {
            assert_null(find_fix(diagnosis, "label the directory"));
        }
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

/* Nobody's home is named in the rules either, but it is labelled as it should be: it stays a home.
 * A boolean opens it, and the content gets a label, unless it has one already. */
static void test_home(void **state _unused_)
{
#define HOMES                                                                                      \
    "/.*\tsystem_u:object_r:default_t:s0\n/\t-d\tsystem_u:object_r:usr_t:s0\n"                     \
    "/home\t-d\tsystem_u:object_r:usr_t:s0\n"                                                      \
    "/home/[^/]+\t-d\tsystem_u:object_r:user_home_dir_t:s0\n"                                      \
    "/home/[^/]+/.+\tsystem_u:object_r:user_home_t:s0\n"
    static const struct {
        const char *rules, *target, *summary;
        size_t n_actions;
    } rows[] = {
        {HOMES, "/home/anna/public/a.html",
         "label /home/anna/public and what is below it as httpd_sys_content_t, and turn "
         "httpd_enable_homedirs on",
         3},
        {HOMES "/home/anna/public(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0\n",
         "/home/anna/public/a.html", "turn the boolean httpd_enable_homedirs on", 1},
        /* it leads through another directory there, which keeps its label */
        {HOMES, "/home/anna/x/../public/a.html", "turn the boolean httpd_read_user_content on", 1},
    };
    Policy *policy = load(POLICY_TARGETED);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rows[i].rules);
        const Case example = {
            .target_type = "user_home_dir_t",
            .class = "dir",
            .permissions = "search",
            .name = "anna",
            .operation = "open",
            .log_target = rows[i].target,
            .log_kind = FAILURE_TARGET_PATH,
        };
        Diagnosis *diagnosis = diagnose(policy, &example, contexts);
        const Fix *fix = need_fix(diagnosis, rows[i].summary);

        check_fixes(diagnosis);
        assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
        assert_int_equal(fix->plan.n_actions, rows[i].n_actions);
        assert_null(find_fix(diagnosis, "label the directory"));
        assert_null(find_fix(diagnosis, "label /home/anna as"));
        assert_int_equal(find_fix(diagnosis, "label ") != NULL, i != 1);
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

/* A root that is configured with ".." in it, or with a link on the way: the label goes where that
 * leads, on the host where it is known, else by the text of it. */
static void test_where_it_leads(void **state _unused_)
{
    static const char rules[] = "/srv(/.*)?\tsystem_u:object_r:var_t:s0\n"
                                "/opt(/.*)?\tsystem_u:object_r:usr_t:s0\n"
                                "/\t-d\tsystem_u:object_r:usr_t:s0\n";
    static const struct {
        const char *path, *real_path, *summary;
    } rows[] = {
        {"/srv/app/../x//page.html", NULL,
         "label /srv/x and what is below it as httpd_sys_content_t"},
        {"/srv/app/../x/page.html", "/srv/x/page.html",
         "label /srv/x and what is below it as httpd_sys_content_t"},
        {"/srv/app/../x/page.html", "/opt/x/page.html",
         "label /opt/x and what is below it as httpd_sys_content_t"},
        {"/srv/current/page.html", "/srv/releases/7/page.html",
         "label /srv/releases/7 and what is below it as httpd_sys_content_t"},
    };
    Policy *policy = load(POLICY_TARGETED);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rules);
        _cleanup_free_ char *real_path = rows[i].real_path ? strdup(rows[i].real_path) : NULL;
        PathComponent component = {.path = real_path, .mode = S_IFREG | 0644};
        HostView view = {.root_fd = -1};
        const HostFacts host = {
            .view = &view,
            .have_path = true,
            .path = {.components = &component, .n_components = 1, .parent = -1},
        };
        const Case example = {
            .target_type = "user_home_t",
            .class = "file",
            .permissions = "read",
            .name = "page.html",
            .operation = "open",
            .log_target = rows[i].path,
            .log_kind = FAILURE_TARGET_PATH,
            .host = real_path ? &host : NULL,
        };
        Diagnosis *diagnosis = diagnose(policy, &example, contexts);

        check_fixes(diagnosis);
        assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
        assert_int_equal(need_fix(diagnosis, rows[i].summary)->plan.n_actions, 2);
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

/* All in a file system without labels has one: what is behind its root does not have the default
 * label of the path. */
static void test_network_file_system(void **state _unused_)
{
    static const char rules[] = "/srv(/.*)?\tsystem_u:object_r:var_t:s0\n"
                                "/\t-d\tsystem_u:object_r:usr_t:s0\n";
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rules);
    const Case example = {
        .target_type = "nfs_t",
        .class = "dir",
        .permissions = "search",
        .name = "/",
        .operation = "open",
        .log_target = "/srv/nfs/a.html",
        .log_kind = FAILURE_TARGET_PATH,
    };
    Policy *policy = load(POLICY_TARGETED);
    Diagnosis *diagnosis = diagnose(policy, &example, contexts);

    check_fixes(diagnosis);
    assert_ptr_equal(need_fix(diagnosis, "turn the boolean httpd_use_nfs on"),
                     &diagnosis->fixes[0]);
    assert_non_null(strstr(find_refusal(diagnosis, "another label"), "whole file system"));
    diagnosis_free(diagnosis);
    policy_free(policy);
}

/* Categories that the policy's rules do not give the file: its type is right, and to restore the
 * label helps all the same. */
static void test_categories(void **state _unused_)
{
    static const struct {
        const char *rules;
        bool fixed;
    } rows[] = {
        {"/srv/.*\t--\tsystem_u:object_r:httpd_sys_content_t:s0\n", true},
        {"/srv/.*\t--\tsystem_u:object_r:httpd_sys_content_t:s0:c1,c2\n", false},
        {"/srv/.*\t--\tsystem_u:object_r:httpd_sys_content_t:s0:c3\n", false},
    };
    Policy *policy = load(POLICY_FEDORA);

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_(file_contexts_cleanup) FileContexts *contexts = open_rules(rows[i].rules);
        const Case example = {
            .source_type = "webtool_t",
            .target_type = "httpd_sys_content_t",
            .level = "s0:c1,c2",
            .class = "file",
            .permissions = "read",
            .path = "/srv/a.html",
        };
        Diagnosis *diagnosis = diagnose(policy, &example, contexts);

        assert_int_equal(diagnosis->cause, CAUSE_CONSTRAINT);
        assert_int_equal(diagnosis->n_fixes, rows[i].fixed);
        if (rows[i].fixed) {
            assert_string_equal(diagnosis->fixes[0].summary,
                                "restore the label of /srv/a.html, which is "
                                "system_u:object_r:httpd_sys_content_t:s0 by the policy's own "
                                "rules");
            assert_true(diagnosis->fixes[0].proven);
            assert_int_equal(diagnosis->fixes[0].plan.n_actions, 1);
            assert_int_equal(diagnosis->fixes[0].plan.actions[0].kind, ACTION_RELABEL);
        }
        diagnosis_free(diagnosis);
    }
    policy_free(policy);
}

static void test_socket(void **state _unused_)
{
    const Case example = {
        .target_type = "initrc_runtime_t",
        .class = "dir",
        .permissions = "search",
        .name = "myapp",
        .operation = "connect",
        .log_target = "/run/myapp/app.sock",
        .log_kind = FAILURE_TARGET_SOCKET,
    };

    for (size_t i = 0; i < ELEMENTS_OF(worlds); i++) {
        Policy *policy = load(worlds[i].policy);
        Case there = example;
        Diagnosis *diagnosis;
        const Fix *fix;

        if (!policy_find_type(policy, there.target_type))
            there.target_type = "var_run_t";
        diagnosis = diagnose(policy, &there, NULL);
        fix = need_fix(diagnosis, worlds[i].socket_type);
        check_fixes(diagnosis);
        assert_int_equal(diagnosis->target_kind, TARGET_SOCKET);
        assert_string_equal(fix->plan.actions[0].regex, "/run/myapp(/.*)?");
        /* Proven for the socket file behind the directory, too. */
        assert_string_equal(fix->proofs[fix->n_proofs - 1].access.target_class, "sock_file");
        /* The type that guides name exists in no policy. */
        assert_null(find_fix(diagnosis, "httpd_sock_t"));
        diagnosis_free(diagnosis);
        policy_free(policy);
    }
}

/* A backend without a domain of its own: no boolean, no label, one rule. */
static void check_peer(const char *path, const char *peer)
{
    const Case example = {
        .target_type = peer,
        .class = "unix_stream_socket",
        .permissions = "connectto",
        .path = "/run/myapp/app.sock",
        .operation = "connect",
        .log_target = "/run/myapp/app.sock",
        .log_kind = FAILURE_TARGET_SOCKET,
    };
    _cleanup_free_ char *cil =
        format_string("(allow httpd_t %s (unix_stream_socket (connectto)))\n", peer);
    Policy *policy = load(path);
    Diagnosis *diagnosis = diagnose(policy, &example, NULL);

    assert_int_equal(diagnosis->cause, CAUSE_PEER_DOMAIN);
    assert_int_equal(diagnosis->n_fixes, 1);
    assert_string_equal(diagnosis->fixes[0].plan.actions[0].cil, cil);
    check_fixes(diagnosis);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void test_peer(void **state _unused_)
{
    check_peer(POLICY_FEDORA, "unconfined_service_t");
    check_peer(POLICY_REFPOLICY, "initrc_t");
}

static void test_secrets(void **state _unused_)
{
    const Case example = {
        .target_type = "shadow_t",
        .class = "file",
        .permissions = "read",
        .path = "/etc/shadow",
        .name = "shadow",
        .operation = "open",
        .log_target = "/etc/shadow",
        .log_kind = FAILURE_TARGET_PATH,
    };
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis;

    assert_true(policy_find_type(policy, "shadow_t") > 0);
    diagnosis = diagnose(policy, &example, NULL);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_true(diagnosis->n_refusals > 0);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

static void test_no_path_no_label(void **state _unused_)
{
    const Case example = {
        .target_type = "user_home_t",
        .class = "file",
        .permissions = "read",
        .name = "index.html",
    };
    const Case lost = {
        .target_type = "etc_t",
        .class = "file",
        .permissions = "write",
        .name = "my key.pem",
        .inode = 777,
    };
    Policy *policy = load(POLICY_FEDORA);
    Diagnosis *diagnosis = diagnose(policy, &example, NULL);

    /* A boolean that is about such files remains; no rule for every file of the type. */
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        for (size_t a = 0; a < diagnosis->fixes[i].plan.n_actions; a++)
            assert_int_equal(diagnosis->fixes[i].plan.actions[a].kind, ACTION_SET_BOOLEAN);
    assert_non_null(strstr(diagnosis->notes[diagnosis->notes[1] ? 1 : 0], "path"));
    diagnosis_free(diagnosis);
    diagnosis = diagnose(policy, &lost, NULL);
    assert_int_equal(diagnosis->n_fixes, 0);
    assert_non_null(strstr(diagnosis->notes[0], "find / -inum 777 -name 'my key.pem' shows"));
    assert_null(diagnosis->notes[1]);
    diagnosis_free(diagnosis);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_path),
        cmocka_unit_test(test_moved_content),
        cmocka_unit_test(test_directories_on_the_way),
        cmocka_unit_test(test_default_label),
        cmocka_unit_test(test_customizable),
        cmocka_unit_test(test_equivalence),
        cmocka_unit_test(test_way),
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_where_it_leads),
        cmocka_unit_test(test_network_file_system),
        cmocka_unit_test(test_categories),
        cmocka_unit_test(test_socket),
        cmocka_unit_test(test_peer),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_no_path_no_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
