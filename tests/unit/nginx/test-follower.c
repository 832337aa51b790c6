/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/follower.h"

static char dir[64];
static char seen[65536]; /* "name:line|" for each line */
static size_t longest, n_lines;

static void on_line(void *userdata, const char *log_path, const char *line, size_t length)
{
    size_t used = strlen(seen);

    n_lines++;
    if (length > longest)
        longest = length;
    if (length < 100 && used + length + 100 < sizeof(seen))
        snprintf(seen + used, sizeof(seen) - used, "%s:%.*s|", strrchr(log_path, '/') + 1,
                 (int)length, line);
}

static const char *at(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *result = path[turn++ % ELEMENTS_OF(path)];

    snprintf(result, sizeof(path[0]), "%s/%s", dir, name);
    return result;
}

static void append(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "a");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static int setup(void **state)
{
    Follower *follower;

    strcpy(dir, "/tmp/follower-XXXXXX");
    if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
        return -1;
    seen[0] = '\0';
    longest = n_lines = 0;
    if (follower_new(&follower, on_line, NULL) < 0)
        return -1;
    *state = follower;
    return 0;
}

static int teardown(void **state)
{
    follower_free(*state);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void take_all(Follower *follower)
{
    int r, rounds = 0;

    while ((r = follower_process(follower, 1 << 20)) > 0)
        assert_in_range(++rounds, 1, 1000);
    assert_int_equal(r, 0);
}

/* Waits for the descriptor, as an event loop would: the event must come. */
static void run(Follower *follower)
{
    struct pollfd pollfd = {.fd = follower_get_fd(follower), .events = POLLIN};

    if (follower_get_deadline(follower) > 0)
        assert_int_equal(poll(&pollfd, 1, 2000), 1);
    take_all(follower);
}

static FollowerStatus status_of(Follower *follower, size_t index)
{
    FollowerStatus status;

    assert_int_equal(follower_get_status(follower, index, &status), 0);
    return status;
}

static void test_lines(void **state)
{
    Follower *follower = *state;

    append("a", "old\npart");
    append("b", "first\n");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_END), 0);
    assert_int_equal(follower_add(follower, at("b"), FOLLOWER_START_AT_BEGIN), 0);
    assert_int_equal(follower_add(follower, at("b"), FOLLOWER_START_AT_BEGIN), -EEXIST);
    assert_int_equal(follower_add(follower, "relative", FOLLOWER_START_AT_END), -EINVAL);
    assert_int_equal(follower_add(follower, "/", FOLLOWER_START_AT_END), -EINVAL);
    assert_int_equal(follower_add(follower, NULL, FOLLOWER_START_AT_END), -EINVAL);
    assert_int_equal(follower_count(follower), 2);
    run(follower);
    assert_string_equal(seen, "b:first|");
    /* the rest of the line that was being written at the start is no line */
    append("a", "ial\nnew 1\nnew 2\nnot yet");
    append("b", "\n\nx\n");
    run(follower);
    assert_string_equal(seen, "b:first|a:new 1|a:new 2|b:|b:|b:x|");
    assert_int_equal(status_of(follower, 0).position.offset,
                     strlen("old\npartial\nnew 1\nnew 2\n"));
    assert_int_equal(status_of(follower, 0).lines, 2);
    append("a", " done\n");
    run(follower);
    assert_non_null(strstr(seen, "|a:not yet done|"));
    assert_int_equal(follower_remove(follower, at("a")), 0);
    assert_int_equal(follower_remove(follower, at("a")), -ENOENT);
    append("a", "unseen\n");
    append("b", "seen\n");
    run(follower);
    assert_null(strstr(seen, "unseen"));
    assert_non_null(strstr(seen, "b:seen|"));
}

static void test_rotation(void **state)
{
    Follower *follower = *state;
    FILE *writer;

    append("a", "1\n");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    writer = fopen(at("a"), "a");
    assert_non_null(writer);
    /* all before the follower looks: the old file's rest comes first */
    fputs("2\n", writer);
    fflush(writer);
    assert_int_equal(rename(at("a"), at("a.1")), 0);
    fputs("3\n", writer);
    fflush(writer);
    append("a", "5\n");
    fputs("4\n", writer);
    fflush(writer);
    run(follower);
    assert_string_equal(seen, "a:1|a:2|a:3|a:4|a:5|");
    assert_int_equal(status_of(follower, 0).rotations, 1);
    /* nginx has not reopened yet */
    fputs("late\n", writer);
    fclose(writer);
    run(follower);
    assert_string_equal(seen, "a:1|a:2|a:3|a:4|a:5|a:late|");
    append("a", "6\n");
    run(follower);
    assert_non_null(strstr(seen, "late|a:6|"));

    /* rename first, create later */
    assert_int_equal(rename(at("a"), at("a.2")), 0);
    run(follower);
    assert_int_equal(status_of(follower, 0).state, FOLLOWER_READING);
    append("a", "7\n");
    run(follower);
    assert_non_null(strstr(seen, "|a:6|a:7|"));
    assert_int_equal(status_of(follower, 0).rotations, 2);

    /* two rotations at once: the file in between is gone, the last one is read */
    append("a", "8\n");
    assert_int_equal(rename(at("a"), at("a.3")), 0);
    append("a", "between\n");
    assert_int_equal(rename(at("a"), at("a.4")), 0);
    append("a", "9\n");
    run(follower);
    assert_non_null(strstr(seen, "|a:7|a:8|a:9|"));

    /* deleted and made anew */
    assert_int_equal(unlink(at("a")), 0);
    append("a", "10\n");
    run(follower);
    assert_non_null(strstr(seen, "|a:9|a:10|"));
}

static void test_truncation(void **state)
{
    Follower *follower = *state;

    append("a", "one\ntwo\npart");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    assert_int_equal(truncate(at("a"), 0), 0);
    run(follower);
    append("a", "3\n");
    run(follower);
    assert_string_equal(seen, "a:one|a:two|a:3|");
    assert_int_equal(status_of(follower, 0).truncations, 1);
    assert_int_equal(status_of(follower, 0).position.offset, 2);
}

static void test_late_directory(void **state)
{
    Follower *follower = *state;

    assert_int_equal(follower_add(follower, at("x/y/a"), FOLLOWER_START_AT_END), 0);
    take_all(follower);
    assert_int_equal(status_of(follower, 0).state, FOLLOWER_WAITING);
    assert_int_equal(status_of(follower, 0).error, ENOENT);
    assert_true(follower_get_deadline(follower) < UINT64_MAX);
    assert_int_equal(mkdir(at("x"), 0755), 0);
    run(follower);
    assert_int_equal(mkdir(at("x/y"), 0755), 0);
    run(follower);
    append("x/y/a", "1\n");
    run(follower);
    assert_string_equal(seen, "a:1|");
    assert_int_equal(status_of(follower, 0).state, FOLLOWER_READING);
    /* the directory is exchanged with the log in it */
    assert_int_equal(rename(at("x"), at("z")), 0);
    assert_int_equal(mkdir(at("x"), 0755), 0);
    assert_int_equal(mkdir(at("x/y"), 0755), 0);
    append("x/y/a", "2\n");
    follower_check(follower);
    run(follower);
    assert_string_equal(seen, "a:1|a:2|");
}

static void test_refused(void **state)
{
    Follower *follower = *state;

    assert_int_equal(mkfifo(at("fifo"), 0644), 0);
    assert_int_equal(mkdir(at("directory"), 0755), 0);
    assert_int_equal(symlink("/dev/null", at("device")), 0);
    append("file", "1\n");
    assert_int_equal(symlink("file", at("link")), 0);
    assert_int_equal(follower_add(follower, at("fifo"), FOLLOWER_START_AT_BEGIN), 0);
    assert_int_equal(follower_add(follower, at("directory"), FOLLOWER_START_AT_BEGIN), 0);
    assert_int_equal(follower_add(follower, at("device"), FOLLOWER_START_AT_BEGIN), 0);
    assert_int_equal(follower_add(follower, at("link"), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(status_of(follower, i).state, FOLLOWER_REFUSED);
        assert_int_equal(status_of(follower, i).position.inode, 0);
    }
    assert_string_equal(status_of(follower, 0).reason, "is a FIFO");
    assert_string_equal(status_of(follower, 1).reason, "is a directory");
    assert_string_equal(status_of(follower, 2).reason, "is a character device");
    assert_string_equal(seen, "link:1|");
    /* it becomes a file after all */
    assert_int_equal(unlink(at("fifo")), 0);
    append("fifo", "2\n");
    run(follower);
    assert_string_equal(seen, "link:1|fifo:2|");
    assert_null(status_of(follower, 0).reason);
}

static void test_unreadable(void **state)
{
    Follower *follower = *state;

    if (geteuid() != 0)
        skip(); /* needs to become somebody who may not read, and back */
    append("a", "old\n");
    assert_int_equal(chmod(at("a"), 0), 0);
    assert_int_equal(seteuid(65534), 0);
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_END), 0);
    assert_int_equal(follower_process(follower, 1024), 0);
    assert_int_equal(status_of(follower, 0).state, FOLLOWER_UNREADABLE);
    assert_int_equal(status_of(follower, 0).error, EACCES);
    assert_int_equal(seteuid(0), 0);
    append("a", "new\n");
    assert_int_equal(chmod(at("a"), 0644), 0);
    assert_int_equal(seteuid(65534), 0);
    run(follower);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status_of(follower, 0).state, FOLLOWER_READING);
    assert_string_equal(seen, "a:new|"); /* written after the log was added */
}

/* As RHEL's /var/log/nginx: the log may be read, the directory may not be listed. */
static void test_unlistable_directory(void **state)
{
    Follower *follower = *state;

    if (geteuid() != 0)
        skip();
    append("a", "old\n");
    assert_int_equal(chmod(dir, 0711), 0);
    assert_int_equal(seteuid(65534), 0);
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_END), 0);
    take_all(follower);
    assert_int_equal(seteuid(0), 0);
    append("a", "new\n");
    assert_int_equal(rename(at("a"), at("a.1")), 0);
    append("a", "next\n");
    assert_int_equal(seteuid(65534), 0);
    /* what the file's own watch tells */
    run(follower);
    assert_string_equal(seen, "a:new|a:next|");
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(unlink(at("a")), 0);
    assert_int_equal(seteuid(65534), 0);
    run(follower);
    assert_int_equal(seteuid(0), 0);
    append("a", "last\n");
    assert_int_equal(seteuid(65534), 0);
    /* what nothing tells: the timer */
    usleep(NGINX_LOG_RETRY_USEC + 100000);
    take_all(follower);
    assert_int_equal(seteuid(0), 0);
    assert_string_equal(seen, "a:new|a:next|a:last|");
}

static void test_position(void **state)
{
    Follower *follower = *state, *second = NULL;
    FollowerPosition position;

    append("a", "1\n2\npart");
    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    run(follower);
    position = status_of(follower, 0).position;
    assert_int_equal(position.offset, 4);
    append("a", "ial\n3\n");

    seen[0] = '\0';
    assert_int_equal(follower_new(&second, on_line, NULL), 0);
    assert_int_equal(follower_add_at(second, at("a"), &position), 0);
    run(second);
    assert_string_equal(seen, "a:partial|a:3|");
    second = follower_free(second);

    /* a file that is shorter, or another one */
    seen[0] = '\0';
    assert_int_equal(truncate(at("a"), 2), 0);
    assert_int_equal(follower_new(&second, on_line, NULL), 0);
    assert_int_equal(follower_add_at(second, at("a"), &position), 0);
    run(second);
    assert_string_equal(seen, "a:1|");
    second = follower_free(second);
    seen[0] = '\0';
    assert_int_equal(rename(at("a"), at("b")), 0);
    append("a", "x\ny\nz\n");
    assert_int_equal(follower_new(&second, on_line, NULL), 0);
    assert_int_equal(follower_add_at(second, at("a"), &position), 0);
    run(second);
    assert_string_equal(seen, "a:x|a:y|a:z|");
    follower_free(second);
}

static void test_long_lines(void **state)
{
    static char text[10 * 1024 * 1024];
    Follower *follower = *state;

    assert_int_equal(follower_add(follower, at("a"), FOLLOWER_START_AT_BEGIN), 0);
    take_all(follower);
    append("a", "1\n");
    memset(text, 'x', sizeof(text) - 1);
    append("a", text);
    run(follower);
    append("a", "\n2\n");
    memset(text, 0, sizeof(text));
    memset(text, 'x', NGINX_LINE_LENGTH_MAX);
    text[NGINX_LINE_LENGTH_MAX] = '\n';
    append("a", text);
    text[NGINX_LINE_LENGTH_MAX] = 'x';
    append("a", text);
    append("a", "\n3\n");
    run(follower);
    assert_string_equal(seen, "a:1|a:2|a:3|");
    assert_int_equal(n_lines, 4);
    assert_int_equal(longest, NGINX_LINE_LENGTH_MAX);
    assert_int_equal(status_of(follower, 0).lines_skipped, 2);
}

static void test_shares(void **state)
{
    Follower *follower = *state;
    FILE *file = fopen(at("big"), "w");
    size_t rounds = 0, total = 0;
    int r;

    assert_non_null(file);
    for (int i = 0; i < 40000; i++)
        total += (size_t)fprintf(file, "%0120d\n", i);
    assert_int_equal(fclose(file), 0);
    append("small", "1\n");
    assert_int_equal(follower_add(follower, at("big"), FOLLOWER_START_AT_BEGIN), 0);
    assert_int_equal(follower_add(follower, at("small"), FOLLOWER_START_AT_BEGIN), 0);
    /* the small one does not wait for the big one's end */
    assert_int_equal(follower_process(follower, 512u * 1024), 1);
    assert_string_equal(seen, "small:1|");
    assert_in_range(n_lines, 100, 512 * 1024 / 121 + 1);
    while ((r = follower_process(follower, 100000)) > 0)
        rounds++;
    assert_int_equal(r, 0);
    assert_in_range(rounds, (total - 512u * 1024) / 100000 - 1, total / 100000 + 2);
    assert_int_equal(n_lines, 40001);
    assert_int_equal(follower_process(follower, 1), 0);
}

static void test_limit(void **state)
{
    Follower *follower = *state;
    char name[32];

    for (unsigned i = 0; i < NGINX_LOGS_MAX; i++) {
        snprintf(name, sizeof(name), "log-%u", i);
        assert_int_equal(follower_add(follower, at(name), FOLLOWER_START_AT_END), 0);
    }
    assert_int_equal(follower_add(follower, at("more"), FOLLOWER_START_AT_END), -E2BIG);
    for (unsigned i = 0; i < NGINX_LOGS_MAX; i++) {
        snprintf(name, sizeof(name), "log-%u", i);
        append(name, "x\n");
    }
    run(follower);
    assert_int_equal(n_lines, NGINX_LOGS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unlistable_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_position, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
