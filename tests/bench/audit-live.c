/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast the audit intake is: records with netlink framing through a socketpair into
 * complete, decoded denials. The socket is filled, then drained; the time is that of the
 * draining, system calls included, on one processor. Counts the calls of malloc() on the
 * way: there must be none.
 *
 *   audit-live [RECORDS]
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/audit/event.h"
#include "daemon/audit/socket.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

/* glibc's own entry points, so that counting needs no further library. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static uint64_t n_allocations;

#if !defined(__SANITIZE_ADDRESS__)
void *malloc(size_t size)
{
    n_allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    n_allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    n_allocations++;
    return __libc_realloc(memory, size);
}
#endif

#define AVC_OF(source)                                                                             \
    "avc:  denied  { name_connect } for  pid=352 comm=\"nginx\" dest=3000 "                        \
    "scontext=system_u:system_r:" source ":s0 tcontext=system_u:object_r:ntop_port_t:s0 "          \
    "tclass=tcp_socket permissive=0"
#define SYSCALL                                                                                    \
    "arch=c000003e syscall=42 success=no exit=-13 a0=8 a1=55bd6ba609f0 a2=10 a3=7ffe8a85260c "     \
    "items=0 ppid=351 pid=386 auid=4294967295 uid=33 gid=33 euid=33 suid=33 fsuid=33 egid=33 "     \
    "sgid=33 fsgid=33 tty=(none) ses=4294967295 comm=\"nginx\" exe=\"/usr/sbin/nginx\" "           \
    "subj=system_u:system_r:httpd_t:s0 key=(null)"
#define PROCTITLE "proctitle=6E67696E783A20776F726B65722070726F63657373"

typedef struct Template {
    uint16_t type;
    const char *body;
} Template;

typedef struct Scenario {
    const char *name;
    Template records[4]; /* of one event */
    bool denial;
} Scenario;

static const Scenario scenarios[] = {
    {"denials of a source that matters",
     {{1400, AVC_OF("httpd_t")}, {1300, SYSCALL}, {1327, PROCTITLE}, {1320, ""}},
     true},
    {"denials of other sources",
     {{1400, AVC_OF("sshd_t")}, {1300, SYSCALL}, {1327, PROCTITLE}, {1320, ""}},
     false},
    {"events without a denial",
     {{1300, SYSCALL}, {1307, "cwd=\"/\""}, {1327, PROCTITLE}, {1320, ""}},
     false},
};

/* One batch, as the daemon's loop takes it; larger ones measure the cache. */
#define QUEUED_MAX 512

static uint64_t n_delivered;

static int count_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                         size_t n_denials)
{
    n_delivered += n_denials;
    return 0;
}

static bool any_sender(const struct sockaddr_storage *sender, socklen_t length)
{
    return true;
}

static uint64_t clock_nsec(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t render(char *data, size_t size, const Scenario *scenario, uint64_t n)
{
    const Template *template = &scenario->records[n % 4];
    struct nlmsghdr header = {.nlmsg_type = template->type};
    uint64_t serial = n / 4 + 1;
    int length = snprintf(data + NLMSG_HDRLEN, size - NLMSG_HDRLEN,
                          "audit(%" PRIu64 ".%03u:%" PRIu64 "): %s", 1795379754 + serial / 1000,
                          (unsigned int)(serial % 1000), serial, template->body);

    header.nlmsg_len = (uint32_t)length + NLMSG_HDRLEN;
    memcpy(data, &header, sizeof(header));
    return header.nlmsg_len;
}

/* Fills the socket; returns how many of the next records went in. */
static int fill(int fd, const Scenario *scenario, uint64_t first, uint64_t n_records)
{
    uint64_t sent = 0;

    while (sent < n_records) {
        char data[1024];
        size_t length = render(data, sizeof(data), scenario, first + sent);

        if (send(fd, data, length, MSG_DONTWAIT) < 0) {
            if (errno == EAGAIN)
                break;
            return -errno;
        }
        sent++;
    }
    return (int)sent;
}

/* What recvmmsg() alone takes for the same datagrams: the kernel's share. */
static double measure_kernel(const Scenario *scenario, int from, int to, uint64_t n_records)
{
    static char buffers[AUDIT_SOCKET_VECTOR][9024];
    struct mmsghdr messages[AUDIT_SOCKET_VECTOR] = {0};
    struct iovec vectors[AUDIT_SOCKET_VECTOR];
    struct sockaddr_storage senders[AUDIT_SOCKET_VECTOR];
    uint64_t sent = 0, cpu = 0;

    while (sent < n_records) {
        int n = fill(to, scenario, sent, QUEUED_MAX), got = 0;
        uint64_t before = clock_nsec(CLOCK_PROCESS_CPUTIME_ID);

        while (got < n) {
            int r;

            for (size_t i = 0; i < AUDIT_SOCKET_VECTOR; i++) {
                vectors[i] = (struct iovec){buffers[i], sizeof(buffers[i])};
                messages[i].msg_hdr = (struct msghdr){.msg_name = &senders[i],
                                                      .msg_namelen = sizeof(senders[i]),
                                                      .msg_iov = &vectors[i],
                                                      .msg_iovlen = 1};
            }
            r = recvmmsg(from, messages, AUDIT_SOCKET_VECTOR, MSG_DONTWAIT, NULL);
            if (r <= 0)
                return 0;
            got += r;
        }
        cpu += clock_nsec(CLOCK_PROCESS_CPUTIME_ID) - before;
        sent += (uint64_t)n;
    }
    return (double)cpu / (double)sent;
}

/* The same records from memory: our own share. */
static double measure_memory(const Scenario *scenario, AuditAssembler *assembler,
                             uint64_t n_records)
{
    static char data[QUEUED_MAX][1024];
    size_t lengths[QUEUED_MAX];
    uint64_t done = 0, cpu = 0;

    while (done < n_records) {
        uint64_t before;

        for (size_t i = 0; i < QUEUED_MAX; i++)
            lengths[i] = render(data[i], sizeof(data[i]), scenario, done + i);
        before = clock_nsec(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t i = 0; i < QUEUED_MAX; i++) {
            struct nlmsghdr header;
            AuditRecord record;

            memcpy(&header, data[i], sizeof(header));
            if (audit_record_parse_payload(header.nlmsg_type, data[i] + NLMSG_HDRLEN,
                                           lengths[i] - NLMSG_HDRLEN, &record) < 0 ||
                audit_assembler_add(assembler, &record, done) < 0)
                return 0;
        }
        cpu += clock_nsec(CLOCK_PROCESS_CPUTIME_ID) - before;
        done += QUEUED_MAX;
    }
    return (double)cpu / (double)done;
}

static int run(const Scenario *scenario, uint64_t n_records)
{
    char source[] = "httpd_t", *sources[] = {source, NULL};
    const AuditSink sink = {.denials = count_denials};
    const int size = 4 * 1024 * 1024;
    AuditAssembler *assembler = NULL;
    AuditSocket *audit_socket = NULL;
    const AuditStatistics *statistics;
    uint64_t cpu = 0, allocations = 0, sent = 0, n_fills = 0;
    uint64_t expected = scenario->denial ? n_records / 4 : 0;
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    r = audit_assembler_new(&assembler, &sink, 0);
    if (r >= 0)
        r = audit_assembler_set_sources(assembler, sources);
    if (r >= 0)
        r = audit_socket_take_unchecked(pair[0], any_sender, &audit_socket);
    if (r < 0)
        return r;

    statistics = audit_assembler_statistics(assembler);
    n_delivered = 0;
    while (sent < n_records && r >= 0) {
        uint64_t cpu_before, allocations_before;

        r = fill(pair[1], scenario, sent,
                 n_records - sent < QUEUED_MAX ? n_records - sent : QUEUED_MAX);
        if (r <= 0)
            break;
        sent += (uint64_t)r;
        n_fills++;
        allocations_before = n_allocations;
        cpu_before = clock_nsec(CLOCK_PROCESS_CPUTIME_ID);
        do
            r = audit_socket_receive(audit_socket, assembler, AUDIT_SOCKET_BATCH, n_fills);
        while (r > 0);
        cpu += clock_nsec(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
        allocations += n_allocations - allocations_before;
    }
    if (r >= 0 && (statistics->records != n_records || n_delivered != expected ||
                   statistics->malformed > 0 || allocations > 0))
        r = -EBADMSG;
    printf("%-33s %8.0f records/s, %6.1f ns/record (recvmmsg alone %6.1f, without socket %6.1f), "
           "%" PRIu64 " allocations\n",
           scenario->name, (double)sent * 1e9 / (double)cpu, (double)cpu / (double)sent,
           measure_kernel(scenario, pair[0], pair[1], n_records),
           measure_memory(scenario, assembler, n_records), allocations);
    if (scenario->denial)
        printf("  a denial, all its records: %.1f ns\n", (double)cpu / (double)expected);
    audit_socket_free(audit_socket);
    audit_assembler_free(assembler);
    (void)close(pair[1]);
    return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
    uint64_t n_records = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    int result = EXIT_SUCCESS;

    n_records = (n_records + 3) / 4 * 4;
    for (size_t i = 0; i < ELEMENTS_OF(scenarios); i++) {
        int r = run(&scenarios[i], n_records);

        if (r < 0) {
            fprintf(stderr, "%s: %s\n", scenarios[i].name, strerror(-r));
            result = EXIT_FAILURE;
        }
    }
    return result;
}
