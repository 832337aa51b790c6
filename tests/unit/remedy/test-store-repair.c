/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "daemon/remedy/store-repair.h"
#include "tests/unit/test.h"

static char root[] = "/tmp/selguard-repair-XXXXXX";

/* Below the root. Static. */
static const char *at(const char *name)
{
    static char path[4][512];
    static unsigned next;
    char *buffer = path[next++ % ELEMENTS_OF(path)];

    (void)snprintf(buffer, sizeof(path[0]), "%s%s", root, name);
    return buffer;
}

#define STORE "/var/lib/selinux/web"

static void make(const char *name)
{
    assert_int_equal(mkdir(at(name), 0700), 0);
}

static bool is(const char *name)
{
    return access(at(name), F_OK) == 0;
}

static int setup(void **state _unused_)
{
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state _unused_)
{
    static const char *const names[] = {STORE "/semanage.trans.LOCK",
                                        STORE "/active",
                                        STORE,
                                        "/var/lib/selinux",
                                        "/var/lib",
                                        "/var",
                                        ""};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        assert_int_equal(remove(at(names[i])), 0);
    return 0;
}

static void test_repair(void **state _unused_)
{
    _cleanup_close_ int lock = -1;

    assert_int_equal(store_repair(root, "web"), 0); /* there is no store */
    make("/var");
    make("/var/lib");
    make("/var/lib/selinux");
    make(STORE);
    assert_int_equal(store_repair(root, "web"), 0); /* nothing that could be put back */

    make(STORE "/previous");
    assert_int_equal(store_repair(root, "web"), -ENOENT); /* no lock: no store of libsemanage's */
    lock = open(at(STORE "/semanage.trans.LOCK"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(store_repair(root, "web"), 0); /* somebody is at it */
    assert_false(is(STORE "/active"));
    assert_int_equal(flock(lock, LOCK_UN), 0);

    assert_int_equal(store_repair(root, "web"), 1);
    assert_true(is(STORE "/active"));
    assert_false(is(STORE "/previous"));
    /* It does not keep the lock. */
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);

    /* One that libsemanage has kept beside the present one is nothing to repair. */
    make(STORE "/previous");
    assert_int_equal(store_repair(root, "web"), 0);
    assert_int_equal(rmdir(at(STORE "/previous")), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_repair, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
