/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command costs: the median time of several runs, the processor time of that run, and
 * the highest peak of resident memory of any process of it. Small itself, for the kernel counts
 * the memory of whoever starts a program as the program's.
 *
 *   measure RUNS COMMAND [ARGUMENT…]
 *
 * prints "SECONDS PROCESSOR-SECONDS KIB"; the command's own output goes to memory and is thrown
 * away (grep does less work for /dev/null). A command that fails with a status above 1 fails
 * the measurement (grep and ausearch use 1).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 101

typedef struct Cost {
    double seconds;
    double cpu_seconds;
    long peak_kib;
} Cost;

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double timeval_seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

_Noreturn static void start(char **command)
{
    int output = memfd_create("output", MFD_CLOEXEC);

    if (output < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(126);
    (void)execvp(command[0], command);
    _exit(127);
}

static int run(char **command, Cost *ret_cost)
{
    double before = now();
    struct rusage usage;
    pid_t pid = fork();
    int status;

    if (pid < 0)
        return -errno;
    if (pid == 0)
        start(command);
    if (wait4(pid, &status, 0, &usage) < 0)
        return -errno;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        return -EIO;
    *ret_cost = (Cost){
        .seconds = now() - before,
        .cpu_seconds = timeval_seconds(usage.ru_utime) + timeval_seconds(usage.ru_stime),
        .peak_kib = usage.ru_maxrss,
    };
    return 0;
}

static int compare_costs(const void *a, const void *b)
{
    double difference = ((const Cost *)a)->seconds - ((const Cost *)b)->seconds;

    return difference < 0 ? -1 : difference > 0;
}

int main(int argc, char **argv)
{
    unsigned long n = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    Cost costs[RUNS_MAX];
    long peak_kib = 0;

    if (n == 0 || n > RUNS_MAX) {
        (void)fprintf(stderr, "usage: measure RUNS COMMAND [ARGUMENT…]\n");
        return 2;
    }
    for (unsigned long i = 0; i < n; i++) {
        int r = run(argv + 2, &costs[i]);

        if (r < 0) {
            (void)fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(-r));
            return EXIT_FAILURE;
        }
        if (costs[i].peak_kib > peak_kib)
            peak_kib = costs[i].peak_kib;
    }
    qsort(costs, n, sizeof(*costs), compare_costs);
    (void)printf("%.4f %.4f %ld\n", costs[n / 2].seconds, costs[n / 2].cpu_seconds, peak_kib);
    return EXIT_SUCCESS;
}
