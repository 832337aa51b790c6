/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/undo.h"
#include "tests/unit/test.h"

static char directory[] = "/tmp/selguard-undo-XXXXXX";

static int setup(void **state _unused_)
{
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state _unused_)
{
    return rmdir(directory);
}

static void test_round_trip(void **state _unused_)
{
    static const char data[] = "a\0b\0";
    _cleanup_free_ char *path = undo_path(directory, "17", 2);
    _cleanup_free_ char *back = NULL, *again = NULL;
    _cleanup_close_ int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    size_t size = 0;

    assert_int_equal(undo_read(path, &back, &size), -ENOENT);
    assert_int_equal(undo_write(path, data, sizeof(data)), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(undo_read(path, &back, &size), 0);
    assert_int_equal(size, sizeof(data));
    assert_memory_equal(back, data, sizeof(data));
    /* As a whole. */
    assert_int_equal(undo_write(path, "x", 1), 0);
    assert_int_equal(undo_read(path, &again, &size), 0);
    assert_string_equal(again, "x");

    undo_forget(fd, "1", 3);
    assert_int_equal(access(path, F_OK), 0);
    undo_forget(fd, "17", 3);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_trouble(void **state _unused_)
{
    _cleanup_free_ char *path = undo_path(directory, "18", 0);
    _cleanup_free_ char *nowhere = undo_path("/nonexistent", "18", 0);
    _cleanup_free_ char *back = NULL;
    size_t size = 0;

    assert_int_equal(undo_write(nowhere, "x", 1), -ENOENT);
    assert_int_equal(undo_write(path, "x", (size_t)REMEDY_UNDO_SIZE_MAX + 1), -EFBIG);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(undo_read(path, &back, &size), -ELOOP);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_trouble),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
