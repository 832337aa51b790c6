/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken from a real journal, written by systemd-journal-remote from systemd's export
 * format (https://systemd.io/JOURNAL_EXPORT_FORMATS). */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/journal-log.h"

#define WRITER "/lib/systemd/systemd-journal-remote"
#define BOOT   "_BOOT_ID=0123456789abcdef0123456789abcdef\n"

static char dir[64];
static char seen[4096]; /* "pid:line|" for each */
static uint64_t last_usec;
static uint64_t monotonic;

static void on_line(void *userdata, const char *source, const NginxLineOrigin *origin,
                    const char *line, size_t length)
{
    size_t used = strlen(seen);

    assert_string_equal(source, "journal");
    last_usec = origin->time_usec;
    (void)snprintf(seen + used, sizeof(seen) - used, "%d:%.*s|", (int)origin->pid, (int)length,
                   line);
}

static uint64_t now_usec(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

static FILE *begin_export(void)
{
    char path[128];
    FILE *stream;

    (void)snprintf(path, sizeof(path), "%s/export", dir);
    stream = fopen(path, "we");
    assert_non_null(stream);
    return stream;
}

static const char *transport = "stdout"; /* of what is put */

static void put(FILE *stream, uint64_t time_usec, const char *name, const char *pid,
                const char *message)
{
    (void)fprintf(stream,
                  "__REALTIME_TIMESTAMP=%" PRIu64 "\n__MONOTONIC_TIMESTAMP=%" PRIu64 "\n" BOOT
                  "_COMM=%s\n_TRANSPORT=%s\n",
                  time_usec, ++monotonic, name, transport);
    if (pid)
        (void)fprintf(stream, "_PID=%s\n", pid);
    if (message)
        (void)fprintf(stream, "MESSAGE=%s\n", message);
    (void)fputc('\n', stream);
}

/* Appends the entries to the journal's file of that name. */
static void end_export(FILE *stream, const char *name)
{
    char command[512];

    assert_int_equal(fclose(stream), 0);
    (void)snprintf(command, sizeof(command),
                   WRITER " --split-mode=none -o %s/journal/%s.journal %s/export >/dev/null 2>&1",
                   dir, name, dir);
    assert_int_equal(system(command), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static int setup(void **state)
{
    char path[128];
    FILE *stream;

    strcpy(dir, "/tmp/journal-log-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/journal", dir);
    if (mkdir(path, 0755) < 0)
        return -1;
    stream = begin_export();
    put(stream, now_usec() - 60 * USEC_PER_SEC, "nginx", "7", "before it was opened");
    end_export(stream, "first");
    seen[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static JournalLog *open_log_at(const JournalPosition *start)
{
    char path[128];
    JournalLog *log;

    (void)snprintf(path, sizeof(path), "%s/journal", dir);
    assert_int_equal(journal_log_new(&log, path, start, on_line, NULL), 0);
    assert_true(journal_log_get_fd(log) >= 0);
    return log;
}

static JournalLog *open_log(void)
{
    return open_log_at(NULL);
}

static void take(JournalLog *log)
{
    int r = journal_log_process(log, 64);

    assert_int_equal(r, 0);
}

static void test_only_new_entries_of_nginx(void **state)
{
    JournalLog *log = open_log();
    uint64_t time_usec = now_usec() + USEC_PER_SEC;
    FILE *stream = begin_export();

    take(log);
    assert_string_equal(seen, "");
    put(stream, time_usec, "nginx", "41", "nginx: [emerg] bind() to 0.0.0.0:8081 failed");
    put(stream, time_usec + 1, "apache2", "42", "not ours");
    put(stream, time_usec + 2, "nginx", NULL, "without a process");
    put(stream, time_usec + 3, "nginx", "4x3", "whose process is no number");
    put(stream, time_usec + 4, "nginx", "44", NULL);
    end_export(stream, "first");
    take(log);
    assert_string_equal(seen, "41:nginx: [emerg] bind() to 0.0.0.0:8081 failed|"
                              "0:without a process|0:whose process is no number|");
    assert_int_equal(last_usec, time_usec + 3);
    assert_int_equal(journal_log_counters(log)->lines, 3);
    assert_int_equal(journal_log_counters(log)->skipped, 1); /* without a text */
    take(log);
    assert_int_equal(journal_log_counters(log)->lines, 3); /* each once */
    journal_log_free(log);
}

/* journald begins a new file when one is full, and removes old ones. */
static void test_rotation(void **state)
{
    JournalLog *log = open_log();
    uint64_t time_usec = now_usec() + USEC_PER_SEC;
    char path[128];
    FILE *stream;

    stream = begin_export();
    put(stream, time_usec, "nginx", "1", "one");
    end_export(stream, "first");
    take(log);
    stream = begin_export();
    put(stream, time_usec + 1, "nginx", "2", "two");
    end_export(stream, "second");
    take(log);
    (void)snprintf(path, sizeof(path), "%s/journal/first.journal", dir);
    assert_int_equal(unlink(path), 0);
    take(log);
    stream = begin_export();
    put(stream, time_usec + 2, "nginx", "3", "three");
    end_export(stream, "second");
    take(log);
    assert_string_equal(seen, "1:one|2:two|3:three|");
    journal_log_free(log);
}

static void test_long_lines_and_shares(void **state)
{
    static char text[NGINX_LINE_LENGTH_MAX + 2];
    JournalLog *log = open_log();
    uint64_t time_usec = now_usec() + USEC_PER_SEC;
    FILE *stream = begin_export();

    memset(text, 'x', sizeof(text) - 1);
    put(stream, time_usec, "nginx", "1", text);
    for (unsigned int i = 1; i <= 10; i++)
        put(stream, time_usec + i, "nginx", "2", "x");
    end_export(stream, "first");
    assert_int_equal(journal_log_process(log, 4), 1);
    assert_int_equal(journal_log_counters(log)->skipped, 1);
    assert_int_equal(journal_log_counters(log)->lines, 3);
    take(log);
    assert_int_equal(journal_log_counters(log)->lines, 10);
    journal_log_free(log);
}

/* What journald keeps of the kernel's records about nginx is none of nginx's lines. */
static void test_not_audit_records(void **state)
{
    JournalLog *log = open_log();
    uint64_t time_usec = now_usec() + USEC_PER_SEC;
    static const char *const transports[] = {"audit",   "syslog", "kernel",
                                             "journal", "driver", "stdout"};
    FILE *stream = begin_export();

    for (size_t i = 0; i < ELEMENTS_OF(transports); i++) {
        transport = transports[i];
        put(stream, time_usec + i, "nginx", "1", transports[i]);
    }
    end_export(stream, "first");
    take(log);
    assert_string_equal(seen, "1:syslog|1:journal|1:stdout|");
    journal_log_free(log);
}

/* A position, kept as text while nothing is read. */
static JournalPosition close_log(JournalLog *log)
{
    static char cursor[512];
    JournalPosition position = journal_log_get_position(log);

    if (position.cursor) {
        (void)snprintf(cursor, sizeof(cursor), "%s", position.cursor);
        position.cursor = cursor;
    }
    journal_log_free(log);
    return position;
}

static void put_one(const char *file, uint64_t time_usec, const char *message)
{
    FILE *stream = begin_export();

    put(stream, time_usec, "nginx", "1", message);
    end_export(stream, file);
}

static void test_goes_on_after_restart(void **state)
{
    uint64_t time_usec = now_usec() + USEC_PER_SEC;
    JournalLog *log = open_log();
    JournalPosition position;
    char path[128];

    /* Nothing came while it was open. */
    take(log);
    position = close_log(log);
    assert_null(position.cursor);
    put_one("first", time_usec, "one");
    log = open_log_at(&position);
    take(log);
    assert_string_equal(seen, "1:one|");
    position = close_log(log);
    assert_non_null(position.cursor);
    /* Nothing came since: nothing is given again. */
    log = open_log_at(&position);
    take(log);
    assert_string_equal(seen, "1:one|");
    position = close_log(log);
    /* In the same file, and in another. */
    put_one("first", time_usec + 1, "two");
    put_one("second", time_usec + 2, "three");
    log = open_log_at(&position);
    take(log);
    assert_string_equal(seen, "1:one|1:two|1:three|");
    position = close_log(log);
    /* The file of the last entry is gone, the next one is there. */
    put_one("third", time_usec + 3, "four");
    (void)snprintf(path, sizeof(path), "%s/journal/second.journal", dir);
    assert_int_equal(unlink(path), 0);
    log = open_log_at(&position);
    take(log);
    assert_string_equal(seen, "1:one|1:two|1:three|1:four|");
    journal_log_free(log);
}

/* What is no cursor leads nowhere: from now on. */
static void test_bad_cursor(void **state)
{
    const JournalPosition position = {1, "s=nonsense;i=x"};
    JournalLog *log;

    put_one("first", now_usec() - USEC_PER_SEC, "before");
    log = open_log_at(&position);
    take(log);
    assert_string_equal(seen, "");
    put_one("first", now_usec() + USEC_PER_SEC, "after");
    take(log);
    assert_string_equal(seen, "1:after|");
    journal_log_free(log);
}

static void test_nothing_to_open(void **state)
{
    JournalLog *log;

    assert_int_equal(journal_log_new(&log, "/no/such/journal", NULL, on_line, NULL), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_new_entries_of_nginx, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_lines_and_shares, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_audit_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_goes_on_after_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_cursor, setup, teardown),
        cmocka_unit_test(test_nothing_to_open),
    };

    if (access(WRITER, X_OK) < 0)
        return 77; /* systemd-journal-remote is not installed */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
