/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy engine on an installed policy: how long the exposure of one fix takes, for each of the
 * shapes that fixes have, and whether the memory that a policy takes is given back.
 *
 *   bench-engine POLICY
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/exposure.h"
#include "daemon/selinux/ports.h"

#define ROUNDS 9

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double resident_mib(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");

    if (statm) {
        if (fscanf(statm, "%*u %lu", &pages) != 1)
            pages = 0;
        (void)fclose(statm);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median; ends the program where the policy lacks what the shape needs. */
static void measure(const char *shape, const Hypothesis *before, const Hypothesis *after,
                    const ExposureRelabel *relabel)
{
    double times[ROUNDS];
    size_t gains = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        const double start = now_ms();
        Exposure exposure = {};
        ExposureLosses losses = {};

        if (exposure_compute_relabels(before, after, "httpd_t", relabel, relabel ? 1 : 0, &exposure,
                                      &losses) < 0) {
            (void)fprintf(stderr, "the policy has not what \"%s\" needs\n", shape);
            exit(EXIT_FAILURE);
        }
        times[i] = now_ms() - start;
        gains = exposure.gains_total;
        exposure_clear(&exposure);
        exposure_losses_clear(&losses);
    }
    qsort(times, ROUNDS, sizeof(*times), compare_times);
    (void)printf("exposure of %-46s %8.2f ms, %zu accesses gained\n", shape, times[ROUNDS / 2],
                 gains);
}

static void measure_all(const Policy *policy)
{
    static char port_type[] = "port_type", file[] = "file", dir[] = "dir", link[] = "lnk_file",
                socket[] = "sock_file";
    char *const attributes[] = {port_type, NULL}, *const classes[] = {file, dir, link, socket,
                                                                      NULL};
    const ExposureRelabel relabel = {"user_home_t", "httpd_sys_content_t", classes};
    _cleanup_(hypothesis_cleanup) Hypothesis *before = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *boolean = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *label = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *own = hypothesis_new(policy);

    if (!before || !boolean || !label || !own ||
        hypothesis_set_boolean(boolean, "httpd_can_network_connect", true) < 0 ||
        hypothesis_set_boolean(label, "httpd_can_network_relay", true) < 0 ||
        hypothesis_set_port(label, PORT_TCP, 3000, 3000, "http_port_t") < 0 ||
        hypothesis_add_type(own, "selguard_bench_port_t", attributes) < 0 ||
        hypothesis_add_allow(own, "httpd_t", "selguard_bench_port_t", "tcp_socket",
                             "name_connect") < 0 ||
        hypothesis_set_port(own, PORT_TCP, 3000, 3000, "selguard_bench_port_t") < 0) {
        (void)fputs("the policy has not what a web server needs\n", stderr);
        exit(EXIT_FAILURE);
    }
    measure("a boolean that opens every port", before, boolean, NULL);
    measure("a port label with its boolean", before, label, NULL);
    measure("a port type of its own", before, own, NULL);
    measure("a relabelled tree", before, before, &relabel);
}

int main(int argc, char **argv)
{
    Policy *policy = NULL;
    double idle, loaded;

    if (argc != 2) {
        (void)fputs("usage: bench-engine POLICY\n", stderr);
        return EXIT_FAILURE;
    }
    (void)printf("warming up\n"); /* stdio's own buffer */
    idle = resident_mib();
    if (policy_load_file(argv[1], &policy, /* ret_message= */ NULL) < 0) {
        (void)fputs("the policy cannot be read\n", stderr);
        return EXIT_FAILURE;
    }
    measure_all(policy);
    loaded = resident_mib();
    policy_free(policy);
    (void)malloc_trim(0);
    (void)printf("memory in MiB: idle %.1f, with the policy %.1f, afterwards %.1f\n", idle, loaded,
                 resident_mib());
    return EXIT_SUCCESS;
}
