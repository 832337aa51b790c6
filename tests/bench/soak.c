/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A long time made short: the whole monitor, in this process, takes so many denials through a
 * socket pair with netlink framing, while logs are rotated, policies loaded, nginx's
 * configuration changed, and the monitor restarted, cleanly and by power cuts. At the end every
 * denial is counted once, and its memory did not grow. A host that is denied two operations a
 * second has 10 million events in two months.
 *
 *   soak [EVENTS [RESTARTS]]      default 10000000 and 12; exit status 0 if both hold
 */
#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/monitor/monitor-internal.h"
#include "tests/unit/monitor/live.h"

#define PORTS            8
#define FIRST_PORT       3000
#define ROUND            2000u /* events */
#define MISSED           50u   /* while it did not run */
#define MEMORY_SLACK_KIB 2048u

static Live live;
static uint64_t sent[PORTS]; /* what each diagnosis has to count */
static uint64_t n_lines, n_rotations, n_policies, n_reloads;

static void deny(unsigned int n, unsigned int ways)
{
    for (unsigned int i = 0; i < n; i++) {
        unsigned int port = i % PORTS;

        live_deny(&live, ways, (int)(FIRST_PORT + port), 0);
        sent[port]++;
    }
}

static unsigned long resident_kib(void)
{
    _cleanup_fclose_ FILE *stream = fopen("/proc/self/statm", "re");
    char text[256], *second;

    if (!stream || !fgets(text, sizeof(text), stream))
        return 0;
    second = strchr(text, ' ');
    return second ? strtoul(second, NULL, 10) * (unsigned long)(sysconf(_SC_PAGESIZE) / 1024) : 0;
}

static void rotate(const char *name)
{
    char from[128], to[192];

    (void)snprintf(from, sizeof(from), "%s", live_path(&live, name));
    (void)snprintf(to, sizeof(to), "%s.1", from);
    (void)rename(from, to);
    n_rotations++;
}

static void write_nginx_conf(uint64_t n)
{
    FILE *stream = fopen(live_path(&live, "nginx.conf"), "we");

    if (!stream)
        return;
    (void)fprintf(stream,
                  "events {}\nhttp { server { listen 80; location /%" PRIu64
                  " { proxy_pass http://127.0.0.1:3000; } } }\n",
                  n);
    (void)fclose(stream);
    n_reloads++;
}

/* Until nothing is being read up. False if that does not come to an end. */
static bool settle(void)
{
    for (unsigned int i = 0; i < 600; i++) {
        CorrelatorStatistics correlator;

        live_run(&live, 50 * USEC_PER_MSEC);
        pipeline_correlator_statistics(live.monitor->pipeline, &correlator);
        if (!live.monitor->backfill && !gap_list_has_open(&live.monitor->gaps) &&
            !gap_list_next(&live.monitor->gaps) && correlator.pending == 0)
            return true;
    }
    return false;
}

static bool restart(bool power_cut)
{
    if (power_cut) {
        /* Once saved, what comes is in the log as well. */
        live_drain(&live);
        (void)monitor_on_save_due(NULL, 0, live.monitor);
        while (live.monitor->saver > 0)
            live_run(&live, 10 * USEC_PER_MSEC);
        deny(MISSED, LIVE_SOCKET | LIVE_LOG);
        live_drain(&live);
        live_cut(&live);
    } else {
        live_stop(&live);
    }
    deny(MISSED, LIVE_LOG);
    live_mark_log(&live);
    live_start(&live);
    live.monitor->use_journal = false;
    return settle();
}

static bool check_counts(void)
{
    bool right = true;

    for (int port = 0; port < PORTS; port++) {
        uint64_t counted = live_count(&live, FIRST_PORT + port);

        if (counted == sent[port])
            continue;
        printf("port %d: %" PRIu64 " denials, counted %" PRIu64 "\n", FIRST_PORT + port, sent[port],
               counted);
        right = false;
    }
    return right;
}

int main(int argc, char **argv)
{
    uint64_t n_events = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    uint64_t n_restarts = argc > 2 ? strtoull(argv[2], NULL, 10) : 12;
    uint64_t n_rounds = n_events / ROUND + 1, restarts = 0, total = 0;
    unsigned long warm = 0, largest = 0, now = 0;
    struct timespec begin, end;
    struct rusage usage;
    bool right = true;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    live_init(&live);
    live_begin_log(&live);
    write_nginx_conf(0);
    live_start(&live);
    live.monitor->use_journal = false;
    for (uint64_t round = 1; round <= n_rounds && right; round++) {
        deny(ROUND, LIVE_SOCKET);
        if (round % 10 == 0) {
            live_log_failure(&live, FIRST_PORT, (unsigned int)round);
            n_lines++;
        }
        if (round % 50 == 0) {
            rotate("error.log");
            rotate("audit.log");
            live_begin_log(&live);
        }
        if (round % 100 == 0) {
            live_load_policy(&live);
            n_policies++;
            write_nginx_conf(round);
        }
        live_drain(&live);
        if (round * (n_restarts + 1) / n_rounds > restarts && restarts < n_restarts)
            right = restart(restarts++ % 2 == 1);
        now = resident_kib();
        /* The first restarts find out what is needed at most. */
        if (round == n_rounds / 2 + 1)
            warm = largest = now;
        if (now > largest)
            largest = now;
    }
    if (right)
        right = settle() && check_counts();
    for (int port = 0; port < PORTS; port++)
        total += sent[port];
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%" PRIu64 " denials in %ld s (CPU %ld s, with their sender), counts %s\n", total,
           (long)(end.tv_sec - begin.tv_sec), (long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec),
           right ? "exact" : "WRONG");
    printf("restarts %" PRIu64 " (every other a power cut), rotations %" PRIu64
           ", policy loads %" PRIu64 ", configurations %" PRIu64 ", lines %" PRIu64
           ", signals on the bus %" PRIu64 "\n",
           restarts, n_rotations, n_policies, n_reloads, n_lines, live.signals);
    printf("memory: %lu KiB after a half, at most %lu KiB after that, %lu KiB at the end\n", warm,
           largest, now);
    if (largest > warm + MEMORY_SLACK_KIB) {
        printf("the memory GREW by %lu KiB\n", largest - warm);
        right = false;
    }
    live_clear(&live);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
