/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to logs on real hosts: rotation of every kind, also while nobody follows, paths that
 * turn into something else, disks that fill up, and many logs at once. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/follower.h"

#define MANY 300u

static char dir[64];
static char seen[16384]; /* "line|" for each */
static size_t n_lines;
static unsigned int times[2 * MANY]; /* how often the line of that number came */

static void on_line(void *userdata, const char *log_path, const char *line, size_t length)
{
    size_t used = strlen(seen);
    unsigned long number = strtoul(line, NULL, 10);

    n_lines++;
    if (number < ELEMENTS_OF(times))
        times[number]++;
    if (used + length + 2 < sizeof(seen))
        (void)snprintf(seen + used, sizeof(seen) - used, "%.*s|", (int)length, line);
}

static const char *at(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *result = path[turn++ % ELEMENTS_OF(path)];

    (void)snprintf(result, sizeof(path[0]), "%s/%s", dir, name);
    return result;
}

static void append(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "a");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void copy(const char *from, const char *to)
{
    static char text[65536];
    FILE *in = fopen(at(from), "r"), *out = fopen(at(to), "w");
    size_t n;

    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(text, 1, sizeof(text), in)) > 0)
        assert_int_equal(fwrite(text, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static void forget(void)
{
    memset(seen, 0, sizeof(seen));
    memset(times, 0, sizeof(times));
    n_lines = 0;
}

static int setup(void **state)
{
    Follower *follower;

    strcpy(dir, "/tmp/follower-XXXXXX");
    if (!mkdtemp(dir) || follower_new(&follower, on_line, NULL) < 0)
        return -1;
    forget();
    *state = follower;
    return 0;
}

static int teardown(void **state)
{
    follower_free(*state);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void run(Follower *follower)
{
    int r;

    follower_check(follower);
    for (unsigned int i = 0; (r = follower_process(follower, 4096)) > 0; i++)
        assert_true(i < 100000);
    assert_int_equal(r, 0);
}

static FollowerStatus status_of(const Follower *follower)
{
    FollowerStatus status;

    assert_int_equal(follower_get_status(follower, 0, &status), 0);
    return status;
}

/* Follows the log to its end and stops, as the monitor does; the next one starts there. */
static void stop(void **state, const char *name, FollowerPosition *ret_position)
{
    Follower *follower = *state;

    assert_int_equal(follower_add(follower, at(name), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    assert_int_equal(follower_get_position(follower, 0, ret_position), 0);
    follower_free(follower);
    *state = NULL;
    forget();
}

static Follower *start_again(void **state, const char *name, const FollowerPosition *position)
{
    Follower *follower;

    assert_int_equal(follower_new(&follower, on_line, NULL), 0);
    *state = follower;
    assert_int_equal(follower_remember(follower, at(name), position), 0);
    assert_int_equal(follower_add(follower, at(name), FOLLOWER_START_AT_END), 0);
    run(follower);
    return follower;
}

static void test_copied_and_cut_while_stopped(void **state)
{
    FollowerPosition position;
    const Follower *follower;

    append("a", "first\nsecond\n");
    stop(state, "a", &position);
    append("a", "third\nfourth\n");
    copy("a", "a.1");
    assert_int_equal(truncate(at("a"), 0), 0);
    /* longer than what was there: the size tells nothing */
    append("a", "fifth, which is longer than all before\nsixth\n");
    follower = start_again(state, "a", &position);
    assert_string_equal(seen, "third|fourth|fifth, which is longer than all before|sixth|");
    assert_int_equal(status_of(follower).lost_ends, 0);
}

static void test_compressed_while_followed(void **state)
{
    Follower *follower = *state;

    append("a", "1\n");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    append("a", "2\n");
    assert_int_equal(rename(at("a"), at("a.1")), 0);
    append("a", "3\n");
    /* gzip writes beside it and removes it, while it is open here */
    append("a.1.gz", "\x1f\x8b\x08 not a line\n");
    assert_int_equal(unlink(at("a.1")), 0);
    run(follower);
    append("a", "4\n");
    run(follower);
    assert_string_equal(seen, "1|2|3|4|");
    assert_int_equal(status_of(follower).rotations, 1);
}

static void test_compressed_while_stopped(void **state)
{
    FollowerPosition position;
    const Follower *follower;

    append("a", "1\n");
    stop(state, "a", &position);
    append("a", "2\n");
    append("a.1.gz", "\x1f\x8b\x08 not a line\n");
    assert_int_equal(unlink(at("a")), 0);
    append("a", "3\n4\n");
    follower = start_again(state, "a", &position);
    assert_string_equal(seen, "3|4|");
    assert_int_equal(status_of(follower).lost_ends, 1); /* "2" is in the archive: it is said */
}

static void make_fifo(void)
{
    assert_int_equal(mkfifo(at("a"), 0644), 0);
}

static void make_directory(void)
{
    assert_int_equal(mkdir(at("a"), 0755), 0);
}

static void make_link(void)
{
    assert_int_equal(symlink("/dev/zero", at("a")), 0);
}

static void test_replaced_while_followed(void **state)
{
    static const struct {
        void (*make)(void);
        const char *reason;
    } cases[] = {
        {make_fifo, "is a FIFO"},
        {make_directory, "is a directory"},
        {make_link, "is a character device"},
    };
    Follower *follower = *state;

    append("a", "begin\n");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        run(follower);
        forget();
        append("a", "rest\n");
        assert_int_equal(rename(at("a"), at("a.1")), 0);
        cases[i].make();
        run(follower);
        assert_string_equal(seen, "rest|"); /* what stood in the file before */
        run(follower);
        assert_int_equal(status_of(follower).state, FOLLOWER_REFUSED);
        assert_string_equal(status_of(follower).reason, cases[i].reason);
        assert_int_equal(remove(at("a")), 0);
        append("a", "again\n");
        run(follower);
        assert_int_equal(status_of(follower).state, FOLLOWER_READING);
        assert_string_equal(seen, "rest|again|");
    }
}

/* nginx writes what fits of a line when the disk is full, and goes on behind it later. */
static void test_full_disk(void **state)
{
    Follower *follower = *state;
    char line[128];
    unsigned int whole = 0;
    int fd;

    assert_int_equal(mkdir(at("disk"), 0755), 0);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", at("disk"), "tmpfs", 0, "size=16k") < 0)
        skip(); /* needs root */
    append("disk/other", "a page\n");
    assert_int_equal(follower_add(follower, at("disk/a"), FOLLOWER_START_AT_BEGIN), 0);
    fd = open(at("disk/a"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    for (;;) {
        size_t length = (size_t)snprintf(line, sizeof(line), "%u %090d\n", whole, 0);
        ssize_t n = write(fd, line, length);

        run(follower);
        if (n < 0 || (size_t)n < length)
            break;
        whole++;
        assert_true(whole < 1000);
    }
    assert_true(whole > 50);
    assert_int_equal(n_lines, whole); /* the cut line is none yet */
    assert_int_equal(write(fd, line, 90) < 0 ? errno : 0, ENOSPC);
    assert_int_equal(unlink(at("disk/other")), 0);
    assert_int_equal(write(fd, "behind\n", 7), 7);
    assert_int_equal(write(fd, "after\n", 6), 6);
    assert_int_equal(close(fd), 0);
    run(follower);
    assert_int_equal(n_lines, whole + 2); /* the cut one with what came behind it */
    assert_string_equal(seen + strlen(seen) - strlen("behind|after|"), "behind|after|");
    assert_int_equal(follower_remove(follower, at("disk/a")), 0);
    assert_int_equal(umount(at("disk")), 0);
}

static void test_hundreds_rotated_at_once(void **state)
{
    Follower *follower = *state;
    char name[2][32], text[32];

    for (unsigned int i = 0; i < MANY; i++) {
        (void)snprintf(name[0], sizeof(name[0]), "log-%u", i);
        append(name[0], "");
        assert_int_equal(follower_add(follower, at(name[0]), FOLLOWER_START_AT_BEGIN), 0);
    }
    run(follower);
    for (unsigned int i = 0; i < MANY; i++) {
        (void)snprintf(name[0], sizeof(name[0]), "log-%u", i);
        (void)snprintf(name[1], sizeof(name[1]), "log-%u.1", i);
        (void)snprintf(text, sizeof(text), "%u\n", 2 * i);
        append(name[0], text);
        assert_int_equal(rename(at(name[0]), at(name[1])), 0);
        (void)snprintf(text, sizeof(text), "%u\n", 2 * i + 1);
        append(name[0], text);
    }
    run(follower);
    run(follower);
    assert_int_equal(n_lines, 2 * MANY);
    for (unsigned int i = 0; i < 2 * MANY; i++)
        assert_int_equal(times[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copied_and_cut_while_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compressed_while_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compressed_while_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced_while_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hundreds_rotated_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
