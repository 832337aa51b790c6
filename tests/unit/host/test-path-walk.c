/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as the kernel resolves them, in a tree that stands for "/". */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/host/path-walk.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/selguard-walk-XXXXXX";
static int root_fd = -1;

static int set_up(void **state _unused_)
{
    assert_non_null(mkdtemp(top));
    root_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(root_fd, "srv", 0755), 0);
    assert_int_equal(mkdirat(root_fd, "srv/site", 0750), 0);
    (void)close(openat(root_fd, "srv/site/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
    assert_int_equal(mkfifoat(root_fd, "srv/pipe", 0600), 0);
    assert_int_equal(symlinkat("/srv/site", root_fd, "www"), 0);
    assert_int_equal(symlinkat("../srv/./site//file", root_fd, "srv/relative"), 0);
    assert_int_equal(symlinkat("loop", root_fd, "loop"), 0);
    assert_int_equal(symlinkat("/../../../etc/passwd", root_fd, "out"), 0);
    assert_int_equal(symlinkat("nowhere", root_fd, "dangling"), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *status _unused_, int type _unused_,
                      struct FTW *place _unused_)
{
    return remove(path);
}

static int tear_down(void **state _unused_)
{
    (void)close(root_fd);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_paths(void **state _unused_)
{
    static const struct {
        const char *path;
        bool not_followed;
        const char *object; /* NULL: not reached */
        const char *parent;
        size_t components;
        int error;
        bool missing_last;
    } rows[] = {
        {"/", .object = "/", .components = 1},
        {"/srv/site/file", .object = "/srv/site/file", .parent = "/srv/site", .components = 4},
        {"//srv//site/./file", .object = "/srv/site/file", .parent = "/srv/site", .components = 4},
        {"/srv/site/../site/file", .object = "/srv/site/file", .parent = "/srv/site",
         .components = 4},
        {"/srv/site/", .object = "/srv/site", .parent = "/srv", .components = 3},
        {"/srv/site/file/", .parent = "/srv/site", .components = 4, .error = -ENOTDIR},
        {"/www/file", .object = "/srv/site/file", .parent = "/srv/site", .components = 5},
        {"/www", .object = "/srv/site", .parent = "/srv", .components = 4},
        {"/www", .not_followed = true, .object = "/www", .parent = "/", .components = 2},
        {"/srv/relative", .object = "/srv/site/file", .parent = "/srv/site", .components = 5},
        {"/loop", .parent = "/", .components = 2, .error = -ELOOP},
        {"/out", .parent = "/", .components = 2, .error = -ENOENT},
        {"/dangling", .parent = "/", .components = 2, .error = -ENOENT, .missing_last = true},
        {"/srv/none", .parent = "/srv", .components = 2, .error = -ENOENT, .missing_last = true},
        {"/srv/none/x", .parent = "/srv", .components = 2, .error = -ENOENT},
        {"/../..", .object = "/", .components = 1},
        /* looked at without opening it, which would wait for a writer */
        {"/srv/pipe", .object = "/srv/pipe", .parent = "/srv", .components = 3},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const PathWalkOptions options = {.root_fd = root_fd, .follow_last = !rows[i].not_followed};
        PathFacts facts;

        assert_int_equal(path_walk(rows[i].path, &options, &facts), 0);
        if (facts.error != rows[i].error || facts.n_components != rows[i].components ||
            facts.missing_last != rows[i].missing_last)
            fail_msg("%s: error %d, %zu components", rows[i].path, facts.error, facts.n_components);
        if (rows[i].object) {
            assert_true(facts.object >= 0);
            assert_string_equal(facts.components[facts.object].path, rows[i].object);
        } else {
            assert_int_equal(facts.object, -1);
        }
        if (rows[i].parent) {
            assert_true(facts.parent >= 0);
            assert_string_equal(facts.components[facts.parent].path, rows[i].parent);
        }
        assert_string_equal(facts.components[0].path, "/");
        path_facts_clear(&facts);
    }
}

static void test_refused_arguments(void **state _unused_)
{
    const PathWalkOptions options = {.root_fd = root_fd};
    static char huge[PATH_MAX + 10], many[PATH_MAX - 1];
    PathFacts facts;

    assert_int_equal(path_walk("srv", &options, &facts), -EINVAL);
    assert_int_equal(path_walk("", &options, &facts), -EINVAL);
    memset(huge, 'a', sizeof(huge) - 1);
    huge[0] = '/';
    assert_int_equal(path_walk(huge, &options, &facts), -EINVAL);
    huge[300] = '\0';
    assert_int_equal(path_walk(huge, &options, &facts), 0);
    assert_int_equal(facts.error, -ENAMETOOLONG);
    path_facts_clear(&facts);
    memset(many, '/', sizeof(many) - 1);
    assert_int_equal(path_walk(many, &options, &facts), 0);
    assert_int_equal(facts.object, 0);
    path_facts_clear(&facts);
}

/* A network file system is not entered, and one that nginx does not see is not judged. */
static void test_mounts(void **state _unused_)
{
    static const char mine[] = "22 1 8:2 / / rw - ext4 /dev/a rw\n"
                               "23 22 0:4 / /srv/site rw - nfs4 h:/x rw\n";
    static const char other[] = "22 1 8:2 / / rw - ext4 /dev/a rw\n"
                                "23 22 8:2 /private /srv ro,noexec - ext4 /dev/a rw\n";
    static const char plain[] = "22 1 8:2 / / ro,noexec - ext4 /dev/a rw\n";
    MountTable *mounts, *seen;
    PathWalkOptions options = {.root_fd = root_fd};
    PathFacts facts;

    assert_int_equal(mount_table_parse(mine, strlen(mine), &mounts), 0);
    options.mounts = mounts;
    assert_int_equal(path_walk("/srv/site/file", &options, &facts), 0);
    assert_int_equal(facts.error, -EREMOTE);
    assert_string_equal(facts.stopped_at, "/srv/site");
    path_facts_clear(&facts);
    mount_table_free(mounts);

    assert_int_equal(mount_table_parse(plain, strlen(plain), &mounts), 0);
    assert_int_equal(mount_table_parse(other, strlen(other), &seen), 0);
    options.mounts = mounts;
    options.seen_mounts = seen;
    assert_int_equal(path_walk("/srv/site/file", &options, &facts), 0);
    assert_int_equal(facts.error, -EXDEV);
    assert_string_equal(facts.stopped_at, "/srv");
    path_facts_clear(&facts);
    assert_int_equal(path_walk("/out", &options, &facts), 0);
    assert_false(facts.components[0].read_only); /* as nginx sees it, not as we do */
    path_facts_clear(&facts);
    mount_table_free(mounts);
    mount_table_free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_refused_arguments),
        cmocka_unit_test(test_mounts),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
