/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/directory-on-way.h"
#include "tests/unit/test.h"

/* /proc is a file system of its own wherever this runs. */
static void test_proc(void **state _unused_)
{
    struct stat status;

    assert_int_equal(stat("/proc", &status), 0);
    assert_true(directory_may_be_on_way("/proc", "/", status.st_ino));
    assert_true(directory_may_be_on_way("/proc/self/status", "/", status.st_ino));
    assert_true(directory_may_be_on_way("/proc/self/root/proc/version", "/", status.st_ino));
    /* what is not there is looked for in directories that are */
    assert_true(directory_may_be_on_way("/proc/no/such", "/", status.st_ino));
    assert_false(directory_may_be_on_way("/proc/self/status", "/", UINT64_MAX));
    assert_false(directory_may_be_on_way("/no-such-directory/x", "/", UINT64_MAX));
    assert_int_equal(stat("/proc/self/status", &status), 0);
    /* on the way, but no root */
    assert_false(directory_may_be_on_way("/proc/self/status", "/", status.st_ino));
}

/* Of several directories of one name only one has the number. */
static void test_named(void **state _unused_)
{
    char folder[] = "/tmp/selguard-way-XXXXXX";
    _cleanup_free_ char *one = NULL, *www = NULL, *below = NULL, *other = NULL;
    struct stat status;

    assert_non_null(mkdtemp(folder));
    www = format_string("%s/www", folder);
    one = format_string("%s/www/page.html", folder);
    below = format_string("%s/www/www", folder);
    other = format_string("%s/other/www/page.html", folder);
    assert_int_equal(mkdir(www, 0700), 0);
    assert_int_equal(mkdir(below, 0700), 0);
    assert_int_equal(stat(www, &status), 0);
    assert_true(directory_may_be_on_way(one, "www", status.st_ino));
    assert_true(directory_may_be_on_way(below, "www", status.st_ino));
    assert_false(directory_may_be_on_way(other, "www", status.st_ino));
    assert_false(directory_may_be_on_way(one, "data", status.st_ino));
    assert_int_equal(stat(below, &status), 0);
    assert_true(directory_may_be_on_way(below, "www", status.st_ino));
    assert_false(directory_may_be_on_way(one, "www", status.st_ino));
    assert_int_equal(rmdir(below) | rmdir(www) | rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proc),
        cmocka_unit_test(test_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
