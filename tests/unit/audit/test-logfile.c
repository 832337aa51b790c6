/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/audit/logfile.h"
#include "daemon/core/macro.h"
#include "tests/unit/audit/capture.h"

#define STAMP(n) "audit(1795379754.628:" #n "): "
#define AVC_BODY                                                                                   \
    "avc:  denied  { read } for  pid=352 comm=\"nginx\" scontext=u:r:httpd_t:s0 "                  \
    "tcontext=u:object_r:etc_t:s0 tclass=file permissive=0"
#define AVC(n) "type=AVC msg=" STAMP(n) AVC_BODY "\n"
#define SYSCALL(n)                                                                                 \
    "type=SYSCALL msg=" STAMP(n) "arch=c000003e syscall=" #n " exit=-13 uid=33 exe=\"/x\"\x1d"     \
                                 "SYSCALL=connect UID=\"www-data\"\n"
#define PROCTITLE(n) "type=PROCTITLE msg=" STAMP(n) "proctitle=6E67696E78\n"
#define OTHER(n)     "type=SERVICE_START msg=" STAMP(n) "pid=1 msg='unit=a res=success'\n"

static Capture capture;
static AuditAssembler *assembler;
static AuditLogCounters counters;

static int setup(void **state)
{
    AuditSink sink = capture_sink(&capture);

    return audit_assembler_new(&assembler, &sink, AUDIT_ASSEMBLER_LOG);
}

static int teardown(void **state)
{
    capture_clear(&capture);
    assembler = audit_assembler_free(assembler);
    return 0;
}

static int file_of(const char *text, size_t length)
{
    int fd = memfd_create("audit.log", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* All of a text, through a file. */
static void read_file(const char *text, size_t length, unsigned int flags)
{
    AuditLogfile *logfile;
    int r;

    assert_int_equal(audit_logfile_take(&logfile, file_of(text, length), "audit.log", flags), 0);
    do
        r = audit_logfile_process(logfile, assembler, 1);
    while (r == 1);
    assert_int_equal(r, 0);
    assert_int_equal(audit_logfile_finish(logfile, assembler), 0);
    counters = *audit_logfile_counters(logfile);
    audit_logfile_free(logfile);
}

static void read_text(const char *text, size_t length, unsigned int flags)
{
    assert_int_equal(audit_text_process(text, length, flags, assembler, &counters), 0);
}

static void (*const readers[])(const char *, size_t, unsigned int) = {read_file, read_text};

static void restart(void)
{
    (void)teardown(NULL);
    assert_int_equal(setup(NULL), 0);
}

static void test_log(void **state)
{
    static const char text[] = OTHER(1) AVC(2) SYSCALL(2) PROCTITLE(2) SYSCALL(3) PROCTITLE(3)
        AVC(4) AVC(5) SYSCALL(4) SYSCALL(5) PROCTITLE(5) PROCTITLE(4) "node=web1 " AVC(
            6) "type=MAC_POLICY_LOAD msg=" STAMP(7) "res=1\n"
                                                    "type=UNKNOWN[1400] msg=" STAMP(8) AVC_BODY
        "\n";

    for (size_t i = 0; i < ELEMENTS_OF(readers); i++) {
        const AuditStatistics *statistics;

        restart();
        readers[i](text, sizeof(text) - 1, 0);
        statistics = audit_assembler_statistics(assembler);
        assert_int_equal(capture.n_denials, 5);
        assert_int_equal(capture.denials[0]->serial, 2);
        assert_int_equal(capture.denials[0]->syscall, 2);
        assert_string_equal(capture.denials[0]->proctitle, "nginx");
        assert_int_equal(capture.denials[1]->serial, 5);
        assert_int_equal(capture.denials[1]->syscall, 5);
        assert_int_equal(capture.denials[2]->serial, 4);
        assert_int_equal(capture.denials[2]->syscall, 4);
        assert_int_equal(capture.denials[3]->serial, 6);
        assert_int_equal(capture.denials[4]->serial, 8);
        assert_int_equal(capture.n_policy_changes, 1);
        assert_int_equal(counters.lines, 15);
        assert_int_equal(counters.records, 15);
        assert_int_equal(counters.skipped, 0);
        assert_int_equal(counters.bytes, sizeof(text) - 1);
        assert_int_equal(statistics->records, 15);
        assert_int_equal(statistics->malformed, 0);
    }
}

static void test_malformed_lines(void **state)
{
    static const char text[] =
        "\n" OTHER(1) "garbage\n" AVC(2) "type=AVC msg=audit(1.1:2): avc:  denied\n" AVC(
            3) "type=AVC msg=" STAMP(4) "avc:  denied  { read } for  pid=1\n";

    for (size_t i = 0; i < ELEMENTS_OF(readers); i++) {
        restart();
        readers[i](text, sizeof(text) - 1, 0);
        assert_int_equal(capture.n_denials, 2);
        assert_int_equal(counters.lines, 7);
        assert_int_equal(counters.records, 4);
        assert_int_equal(counters.skipped, 3);
        assert_int_equal(counters.first_malformed_line, 3);
        assert_int_equal(audit_assembler_statistics(assembler)->malformed, 3);
    }
}

static void test_empty(void **state)
{
    for (size_t i = 0; i < ELEMENTS_OF(readers); i++) {
        restart();
        readers[i]("", 0, 0);
        assert_int_equal(counters.lines, 0);
        assert_int_equal(capture.n_events, 0);
    }
}

/* Lines of every length around the limit and the buffer's size. */
static void test_long_lines(void **state)
{
    static const size_t lengths[] = {
        AUDIT_LOG_LINE_LENGTH_MAX - 1, AUDIT_LOG_LINE_LENGTH_MAX, AUDIT_LOG_LINE_LENGTH_MAX + 1,
        AUDIT_LOG_BUFFER - 1,          AUDIT_LOG_BUFFER,          AUDIT_LOG_BUFFER + 1,
        3 * AUDIT_LOG_BUFFER + 7,
    };

    for (size_t i = 0; i < ELEMENTS_OF(lengths); i++) {
        bool fits = lengths[i] <= AUDIT_LOG_LINE_LENGTH_MAX;
        size_t size = lengths[i] + 4096, at;
        char *text = malloc(size);

        assert_non_null(text);
        at = (size_t)snprintf(text, size, "%s", AVC(1));
        memset(text + at, 'x', lengths[i]);
        memcpy(text + at, "type=AVC msg=" STAMP(2) AVC_BODY " ",
               sizeof("type=AVC msg=" STAMP(2) AVC_BODY " ") - 1);
        at += lengths[i];
        at += (size_t)snprintf(text + at, size - at, "\n%s", AVC(3));
        for (size_t j = 0; j < ELEMENTS_OF(readers); j++) {
            restart();
            readers[j](text, at, 0);
            assert_int_equal(counters.lines, 3);
            assert_int_equal(capture.n_denials, fits ? 3 : 2);
            assert_int_equal(counters.skipped, !fits);
            assert_int_equal(counters.first_long_line, fits ? 0 : 2);
            assert_int_equal(audit_assembler_statistics(assembler)->truncated, !fits);
        }
        free(text);
    }
}

/* Much more than one buffer, so that lines lie across its end in many ways. */
static void test_across_buffers(void **state)
{
    const unsigned int n = 2000;
    size_t size = n * 1024, at = 0;
    char *text = malloc(size);

    assert_non_null(text);
    for (unsigned int i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, size - at,
                               "type=AVC msg=audit(1795379754.628:%u): " AVC_BODY " x=%.*s\n"
                               "type=SYSCALL msg=audit(1795379754.628:%u): syscall=%u exe=\"/x\"\n"
                               "type=PROCTITLE msg=audit(1795379754.628:%u): proctitle=\"%u\"\n",
                               i, (int)(i % 211),
                               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                               "xxxxxxxxxxxxxxxx",
                               i, i, i, i);
    read_file(text, at, 0);
    assert_int_equal(counters.lines, 3 * n);
    assert_int_equal(capture.n_denials, n);
    for (unsigned int i = 0; i < n; i++) {
        assert_int_equal(capture.denials[i]->serial, i);
        assert_int_equal(capture.denials[i]->syscall, i);
    }
    free(text);
}

static void test_last_line_and_following(void **state)
{
    static const char whole[] = AVC(2);
    const size_t half = 40;
    AuditLogfile *logfile;
    uint64_t line;
    int fd = file_of(AVC(1), sizeof(AVC(1)) - 1), writer = dup(fd);

    assert_true(writer >= 0);
    assert_int_equal(audit_logfile_take(&logfile, fd, "audit.log", 0), 0);
    assert_int_equal(audit_logfile_process(logfile, assembler, UINT64_MAX), 0);
    /* The descriptors share one offset: write at the end, go back to where it was. */
    assert_int_equal(pwrite(writer, whole, half, sizeof(AVC(1)) - 1), half);
    assert_int_equal(audit_logfile_process(logfile, assembler, UINT64_MAX), 0);
    assert_int_equal(audit_logfile_counters(logfile)->lines, 1);
    assert_int_equal(
        pwrite(writer, whole + half, sizeof(whole) - 1 - half, (off_t)(sizeof(AVC(1)) - 1 + half)),
        sizeof(whole) - 1 - half);
    assert_int_equal(audit_logfile_process(logfile, assembler, UINT64_MAX), 0);
    assert_int_equal(audit_logfile_counters(logfile)->lines, 2);
    assert_string_equal(audit_logfile_place(logfile, &line), "audit.log");
    assert_int_equal(line, 2);
    assert_int_equal(audit_logfile_finish(logfile, assembler), 0);
    assert_int_equal(capture.n_denials, 2);
    audit_logfile_free(logfile);
    (void)close(writer);

    /* Without a newline at the end. */
    for (size_t i = 0; i < ELEMENTS_OF(readers); i++) {
        restart();
        readers[i](AVC(1) AVC(2), sizeof(AVC(1) AVC(2)) - 2, 0);
        assert_int_equal(counters.lines, 2);
        assert_int_equal(capture.n_denials, 2);
    }
}

static void test_sink_error(void **state)
{
    static const char text[] = AVC(1) SYSCALL(1) PROCTITLE(1) AVC(2) SYSCALL(2) PROCTITLE(2);
    AuditLogfile *logfile;
    uint64_t line;

    assert_int_equal(
        audit_logfile_take(&logfile, file_of(text, sizeof(text) - 1), "a/audit.log", 0), 0);
    capture.result = -EIO;
    assert_int_equal(audit_logfile_process(logfile, assembler, UINT64_MAX), -EIO);
    assert_string_equal(audit_logfile_place(logfile, &line), "a/audit.log");
    assert_int_equal(line, 3);
    capture.result = 0;
    assert_int_equal(audit_logfile_process(logfile, assembler, UINT64_MAX), 0);
    assert_int_equal(capture.n_denials, 2);
    audit_logfile_free(logfile);
}

static void test_open_refuses(void **state)
{
    char directory[] = "/tmp/test-audit-XXXXXX", path[64];
    AuditLogfile *logfile = NULL;
    int fd;

    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/log", directory);
    assert_int_equal(audit_logfile_open(&logfile, path, 0), -ENOENT);
    assert_int_equal(audit_logfile_open(&logfile, directory, 0), -EISDIR);
    assert_int_equal(audit_logfile_open(&logfile, "/dev/null", 0), -EINVAL);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(audit_logfile_open(&logfile, path, 0), -EINVAL);
    assert_int_equal(unlink(path), 0);
    assert_null(logfile);

    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, AVC(1), sizeof(AVC(1)) - 1), sizeof(AVC(1)) - 1);
    (void)close(fd);
    assert_int_equal(audit_logfile_open(&logfile, path, 8), -EINVAL);
    assert_int_equal(audit_logfile_open(&logfile, path, 0), 0);
    assert_int_equal(audit_logfile_process(logfile, assembler, 1), 1);
    assert_int_equal(audit_logfile_process(logfile, assembler, 1), 0);
    assert_int_equal(audit_logfile_finish(logfile, assembler), 0);
    assert_int_equal(capture.n_denials, 1);
    logfile = audit_logfile_free(logfile);
    assert_null(audit_logfile_free(NULL));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

/* As ausearch prints: events between separators, their records from last to first. */
static void test_ausearch(void **state)
{
    static const char text[] = "----\ntime->Mon Nov 23 03:00:00 2026\n" PROCTITLE(1) SYSCALL(1)
        AVC(1) "----\ntime->Mon Nov 23 03:00:00 2026\n" SYSCALL(2) "----\n" SYSCALL(3) AVC(3)
            AVC(3);

    for (size_t i = 0; i < ELEMENTS_OF(readers); i++) {
        restart();
        readers[i](text, sizeof(text) - 1, 0);
        assert_int_equal(capture.n_events, 2);
        assert_int_equal(capture.n_denials, 3);
        assert_int_equal(capture.denials[0]->syscall, 1);
        assert_string_equal(capture.denials[0]->proctitle, "nginx");
        assert_int_equal(capture.denials[1]->syscall, 3);
        assert_int_equal(audit_assembler_statistics(assembler)->malformed, 0);
    }
}

static void test_pasted(void **state)
{
    static const struct {
        const char *text;
        size_t n_denials;
        int syscall; /* of the first */
    } cases[] = {
        {"", 0, 0},
        {"just words\n", 0, 0},
        {AVC(1), 1, -1},
        {AVC(1) SYSCALL(1), 1, 1},
        {SYSCALL(1) AVC(1), 1, 1},
        {SYSCALL(1) "what was that?\n" AVC(1), 1, 1},
        {"[ 1.2] audit: type=1400 " STAMP(1) AVC_BODY
         "\n[ 1.2] audit: type=1300 " STAMP(1) "syscall=7\n",
         1, 7},
        {"Nov 23 03:00:00 h kernel: audit: type=1400 " STAMP(1) AVC_BODY, 1, -1},
        {"Nov 23 03:00:00 h audit[352]: AVC " AVC_BODY "\n"
         "Nov 23 03:00:00 h audit[352]: SYSCALL arch=c000003e syscall=42\n"
         "Nov 23 03:00:00 h audit[352]: AVC " AVC_BODY "\n",
         2, -1},
        {"h audit[1]: USER_AVC pid=1 msg='" AVC_BODY "'\n", 0, 0},
        {"type=USER_AVC msg=" STAMP(1) "pid=1 msg='" AVC_BODY "'\n", 0, 0},
        {"Raw Audit Messages\n\n" AVC(1) "\n\n" SYSCALL(1) "\nHash: nginx,httpd_t\n", 1, 1},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        for (size_t j = 0; j < ELEMENTS_OF(readers); j++) {
            restart();
            readers[j](cases[i].text, strlen(cases[i].text), AUDIT_LOGFILE_TEXT);
            assert_int_equal(capture.n_denials, cases[i].n_denials);
            if (cases[i].n_denials > 0)
                assert_int_equal(capture.denials[0]->syscall, cases[i].syscall);
        }
    }
    assert_int_equal(audit_text_process("", 0, 8, assembler, NULL), -EINVAL);
    capture.result = -EIO;
    assert_int_equal(audit_text_process(AVC(1), sizeof(AVC(1)) - 1, 0, assembler, NULL), -EIO);
    capture.result = 0;
}

static void test_kernel_losses(void **state)
{
    static const char text[] =
        "kernel: audit: audit_backlog=65 > audit_backlog_limit=64\n"
        "kernel: audit: audit_lost=3 audit_rate_limit=0 audit_backlog_limit=64\n"
        "kernel: audit: backlog limit exceeded\n"
        "kernel: audit: audit_lost=10 audit_rate_limit=0 audit_backlog_limit=64\n"
        "kernel: audit: audit_lost= audit_rate_limit=0\n";
    const AuditStatistics *statistics;

    read_text(text, sizeof(text) - 1, AUDIT_LOGFILE_TEXT);
    statistics = audit_assembler_statistics(assembler);
    assert_int_equal(statistics->loss_episodes, 2);
    assert_int_equal(statistics->lost_records, 10);
    assert_int_equal(counters.audit_lost, 10);
    assert_int_equal(statistics->malformed, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_log),        TEST(test_malformed_lines), TEST(test_empty),
        TEST(test_long_lines), TEST(test_across_buffers),  TEST(test_last_line_and_following),
        TEST(test_sink_error), TEST(test_open_refuses),    TEST(test_ausearch),
        TEST(test_pasted),     TEST(test_kernel_losses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
