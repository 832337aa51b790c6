/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "daemon/core/macro.h"
#include "daemon/core/path.h"
#include "tests/unit/test.h"

static void test_collapse(void **state _unused_)
{
    static const struct {
        const char *path, *collapsed;
        bool dots;
    } rows[] = {
        {"/", "/", false},
        {"//", "/", false},
        {"///", "/", false},
        {"/a", "/a", false},
        {"/a/", "/a", false},
        {"/a//b", "/a/b", false},
        {"///a///b//", "/a/b", false},
        {"//a///b/", "/a/b", false},
        {"/a/..", "/", true},
        {"/a/../b", "/b", true},
        {"/a/b/../../c/", "/c", true},
        {"/a/b/../../../../c", "/c", true},
        {"/..", "/", true},
        {"/../..", "/", true},
        {"/./a/./b/.", "/a/b", true},
        {"/.", "/", true},
        {"/a/.../b", "/a/.../b", false},
        {"/a/..b/.c/d../e.", "/a/..b/.c/d../e.", false},
        {"/a.b/c..d", "/a.b/c..d", false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *collapsed = NULL;

        assert_int_equal(path_collapse(rows[i].path, &collapsed), 0);
        assert_string_equal(collapsed, rows[i].collapsed);
        assert_int_equal(path_has_dots(rows[i].path), rows[i].dots);
    }
}

static void test_not_absolute(void **state _unused_)
{
    char *collapsed = NULL;

    assert_int_equal(path_collapse("", &collapsed), -EINVAL);
    assert_int_equal(path_collapse("a/b", &collapsed), -EINVAL);
    assert_int_equal(path_collapse("relative/x", &collapsed), -EINVAL);
    assert_null(collapsed);
    assert_true(path_has_dots(".."));
    assert_true(path_has_dots("./x"));
    assert_false(path_has_dots("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collapse),
        cmocka_unit_test(test_not_absolute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
