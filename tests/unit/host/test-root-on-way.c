/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/host/root-on-way.h"
#include "tests/unit/test.h"

/* /proc is a file system of its own wherever this runs. */
static void test_proc(void **state _unused_)
{
    struct stat status;

    assert_int_equal(stat("/proc", &status), 0);
    assert_true(root_may_be_on_way("/proc", status.st_ino));
    assert_true(root_may_be_on_way("/proc/self/status", status.st_ino));
    assert_true(root_may_be_on_way("/proc/self/root/proc/version", status.st_ino));
    /* what is not there is looked for in directories that are */
    assert_true(root_may_be_on_way("/proc/no/such", status.st_ino));
    assert_false(root_may_be_on_way("/proc/self/status", UINT64_MAX));
    assert_false(root_may_be_on_way("/no-such-directory/x", UINT64_MAX));
    assert_int_equal(stat("/proc/self/status", &status), 0);
    /* on the way, but no root */
    assert_false(root_may_be_on_way("/proc/self/status", status.st_ino));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_proc)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
