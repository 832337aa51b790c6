/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "daemon/selinux/labels.h"

typedef struct Folder {
    char path[64];
    char *contexts;
} Folder;

static void write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "we");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static int open_folder(void **state)
{
    static Folder folder;
    _cleanup_free_ char *local = NULL;
    _cleanup_free_ char *subs = NULL;

    folder = (Folder){.path = "/tmp/selguard-labels-XXXXXX"};
    assert_non_null(mkdtemp(folder.path));
    folder.contexts = format_string("%s/file_contexts", folder.path);
    local = format_string("%s.local", folder.contexts);
    subs = format_string("%s.subs_dist", folder.contexts);
    write_file(folder.contexts, "/.*\t\tsystem_u:object_r:default_t:s0\n"
                                "/run(/.*)?\t\tsystem_u:object_r:var_run_t:s0\n"
                                "/run/app\\.sock\t-s\tsystem_u:object_r:httpd_var_run_t:s0\n"
                                "/srv/www(/.*)?\t\tsystem_u:object_r:httpd_sys_content_t:s0\n"
                                "/mnt(/.*)?\t\t<<none>>\n");
    write_file(local, "/srv/www/upload(/.*)?\t\tsystem_u:object_r:httpd_sys_rw_content_t:s0\n");
    write_file(subs, "/var/run /run\n");
    *state = &folder;
    return 0;
}

static int close_folder(void **state)
{
    Folder *folder = *state;
    static const char *const names[] = {"file_contexts", "file_contexts.local",
                                        "file_contexts.subs_dist", "file"};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
        _cleanup_free_ char *path = format_string("%s/%s", folder->path, names[i]);

        (void)unlink(path);
    }
    (void)rmdir(folder->path);
    free(folder->contexts);
    return 0;
}

static void test_looks_up_defaults(void **state)
{
    static const struct {
        const char *path;
        mode_t mode;
        int result;
        const char *type;
    } cases[] = {
        {"/srv/www/index.html", S_IFREG | 0644, 0, "httpd_sys_content_t"},
        {"/srv/www/upload/x", S_IFREG, 0, "httpd_sys_rw_content_t"}, /* .local */
        {"/run/app.sock", S_IFSOCK, 0, "httpd_var_run_t"},
        {"/run/app.sock", S_IFREG, 0, "var_run_t"},            /* the rule is for sockets */
        {"/var/run/app.sock", S_IFSOCK, 0, "httpd_var_run_t"}, /* equivalence */
        {"/elsewhere", 0, 0, "default_t"},
        {"/mnt/disk", S_IFDIR, -ENOENT, NULL}, /* <<none>> */
        {"relative", 0, -EINVAL, NULL},
    };
    const Folder *folder = *state;
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;

    assert_int_equal(file_contexts_open(folder->contexts, &contexts), 0);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        _cleanup_free_ char *context = NULL;

        assert_int_equal(file_contexts_lookup(contexts, cases[i].path, cases[i].mode, &context),
                         cases[i].result);
        if (cases[i].type)
            assert_string_equal(context, object(cases[i].type));
        else
            assert_null(context);
    }
}

/* What an equivalence rule makes of a path; libselinux looks both up alike. */
static void test_equivalence(void **state)
{
    static const struct {
        const char *path, *original; /* NULL: it is its own */
    } cases[] = {
        {"/var/run/app.sock", "/run/app.sock"},
        {"/var/run", "/run"},
        {"/var/running", NULL},
        {"/run/app.sock", NULL},
        {"/data/www/x", "/srv/www/x"},       /* a local rule */
        {"/data/www/run/y", "/run/y"},       /* the longer of two */
        {"/pool/run/z", "/run/z"},           /* a local rule, and the policy's on what it gives */
        {"/chroot/srv/www/x", "/srv/www/x"}, /* "/" as the original */
    };
    const Folder *folder = *state;
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    _cleanup_free_ char *subs = format_string("%s.subs", folder->contexts);

    write_file(subs, "# by semanage fcontext -e\n/data/www /srv/www\n/data/www/run /var/run\n"
                     "/pool /var\n/chroot /\nnonsense\n");
    assert_int_equal(file_contexts_open(folder->contexts, &contexts), 0);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        _cleanup_free_ char *original = NULL, *one = NULL, *other = NULL;

        assert_int_equal(file_contexts_equivalent(contexts, cases[i].path, &original),
                         cases[i].original != NULL);
        if (!cases[i].original) {
            assert_null(original);
            continue;
        }
        assert_string_equal(original, cases[i].original);
        assert_int_equal(file_contexts_lookup(contexts, cases[i].path, S_IFREG, &one), 0);
        assert_int_equal(file_contexts_lookup(contexts, original, S_IFREG, &other), 0);
        assert_string_equal(one, other);
    }
    (void)unlink(subs);
}

static void test_customizable(void **state)
{
    const Folder *folder = *state;
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    _cleanup_free_ char *files = format_string("%s/files", folder->path);
    _cleanup_free_ char *rules = format_string("%s/file_contexts", files);
    _cleanup_free_ char *list = format_string("%s/customizable_types", folder->path);

    assert_int_equal(mkdir(files, 0700), 0);
    write_file(rules, "/.*\t\tsystem_u:object_r:default_t:s0\n");
    assert_int_equal(file_contexts_open(rules, &contexts), 0);
    assert_false(file_contexts_is_customizable(contexts, "public_content_t"));
    write_file(list, "mount_loopback_t\npublic_content_t\n");
    assert_true(file_contexts_is_customizable(contexts, "public_content_t"));
    assert_false(file_contexts_is_customizable(contexts, "public_content"));
    assert_int_equal(unlink(list) | unlink(rules) | rmdir(files), 0);
}

static void test_looks_up_what_exists(void **state)
{
    const Folder *folder = *state;
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    _cleanup_free_ char *context = NULL;

    assert_int_equal(file_contexts_open(folder->contexts, &contexts), 0);
    assert_int_equal(file_contexts_lookup_existing(contexts, folder->contexts, &context), 0);
    assert_string_equal(context, object("default_t"));
    free(TAKE_POINTER(context));
    assert_int_equal(file_contexts_lookup_existing(contexts, "/no/such/file", &context), -ENOENT);
    assert_null(context);
}

static void test_reports_missing_rules(void **state)
{
    FileContexts *contexts = NULL;

    assert_true(file_contexts_open("/no/such/file_contexts", &contexts) < 0);
    assert_null(contexts);
    assert_null(file_contexts_free(NULL));
}

/* security.selinux can be set without SELinux, by root on most file systems. */
static void test_reads_labels(void **state)
{
    static const char label[] = "system_u:object_r:etc_t:s0";
    const Folder *folder = *state;
    _cleanup_free_ char *path = format_string("%s/file", folder->path);
    _cleanup_free_ char *by_path = NULL, *by_fd = NULL, *none = NULL;
    _cleanup_close_ int fd = -1;

    write_file(path, "");
    assert_int_equal(file_label_read("/no/such/file", &none), -ENOENT);
    if (setxattr(path, "security.selinux", label, sizeof(label), 0) < 0) {
        print_message("cannot set a label here (%s): the rest is skipped\n", strerror(errno));
        assert_int_equal(file_label_read(path, &none), -ENODATA);
        return;
    }
    assert_int_equal(file_label_read(path, &by_path), 0);
    assert_string_equal(by_path, label);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_label_read_fd(fd, &by_fd), 0);
    assert_string_equal(by_fd, label);
    assert_int_equal(removexattr(path, "security.selinux"), 0);
    assert_int_equal(file_label_read(path, &none), -ENODATA);
    assert_null(none);
}

static void test_compares_types(void **state)
{
    assert_int_equal(file_label_same_type("u:r:a_t:s0", "v:q:a_t:s0:c1"), 1);
    assert_int_equal(file_label_same_type("u:r:a_t", "u:r:a_t:s0"), 1);
    assert_int_equal(file_label_same_type("u:r:a_t:s0", "u:r:a_tt:s0"), 0);
    assert_int_equal(file_label_same_type("u:r:a_t:s0", "a_t"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_up_defaults),     cmocka_unit_test(test_looks_up_what_exists),
        cmocka_unit_test(test_reports_missing_rules), cmocka_unit_test(test_reads_labels),
        cmocka_unit_test(test_compares_types),        cmocka_unit_test(test_equivalence),
        cmocka_unit_test(test_customizable),
    };

    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
