/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What our scanner makes of records against what libauparse, the audit project's own
 * parser, makes of them: over the logs of tests/data/audit, and over events whose values
 * are random bytes written the way the kernel writes them.
 */
#include <auparse.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/logfile.h"
#include "daemon/core/macro.h"
#include "tests/unit/audit/capture.h"

static Capture capture;

static void run_ours(const char *text, size_t length)
{
    AuditSink sink = capture_sink(&capture);
    AuditAssembler *assembler;

    capture_clear(&capture);
    assert_int_equal(audit_assembler_new(&assembler, &sink, AUDIT_ASSEMBLER_LOG), 0);
    assert_int_equal(audit_text_process(text, length, 0, assembler, NULL), 0);
    assert_int_equal(audit_assembler_statistics(assembler)->malformed, 0);
    audit_assembler_free(assembler);
}

/* The n-th denial of an event, by its stamp. */
static const Denial *find(uint64_t time_usec, uint64_t serial, size_t n)
{
    for (size_t i = 0; i < capture.n_denials; i++) {
        const Denial *denial = capture.denials[i];

        if (denial->time_usec == time_usec && denial->serial == serial && n-- == 0)
            return denial;
    }
    return NULL;
}

/* (auparse_find_field() would go on to the next record.) */
static const char *oracle_raw(auparse_state_t *au, const char *name)
{
    if (auparse_first_field(au) <= 0)
        return NULL;
    do {
        const char *field = auparse_get_field_name(au);

        if (field && streq(field, name))
            return auparse_get_field_str(au);
    } while (auparse_next_field(au) > 0);
    return NULL;
}

/* Our decoded text is their interpretation; where they have no such field, or no value,
 * we have NULL. */
static void check_text(auparse_state_t *au, const char *name, const char *ours)
{
    const char *raw = oracle_raw(au, name);

    if (!raw || strcmp(raw, "(null)") == 0) {
        assert_null(ours);
        return;
    }
    assert_non_null(ours);
    assert_string_equal(ours, auparse_interpret_field(au));
}

static void check_raw(auparse_state_t *au, const char *name, const char *ours)
{
    const char *raw = oracle_raw(au, name);

    if (!raw)
        assert_null(ours);
    else {
        assert_non_null(ours);
        assert_string_equal(ours, raw);
    }
}

static void check_number(auparse_state_t *au, const char *name, int64_t ours, int64_t absent)
{
    const char *raw = oracle_raw(au, name);

    assert_int_equal(ours, raw ? strtoll(raw, NULL, 10) : absent);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "read,open" of theirs to "open read" of ours. */
static void check_permissions(auparse_state_t *au, const char *ours)
{
    char *theirs = strdup(oracle_raw(au, "seperms")), *words[64], sorted[1024] = "";
    char *save = NULL;
    size_t n = 0;

    assert_non_null(theirs);
    for (char *word = strtok_r(theirs, ",", &save); word; word = strtok_r(NULL, ",", &save))
        words[n++] = word;
    qsort(words, n, sizeof(words[0]), compare_words);
    for (size_t i = 0; i < n; i++) {
        strcat(sorted, i > 0 ? " " : "");
        strcat(sorted, words[i]);
    }
    assert_string_equal(ours, sorted);
    free(theirs);
}

static void check_avc(auparse_state_t *au, const Denial *denial)
{
    const char *path;

    check_permissions(au, denial->permissions);
    check_raw(au, "scontext", denial->source_context);
    check_raw(au, "tcontext", denial->target_context);
    check_raw(au, "tclass", denial->target_class);
    check_number(au, "permissive", denial->permissive, 0);
    check_number(au, "pid", denial->pid, 0);
    check_number(au, "ino", (int64_t)denial->inode, 0);
    check_number(au, "capability", denial->capability, -1);
    if (!oracle_raw(au, "lport"))
        check_number(au, "src", denial->source_port, -1);
    else
        check_number(au, "lport", denial->source_port, -1);
    if (!oracle_raw(au, "fport"))
        check_number(au, "dest", denial->dest_port, -1);
    else
        check_number(au, "fport", denial->dest_port, -1);
    check_raw(au, oracle_raw(au, "saddr") ? "saddr" : "laddr", denial->laddr);
    check_raw(au, oracle_raw(au, "daddr") ? "daddr" : "faddr", denial->faddr);
    check_text(au, "comm", denial->comm);
    check_text(au, "name", denial->name);
    /* They do not strip the quotes of a field that they have no type for. */
    path = oracle_raw(au, "dev");
    if (path && path[0] == '"')
        assert_memory_equal(denial->device, path + 1, strlen(path) - 2);
    /* An abstract socket begins with a NUL, which their C string ends at; and a path may
     * be put together of other records. */
    path = oracle_raw(au, "path");
    if (path && strncmp(path, "00", 2) != 0)
        check_text(au, "path", denial->path);
}

static void check_syscall(auparse_state_t *au, const Denial *denial)
{
    const char *arch = oracle_raw(au, "arch");

    assert_int_equal(denial->arch, arch ? strtoul(arch, NULL, 16) : 0);
    check_number(au, "syscall", denial->syscall, -1);
    check_number(au, "uid", denial->uid, -1);
    check_number(au, "euid", denial->euid, -1);
    assert_int_equal(denial->have_exit, oracle_raw(au, "exit") != NULL);
    check_number(au, "exit", denial->exit_code, 0);
    check_text(au, "exe", denial->exe);
}

/* "{ saddr_fam=inet laddr=127.0.0.1 lport=80 }" of theirs. */
static void check_sockaddr(auparse_state_t *au, const Denial *denial)
{
    char family[16] = "", address[128] = "", expected[160];
    const char *text;
    unsigned int port = 0;

    assert_non_null(oracle_raw(au, "saddr"));
    text = auparse_interpret_field(au);
    assert_non_null(text);
    if (sscanf(text, "{ saddr_fam=%15s laddr=%127s lport=%u }", family, address, &port) == 3)
        (void)snprintf(expected, sizeof(expected), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
                       address, port);
    else {
        assert_int_equal(sscanf(text, "{ saddr_fam=local path=%127s }", address), 1);
        (void)snprintf(expected, sizeof(expected), "unix:%s", address);
    }
    assert_string_equal(denial->saddr, expected);
}

/* Returns how many AVC denials the oracle found. */
static size_t compare(auparse_state_t *au)
{
    size_t n_denials = 0;

    auparse_set_escape_mode(au, AUPARSE_ESC_RAW);
    while (auparse_next_event(au) > 0) {
        const au_event_t *stamp = auparse_get_timestamp(au);
        uint64_t time_usec, serial, n_avcs = 0;

        assert_non_null(stamp);
        time_usec = (uint64_t)stamp->sec * 1000000 + stamp->milli * 1000;
        serial = stamp->serial;
        auparse_first_record(au);
        do {
            const Denial *denial;
            const char *result;

            if (auparse_get_type(au) != 1400)
                continue;
            result = oracle_raw(au, "seresult");
            if (!result || strcmp(result, "denied") != 0)
                continue;
            denial = find(time_usec, serial, n_avcs);
            assert_non_null(denial);
            if (denial)
                check_avc(au, denial);
            n_avcs++;
        } while (auparse_next_record(au) > 0);
        n_denials += n_avcs;

        auparse_first_record(au);
        do {
            for (size_t i = 0; i < n_avcs; i++) {
                const Denial *denial = find(time_usec, serial, i);

                if (!denial)
                    continue;
                switch (auparse_get_type(au)) {
                case 1300:
                    check_syscall(au, denial);
                    break;
                case 1306:
                    check_sockaddr(au, denial);
                    break;
                case 1307:
                    check_text(au, "cwd", denial->cwd);
                    break;
                case 1327:
                    check_text(au, "proctitle", denial->proctitle);
                    break;
                default:
                    break;
                }
            }
        } while (auparse_next_record(au) > 0);
    }
    return n_denials;
}

static void compare_text(const char *text, size_t length, size_t n_expected)
{
    auparse_state_t *au;
    char *copy = strndup(text, length);

    assert_non_null(copy);
    run_ours(text, length);
    au = auparse_init(AUSOURCE_BUFFER, copy);
    assert_non_null(au);
    assert_int_equal(compare(au), capture.n_denials);
    assert_int_equal(capture.n_denials, n_expected);
    auparse_destroy(au);
    free(copy);
    capture_clear(&capture);
}

static void test_log(void **state)
{
    const char *name = *state, *folder = getenv("TEST_DATA");
    static char text[65536];
    char path[4096];
    size_t length;
    FILE *stream;

    if (!folder)
        skip();
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    stream = fopen(path, "re");
    assert_non_null(stream);
    length = fread(text, 1, sizeof(text), stream);
    assert_true(length > 0 && length < sizeof(text));
    (void)fclose(stream);
    compare_text(text, length, 16);
}

/* --- random events -------------------------------------------------------- */

static uint64_t random_state;

static unsigned int random_below(unsigned int limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned int)(random_state >> 32) % limit;
}

/* A value as audit_log_untrustedstring() writes it. */
static void write_untrusted(FILE *stream, const char *key, const char *prefix, size_t max)
{
    char value[256];
    size_t length = 0, n = 1 + random_below((unsigned int)max);
    bool hex = false;

    for (; *prefix; prefix++)
        value[length++] = *prefix;
    for (size_t i = 0; i < n; i++) {
        unsigned char c;

        if (random_below(4) > 0)
            c = (unsigned char)"abc.019_ABCF=-{}'"[random_below(17)];
        else
            c = (unsigned char)(1 + random_below(255));
        /* Most values are plain. */
        if ((c < 0x21 || c > 0x7e || c == '"') && random_below(3) > 0)
            c = 'x';
        value[length++] = (char)c;
    }
    for (size_t i = 0; i < length; i++)
        hex = hex || (unsigned char)value[i] < 0x21 || (unsigned char)value[i] > 0x7e ||
              value[i] == '"';
    fprintf(stream, " %s=", key);
    if (!hex)
        fprintf(stream, "\"%.*s\"", (int)length, value);
    for (size_t i = 0; hex && i < length; i++)
        fprintf(stream, "%02X", (unsigned char)value[i]);
}

static void write_avc(FILE *stream, unsigned int serial)
{
    static const char *const permissions[] = {"read",  "open",         "write",   "append map",
                                              "ioctl", "search write", "getattr", "name_connect"};
    static const char *const classes[] = {"file", "dir", "tcp_socket", "unix_stream_socket"};

    fprintf(stream, "type=AVC msg=audit(1760000000.%03u:%u): avc:  denied  { %s } for  pid=%u",
            serial % 1000, serial, permissions[random_below(ELEMENTS_OF(permissions))],
            1 + random_below(4000000));
    write_untrusted(stream, "comm", "", 14);
    switch (random_below(4)) {
    case 0:
        write_untrusted(stream, "path", "/", 60);
        fprintf(stream, " dev=\"vda%u\" ino=%u", random_below(9), 1 + random_below(UINT32_MAX));
        break;
    case 1:
        write_untrusted(stream, "name", "", 60);
        fprintf(stream, " dev=\"vda%u\" ino=%u", random_below(9), 1 + random_below(UINT32_MAX));
        break;
    case 2:
        fprintf(stream, " %s=%u", random_below(2) ? "src" : "dest", random_below(65536));
        break;
    default:
        fprintf(stream, " laddr=10.0.0.%u lport=%u faddr=2001:db8::%x fport=%u", random_below(256),
                random_below(65536), random_below(65536), random_below(65536));
        break;
    }
    fprintf(stream,
            " scontext=system_u:system_r:type%u_t:s0 tcontext=system_u:object_r:other%u_t:s0:c%u "
            "tclass=%s permissive=%u\n",
            random_below(9), random_below(9), random_below(1024),
            classes[random_below(ELEMENTS_OF(classes))], random_below(2));
}

static size_t write_event(FILE *stream, unsigned int serial)
{
    size_t n = 1 + (random_below(4) == 0);
    int exit_code = (int)random_below(200) - 100;

    for (size_t i = 0; i < n; i++)
        write_avc(stream, serial);
    if (random_below(5) > 0) {
        fprintf(stream,
                "type=SYSCALL msg=audit(1760000000.%03u:%u): arch=c000003e syscall=%u success=%s "
                "exit=%d a0=%x a1=1 a2=2 a3=3 items=0 ppid=1 pid=%u auid=4294967295 uid=%u gid=33 "
                "euid=%u suid=33 fsuid=33 egid=33 sgid=33 fsgid=33 tty=(none) ses=4294967295",
                serial % 1000, serial, random_below(400), exit_code < 0 ? "no" : "yes", exit_code,
                random_below(16), 1 + random_below(100000), random_below(70000),
                random_below(70000));
        write_untrusted(stream, "comm", "", 14);
        write_untrusted(stream, "exe", "/", 60);
        fprintf(stream, " subj=u:r:t:s0 key=(null)\n");
    }
    if (random_below(2)) {
        fprintf(stream, "type=CWD msg=audit(1760000000.%03u:%u): ", serial % 1000, serial);
        write_untrusted(stream, "cwd", "/", 60);
        fputc('\n', stream);
    }
    if (random_below(2)) {
        fprintf(stream, "type=PROCTITLE msg=audit(1760000000.%03u:%u): ", serial % 1000, serial);
        write_untrusted(stream, "proctitle", "", 60);
        fputc('\n', stream);
    }
    return n;
}

static void test_random_events(void **state)
{
    random_state = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned int round = 0; round < 20; round++) {
        char *text = NULL;
        size_t length = 0, n = 0;
        FILE *stream = open_memstream(&text, &length);

        assert_non_null(stream);
        for (unsigned int i = 0; i < 50; i++)
            n += write_event(stream, round * 1000 + i);
        assert_int_equal(fclose(stream), 0);
        compare_text(text, length, n);
        free(text);
    }
}

/* What auditd adds to a line in the ENRICHED format: byte 0x1d and what it found out. */
static void enrich(FILE *stream, const char *line, size_t length)
{
    (void)fwrite(line, 1, length, stream);
    if (length > 12 && memcmp(line, "type=SYSCALL", 12) == 0)
        (void)fputs("\x1d"
                    "ARCH=x86_64 SYSCALL=connect AUID=\"unset\" UID=\"www-data\" GID=\"www-data\" "
                    "EUID=\"www-data\" SUID=\"www-data\" FSUID=\"www-data\"",
                    stream);
    (void)fputc('\n', stream);
}

/* Takes the lines of several events in turns, as system calls of several processors write them;
 * those of one event stay in order. */
static void interleave(FILE *stream, char *const *texts, size_t n_texts, bool enriched)
{
    const char *at[8];
    size_t left = n_texts;

    assert_true(n_texts <= ELEMENTS_OF(at));
    memcpy(at, texts, n_texts * sizeof(*texts));
    while (left > 0) {
        size_t i = random_below((unsigned int)n_texts);
        const char *newline;

        if (!*at[i])
            continue;
        newline = strchr(at[i], '\n');
        assert_non_null(newline);
        if (enriched)
            enrich(stream, at[i], (size_t)(newline - at[i]));
        else
            (void)fwrite(at[i], 1, (size_t)(newline - at[i]) + 1, stream);
        at[i] = newline + 1;
        left -= *at[i] == '\0';
    }
}

/* Several events at once, raw and enriched: nothing of one gets into another. */
static void test_interleaved_events(void **state)
{
    random_state = UINT64_C(0x2545f4914f6cdd1d);
    for (unsigned int round = 0; round < 60; round++) {
        size_t n_texts = 2 + random_below(5), length = 0, n = 0;
        char *texts[8], *text = NULL;
        FILE *stream;

        for (size_t i = 0; i < n_texts; i++) {
            stream = open_memstream(&texts[i], &length);
            assert_non_null(stream);
            n += write_event(stream, round * 1000 + (unsigned int)i);
            assert_int_equal(fclose(stream), 0);
        }
        stream = open_memstream(&text, &length);
        assert_non_null(stream);
        interleave(stream, texts, n_texts, round % 2);
        assert_int_equal(fclose(stream), 0);
        compare_text(text, length, n);
        free(text);
        for (size_t i = 0; i < n_texts; i++)
            free(texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"enriched.log", test_log, NULL, NULL, (char[]){"enriched.log"}},
        {"raw.log", test_log, NULL, NULL, (char[]){"raw.log"}},
        cmocka_unit_test(test_random_events),
        cmocka_unit_test(test_interleaved_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
