/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels on disk, in a directory that stands for the root. Needs the right to set them. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/relabel.h"
#include "daemon/remedy/undo.h"
#include "tests/unit/test.h"

#define OLD "system_u:object_r:old_t:s0"
#define NEW "system_u:object_r:new_t:s0"

static char root[] = "/tmp/selguard-relabel-XXXXXX";
static FileContexts *contexts;
static bool possible;

/* One static buffer: for one use at a time. */
static const char *at(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_label(const char *name, const char *label)
{
    return lsetxattr(at(name), "security.selinux", label, strlen(label) + 1, 0);
}

static const char *get_label(const char *name)
{
    static char label[128];
    ssize_t n = lgetxattr(at(name), "security.selinux", label, sizeof(label) - 1);

    label[n < 0 ? 0 : n] = '\0';
    return label;
}

static int setup(void **state _unused_)
{
    if (!mkdtemp(root))
        return -1;
    write_file("rules", "/srv/shop(/.*)?	" NEW "\n");
    assert_int_equal(mkdir(at("srv"), 0755), 0);
    assert_int_equal(mkdir(at("srv/shop"), 0755), 0);
    write_file("srv/shop/a", "");
    write_file("srv/shop/b", "");
    write_file("outside", "");
    assert_int_equal(symlink("../../outside", at("srv/shop/link")), 0);
    assert_int_equal(symlink("shop", at("srv/way")), 0);
    possible = set_label("outside", OLD) == 0;
    return file_contexts_open(at("rules"), &contexts);
}

static int teardown(void **state _unused_)
{
    static const char *const names[] = {"srv/shop/a", "srv/shop/b", "srv/shop/link", "srv/way",
                                        "outside",    "rules",      "undo"};

    contexts = file_contexts_free(contexts);
    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        (void)unlink(at(names[i]));
    (void)rmdir(at("srv/shop"));
    (void)rmdir(at("srv"));
    return rmdir(root);
}

static int reset(void **state _unused_)
{
    static const char *const names[] = {"srv/shop", "srv/shop/a", "srv/shop/b", "srv/shop/link"};

    (void)unlink(at("undo"));
    for (size_t i = 0; possible && i < ELEMENTS_OF(names); i++)
        assert_int_equal(set_label(names[i], OLD), 0);
    return 0;
}

static RelabelTarget target_for(const char *path)
{
    return (RelabelTarget){.root = root, .path = path, .recursive = true, .contexts = contexts};
}

static void check_labels(const char *expected)
{
    assert_string_equal(get_label("srv/shop"), expected);
    assert_string_equal(get_label("srv/shop/a"), expected);
    assert_string_equal(get_label("srv/shop/b"), expected);
    assert_string_equal(get_label("srv/shop/link"), expected); /* the link itself */
    assert_string_equal(get_label("outside"), OLD);            /* not where it leads */
}

static void test_there_and_back(void **state _unused_)
{
    const RelabelTarget target = target_for("/srv/shop");
    _cleanup_free_ char *undo = format_string("%s/undo", root);
    uint32_t failed = 1;

    if (!possible)
        skip();
    assert_int_equal(relabel_apply(&target, undo, &failed), 0);
    assert_int_equal(failed, 0);
    check_labels(NEW);
    assert_int_equal(relabel_revert(root, undo, &failed), 0);
    check_labels(OLD);
}

static int interrupt(const char *path _unused_, const char *old _unused_,
                     const char *wanted _unused_, void *userdata)
{
    unsigned *seen = userdata;

    return ++*seen == 2 ? -EINTR : 0;
}

/* As a power cut leaves it: the list is there, and the labels are half done. */
static void test_interrupted(void **state _unused_)
{
    const RelabelTarget target = target_for("/srv/shop");
    _cleanup_free_ char *undo = format_string("%s/undo", root);
    uint32_t failed = 1;
    unsigned seen = 0;

    if (!possible)
        skip();
    assert_int_equal(relabel_walk(&target, interrupt, &seen), -EINTR);
    assert_int_equal(relabel_apply(&target, undo, &failed), 0);
    assert_int_equal(set_label("srv/shop/a", OLD), 0);
    assert_int_equal(set_label("srv/shop/link", OLD), 0);
    /* Finished … */
    assert_int_equal(relabel_apply(&target, undo, &failed), 0);
    check_labels(NEW);
    /* … and taken back, from half way too. */
    assert_int_equal(set_label("srv/shop/b", OLD), 0);
    assert_int_equal(relabel_revert(root, undo, &failed), 0);
    check_labels(OLD);
    assert_int_equal(relabel_revert(root, undo, &failed), 0);
    check_labels(OLD);
}

static void test_trouble(void **state _unused_)
{
    RelabelTarget target = target_for("/srv/way");
    _cleanup_free_ char *undo = format_string("%s/undo", root);
    _cleanup_free_ char *label = NULL;
    uint32_t failed;
    unsigned seen = 0;

    target.path = "/srv/way/a";
    assert_int_equal(relabel_walk(&target, interrupt, &seen), -ELOOP);
    target.path = "/srv/nothing";
    assert_int_equal(relabel_walk(&target, interrupt, &seen), -ENOENT);
    target.path = "/srv/shop/a/b";
    assert_int_equal(relabel_walk(&target, interrupt, &seen), -ENOTDIR);
    assert_int_equal(relabel_read(root, "/", &label), -EINVAL);
    /* Nothing was kept, so nothing was done. */
    assert_int_equal(relabel_revert(root, undo, &failed), 0);
    assert_int_equal(undo_write(undo, "a\0b", 4), 0);
    assert_int_equal(relabel_revert(root, undo, &failed), -EBADMSG);
    assert_int_equal(undo_write(undo, "a\0b\0c", 5), 0);
    assert_int_equal(relabel_revert(root, undo, &failed), -EBADMSG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_there_and_back, reset),
        cmocka_unit_test_setup(test_interrupted, reset),
        cmocka_unit_test_setup(test_trouble, reset),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
