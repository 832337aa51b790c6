/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a whole audit.log takes, from file to decoded denials; to be held against
 * `grep -c denied` on the same file.
 *
 *   audit-log FILE [SOURCE-TYPE…]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/audit/logfile.h"

static int ignore_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                          size_t n_denials)
{
    return 0;
}

static double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const AuditSink sink = {.denials = ignore_denials};
    AuditAssembler *assembler = NULL;
    AuditLogfile *logfile = NULL;
    const AuditLogCounters *counters;
    const AuditStatistics *statistics;
    struct rusage usage;
    double seconds;
    int r;

    if (argc < 2) {
        fprintf(stderr, "usage: audit-log FILE [SOURCE-TYPE…]\n");
        return EXIT_FAILURE;
    }
    r = audit_assembler_new(&assembler, &sink, AUDIT_ASSEMBLER_LOG);
    if (r >= 0)
        r = audit_assembler_set_sources(assembler, argv + 2);
    if (r >= 0)
        r = audit_logfile_open(&logfile, argv[1], 0);
    seconds = clock_seconds();
    if (r >= 0) {
        do
            r = audit_logfile_process(logfile, assembler, UINT64_C(1) << 20);
        while (r > 0);
        if (r == 0)
            r = audit_logfile_finish(logfile, assembler);
    }
    seconds = clock_seconds() - seconds;
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
        return EXIT_FAILURE;
    }
    counters = audit_logfile_counters(logfile);
    statistics = audit_assembler_statistics(assembler);
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%.3f s, %.0f MiB/s, %" PRIu64 " lines, %" PRIu64 " denials, %" PRIu64
           " of other sources, %" PRIu64 " malformed, %ld KiB resident\n",
           seconds, (double)counters->bytes / 1048576 / seconds, counters->lines,
           statistics->denials, statistics->other_denials, statistics->malformed, usage.ru_maxrss);
    audit_logfile_free(logfile);
    audit_assembler_free(assembler);
    return EXIT_SUCCESS;
}
