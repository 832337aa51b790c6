/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/audit/event.h"
#include "daemon/audit/sockaddr.h"
#include "daemon/core/macro.h"
#include "tests/unit/audit/capture.h"

#define CONTEXTS                                                                                   \
    " scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:etc_t:s0 tclass=file "      \
    "permissive=0"
#define AVC(fields) "avc:  denied  { read } for " fields CONTEXTS

typedef struct Record {
    int type;
    const char *body;
    size_t length; /* 0: of the string */
} Record;

static Capture capture;
static AuditAssembler *assembler;

static int setup(void **state)
{
    AuditSink sink = capture_sink(&capture);

    return audit_assembler_new(&assembler, &sink, 0);
}

static int teardown(void **state)
{
    capture_clear(&capture);
    assembler = audit_assembler_free(assembler);
    return 0;
}

/* The first denial of an event with these records. */
static const Denial *decode(const Record *records, size_t n)
{
    capture_clear(&capture);
    for (size_t i = 0; i < n; i++) {
        const AuditRecord record = {
            .type = records[i].type,
            .time_usec = 1000,
            .serial = 7,
            .body = records[i].body,
            .length = records[i].length ? records[i].length : strlen(records[i].body),
        };

        assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
    }
    assert_int_equal(audit_assembler_flush(assembler), 0);
    assert_true(capture.n_denials > 0);
    return capture.denials[0];
}
#define DECODE(...)                                                                                \
    decode((const Record[]){__VA_ARGS__}, ELEMENTS_OF(((const Record[]){__VA_ARGS__})))

static void assert_text(const char *text, const char *expected)
{
    if (!expected)
        assert_null(text);
    else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
}

static void test_nothing_but_the_avc(void **state)
{
    const Denial *denial = DECODE({1400, AVC("")});

    assert_int_equal(denial->time_usec, 1000);
    assert_int_equal(denial->serial, 7);
    assert_string_equal(denial->source_context, "system_u:system_r:httpd_t:s0");
    assert_string_equal(denial->target_context, "system_u:object_r:etc_t:s0");
    assert_string_equal(denial->target_class, "file");
    assert_string_equal(denial->permissions, "read");
    assert_false(denial->permissive);
    assert_int_equal(denial->pid, 0);
    assert_null(denial->comm);
    assert_null(denial->path);
    assert_null(denial->name);
    assert_null(denial->device);
    assert_int_equal(denial->inode, 0);
    assert_int_equal(denial->source_port, -1);
    assert_int_equal(denial->dest_port, -1);
    assert_null(denial->laddr);
    assert_null(denial->faddr);
    assert_int_equal(denial->capability, -1);
    assert_int_equal(denial->ioctl_command, 0);
    assert_int_equal(denial->syscall, -1);
    assert_int_equal(denial->arch, 0);
    assert_null(denial->exe);
    assert_int_equal(denial->uid, -1);
    assert_int_equal(denial->euid, -1);
    assert_false(denial->have_exit);
    assert_null(denial->proctitle);
    assert_null(denial->cwd);
    assert_null(denial->saddr);
}

static void test_all_of_it(void **state)
{
    const Denial *denial = DECODE(
        {1400,
         "avc:  denied  { write add_name search } for  pid=352 comm=\"nginx\" "
         "path=\"/srv/x\" name=\"x\" dev=\"vda\" ino=17113 src=80 dest=3000 "
         "saddr=127.0.0.1 daddr=10.0.0.1 capability=12 ioctlcmd=0x5401"
         " scontext=system_u:system_r:httpd_t:s0:c1,c2 tcontext=u:r:t tclass=dir permissive=1"},
        {1300, "arch=c000003e syscall=42 success=no exit=-13 a0=8 a1=55bd6ba609f0 items=0 ppid=351 "
               "pid=353 auid=4294967295 uid=33 gid=33 euid=34 tty=(none) comm=\"worker\" "
               "exe=\"/usr/sbin/nginx\" subj=x key=(null)"},
        {1306, "saddr=02000BB87F0000010000000000000000"}, {1307, "cwd=\"/srv\""},
        {1327, "proctitle=6E67696E783A20776F726B65720000"});

    assert_string_equal(denial->source_context, "system_u:system_r:httpd_t:s0:c1,c2");
    assert_string_equal(denial->permissions, "add_name search write");
    assert_true(denial->permissive);
    assert_int_equal(denial->pid, 352);
    assert_string_equal(denial->comm, "nginx");
    assert_string_equal(denial->path, "/srv/x");
    assert_string_equal(denial->name, "x");
    assert_string_equal(denial->device, "vda");
    assert_int_equal(denial->inode, 17113);
    assert_int_equal(denial->source_port, 80);
    assert_int_equal(denial->dest_port, 3000);
    assert_string_equal(denial->laddr, "127.0.0.1");
    assert_string_equal(denial->faddr, "10.0.0.1");
    assert_int_equal(denial->capability, 12);
    assert_int_equal(denial->ioctl_command, 0x5401);
    assert_int_equal(denial->syscall, 42);
    assert_int_equal(denial->arch, 0xc000003e);
    assert_string_equal(denial->exe, "/usr/sbin/nginx");
    assert_int_equal(denial->uid, 33);
    assert_int_equal(denial->euid, 34);
    assert_true(denial->have_exit);
    assert_int_equal(denial->exit_code, -13);
    assert_string_equal(denial->proctitle, "nginx: worker");
    assert_string_equal(denial->cwd, "/srv");
    assert_string_equal(denial->saddr, "127.0.0.1:3000");
}

static void test_permissions(void **state)
{
    static const struct {
        const char *given, *sorted;
    } cases[] = {
        {"read", "read"},
        {"write read", "read write"},
        {"b a b a", "a b"},
        {"ab a abc", "a ab abc"},
        {"read 0x400000", "0x400000 read"},
        {"z y x w v u t s r q p o n m l k j i h g f e d c b a 6 5 4 3 2 1",
         "1 2 3 4 5 6 a b c d e f g h i j k l m n o p q r s t u v w x y z"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        char body[512];

        (void)snprintf(body, sizeof(body), "avc:  denied  { %s } for" CONTEXTS, cases[i].given);
        assert_string_equal(DECODE({1400, body})->permissions, cases[i].sorted);
    }
}

static void test_untrusted_text(void **state)
{
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"\"a.txt\"", "a.txt"},   {"612062", "a b"}, {"226122", "\"a\""},
        {"C3A9", "\xc3\xa9"},     {"(null)", NULL},  {"\"\"", NULL},
        {"\"(null)\"", "(null)"}, {"610062", NULL}, /* a NUL inside */
        {"nginx", "nginx"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        char body[512];
        const Denial *denial;

        (void)snprintf(body, sizeof(body), "avc:  denied  { read } for name=%s comm=%s" CONTEXTS,
                       cases[i].value, cases[i].value);
        denial = DECODE({1400, body});
        assert_text(denial->name, cases[i].text);
        assert_text(denial->comm, cases[i].text);
    }
}

static void test_socket_paths(void **state)
{
    assert_text(DECODE({1400, AVC("path=\"/run/app.sock\"")})->path, "/run/app.sock");
    assert_text(DECODE({1400, AVC("path=\"socket:[123]\"")})->path, "socket:[123]");
    assert_text(DECODE({1400, AVC("path=00616263")})->path, "@abc");
    assert_text(DECODE({1400, AVC("path=0061006263")})->path, "@a@bc");
    assert_text(DECODE({1400, AVC("path=2F610062")})->path, NULL);
}

static void test_ports_and_addresses(void **state)
{
    const Denial *denial;

    denial = DECODE({1400, AVC("lport=80 fport=81 laddr=::1 faddr=1234")});
    assert_int_equal(denial->source_port, 80);
    assert_int_equal(denial->dest_port, 81);
    assert_text(denial->laddr, "::1");
    assert_text(denial->faddr, "1234"); /* an address is never hex */
    denial = DECODE({1400, AVC("laddr=::1 lport=80 saddr=::2 src=8081 dest=65536 fport=9")});
    assert_int_equal(denial->source_port, 8081);
    assert_int_equal(denial->dest_port, 9);
    assert_text(denial->laddr, "::2");
    denial =
        DECODE({1400, AVC("src=-1 dest=abc capability=-4 ioctlcmd=0x12345 pid=99999999999 ino=x")});
    assert_int_equal(denial->source_port, -1);
    assert_int_equal(denial->dest_port, -1);
    assert_int_equal(denial->capability, -1);
    assert_int_equal(denial->ioctl_command, 0);
    assert_int_equal(denial->pid, 0);
    assert_int_equal(denial->inode, 0);
}

static void test_contexts(void **state)
{
    const Denial *denial;

    denial = DECODE({1400, AVC("x=1") " srawcon=\"a:b:c\" trawcon=\"d:e:f\""});
    assert_text(denial->source_context, "system_u:system_r:httpd_t:s0");
    assert_text(denial->target_context, "system_u:object_r:etc_t:s0");
    denial = DECODE({1400, "avc:  denied  { read } for  tclass=file srawcon=\"a:b:c\" "
                           "trawcon=\"d:e:f\""});
    assert_text(denial->source_context, "a:b:c");
    assert_text(denial->target_context, "d:e:f");
}

static void test_fallbacks(void **state)
{
    const Denial *denial = DECODE({1400, AVC("")}, {1300, "pid=353 comm=\"worker\" exe=(null)"});

    assert_int_equal(denial->pid, 353);
    assert_text(denial->comm, "worker");
    assert_text(denial->exe, NULL);
    assert_false(denial->have_exit);
    /* The enrichment is not the kernel's. */
    denial = DECODE({1400, AVC("")}, {1300, "uid=33\x1dUID=\"www-data\" exe=\"/bin/evil\""});
    assert_int_equal(denial->uid, 33);
    assert_text(denial->exe, NULL);
}

static void test_path_of_name(void **state)
{
#define OBJECT AVC("name=\"x\" dev=\"vda\" ino=17")
#define OPEN   "arch=c000003e syscall=2 a0=7ffe8a85260c a1=0 exe=\"/x\""
    static const struct {
        const char *syscall, *cwd, *paths[3], *expected;
    } cases[] = {
        {OPEN, "cwd=\"/srv\"", {"item=0 name=\"/srv/x\" inode=17 nametype=NORMAL"}, "/srv/x"},
        {OPEN, "cwd=\"/srv\"", {"item=0 name=2F6120622F78 inode=17 nametype=NORMAL"}, "/a b/x"},
        {OPEN, "cwd=\"/srv\"", {"item=0 name=\"/srv/x/\" inode=17 nametype=PARENT"}, "/srv/x/"},
        /* Relative to the working directory. */
        {OPEN, "cwd=\"/srv\"", {"item=0 name=\"x\" inode=17 nametype=NORMAL"}, "/srv/x"},
        {OPEN, "cwd=\"/\"", {"item=0 name=\"./x\" inode=17 nametype=NORMAL"}, "/x"},
        {"a0=ffffff9c exe=\"/x\"",
         "cwd=\"/s\"",
         {"item=0 name=\"d/x\" inode=17 nametype=NORMAL"},
         "/s/d/x"},
        {"a0=ffffffffffffff9c exe=\"/x\"",
         "cwd=\"/s\"",
         {"name=\"x\" inode=17 nametype=NORMAL"},
         "/s/x"},
        /* Relative to a descriptor, or to who knows what. */
        {"a0=5 exe=\"/x\"", "cwd=\"/srv\"", {"name=\"x\" inode=17 nametype=NORMAL"}, NULL},
        {OPEN, "cwd=\"/srv\"", {"name=\"x\" inode=17 nametype=CREATE"}, NULL},
        {OPEN, NULL, {"name=\"x\" inode=17 nametype=NORMAL"}, NULL},
        {OPEN, "cwd=(null)", {"name=\"x\" inode=17 nametype=NORMAL"}, NULL},
        {NULL, "cwd=\"/srv\"", {"name=\"x\" inode=17 nametype=NORMAL"}, NULL},
        /* Another inode, another name, no name. */
        {OPEN, "cwd=\"/srv\"", {"name=\"/srv/x\" inode=18 nametype=NORMAL"}, NULL},
        {OPEN, "cwd=\"/srv\"", {"name=\"/srv/xx\" inode=17 nametype=NORMAL"}, NULL},
        {OPEN, "cwd=\"/srv\"", {"name=\"/srv/link\" inode=17 nametype=NORMAL"}, NULL},
        {OPEN, "cwd=\"/srv\"", {"name=(null) inode=17 nametype=NORMAL"}, NULL},
        /* Several: they must agree. */
        {OPEN,
         "cwd=\"/srv\"",
         {"name=\"/srv/\" inode=16 nametype=PARENT", "name=\"/srv/x\" inode=17 nametype=NORMAL"},
         "/srv/x"},
        {OPEN,
         "cwd=\"/srv\"",
         {"name=\"/srv/x\" inode=17 nametype=NORMAL", "name=\"/srv/x\" inode=17 nametype=NORMAL"},
         "/srv/x"},
        {OPEN,
         "cwd=\"/srv\"",
         {"name=\"/srv/x\" inode=17 nametype=NORMAL", "name=\"/opt/x\" inode=17 nametype=NORMAL"},
         NULL},
        {OPEN,
         "cwd=\"/srv\"",
         {"name=\"/srv/x\" inode=17 nametype=NORMAL", "name=\"/opt/y\" inode=17 nametype=NORMAL"},
         NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        Record records[6] = {{1400, OBJECT}};
        size_t n = 1;

        if (cases[i].syscall)
            records[n++] = (Record){1300, cases[i].syscall};
        if (cases[i].cwd)
            records[n++] = (Record){1307, cases[i].cwd};
        for (size_t j = 0; j < 3 && cases[i].paths[j]; j++)
            records[n++] = (Record){1302, cases[i].paths[j]};
        assert_text(decode(records, n)->path, cases[i].expected);
    }
    /* What the AVC says itself is left alone. */
    assert_text(DECODE({1400, AVC("path=\"/a/x\" name=\"x\" ino=17")}, {1300, OPEN},
                       {1302, "name=\"/b/x\" inode=17 nametype=NORMAL"})
                    ->path,
                "/a/x");
}

/* Eight denials, each with a path to put together, and as much text as an event keeps. */
static void test_scratch_is_enough(void **state)
{
    static char cwd[4200], name[4200], avc[4400], path[4400];
    Record records[AUDIT_EVENT_DENIALS_MAX + 3];
    size_t n = 0;

    memset(name, 'n', 3900);
    (void)snprintf(cwd, sizeof(cwd), "cwd=\"/c\"");
    (void)snprintf(avc, sizeof(avc), "avc:  denied  { read } for  name=\"%.3000s\" ino=17" CONTEXTS,
                   name);
    (void)snprintf(path, sizeof(path), "name=\"%.3000s\" inode=17 nametype=NORMAL", name);
    for (size_t i = 0; i < AUDIT_EVENT_DENIALS_MAX; i++)
        records[n++] = (Record){1400, avc};
    records[n++] = (Record){1307, cwd};
    records[n++] = (Record){1300, OPEN};
    records[n++] = (Record){1302, path};
    (void)decode(records, n);
    assert_int_equal(capture.n_denials, AUDIT_EVENT_DENIALS_MAX);
    assert_int_equal(audit_assembler_statistics(assembler)->dropped_records, 0);
    for (size_t i = 0; i < AUDIT_EVENT_DENIALS_MAX; i++) {
        assert_non_null(capture.denials[i]->name);
        assert_int_equal(strlen(capture.denials[i]->name), 3000);
        assert_non_null(capture.denials[i]->path);
        assert_int_equal(strlen(capture.denials[i]->path), 3003);
        assert_string_equal(capture.denials[i]->permissions, "read");
    }
}

static void test_nul_bytes(void **state)
{
    static const char avc[] = "avc:  denied  { read } for name=\"a\0b\" comm=\"c\"" CONTEXTS;
    static const char in_context[] =
        "avc:  denied  { read } for scontext=u:r:a\0b tcontext=u:r:t tclass=file";
    const AuditRecord record = {.type = 1400,
                                .serial = 9,
                                .time_usec = 9,
                                .body = in_context,
                                .length = sizeof(in_context) - 1};
    const Denial *denial = DECODE({1400, avc, sizeof(avc) - 1});

    assert_null(denial->name);
    assert_text(denial->comm, "c");
    assert_int_equal(audit_assembler_add(assembler, &record, 0), 0);
    assert_int_equal(audit_assembler_statistics(assembler)->malformed, 1);
}

static void test_sockaddr(void **state)
{
    static const struct {
        const char *saddr, *text;
    } cases[] = {
        {"saddr=020000507F000001", "127.0.0.1:80"},
        {"saddr=00020050C0A80001", "192.168.0.1:80"}, /* a big-endian machine */
        {"saddr=0A000050000000000000000000000000000000000000000100000000", "[::1]:80"},
        {"saddr=0A00FFFF0000000020010DB8000000000000000000000001", "[2001:db8::1]:65535"},
        {"saddr=01002F72756E2F612E736F636B00", "unix:/run/a.sock"},
        {"saddr=01002F72756E2F612E736F636B00787878", "unix:/run/a.sock"},
        {"saddr=010000616263", "unix:@abc"},
        {"saddr=010000610062", "unix:@a@b"},
        {"saddr=0100", NULL},
        {"saddr=1000000000000000", NULL}, /* netlink */
        {"saddr=02000050", NULL},
        {"saddr=0A0000500000000000000000000000000000", NULL},
        {"saddr=02", NULL},
        {"saddr=", NULL},
        {"saddr=zz", NULL},
        {"saddr=\"020000507F000001\"", NULL},
        {"saddr=020000507f000001", NULL},
        {"other=1", NULL},
    };
    uint8_t unix_long[2 + 109] = {1, 0, '/'};
    char text[AUDIT_SOCKADDR_TEXT_MAX];
    char big[600] = "saddr=0100";

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        assert_text(DECODE({1400, AVC("")}, {1306, cases[i].saddr})->saddr, cases[i].text);
    memset(big + 10, '4', 500);
    assert_text(DECODE({1400, AVC("")}, {1306, big})->saddr, NULL);

    memset(unix_long + 3, 'x', sizeof(unix_long) - 3);
    assert_int_equal(audit_sockaddr_format(unix_long, sizeof(unix_long), text, sizeof(text)),
                     -EBADMSG);
    assert_int_equal(audit_sockaddr_format(unix_long, sizeof(unix_long) - 1, text, sizeof(text)),
                     5 + 108);
    assert_int_equal(audit_sockaddr_format(unix_long, sizeof(unix_long) - 1, text, 5 + 108),
                     -ENOBUFS);
    assert_int_equal(
        audit_sockaddr_format((const uint8_t *)"\x02\0\0\x50\x7f\0\0\x01", 8, text, 12), -ENOBUFS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_but_the_avc),
        TEST(test_all_of_it),
        TEST(test_permissions),
        TEST(test_untrusted_text),
        TEST(test_socket_paths),
        TEST(test_ports_and_addresses),
        TEST(test_contexts),
        TEST(test_fallbacks),
        TEST(test_path_of_name),
        TEST(test_scratch_is_enough),
        TEST(test_nul_bytes),
        TEST(test_sockaddr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
