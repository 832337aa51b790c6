/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of the data, from the two intakes to the store: audit records are assembled and
 * decoded, log lines parsed, both correlated, incidents folded in. The same for the live
 * daemon and for recorded files; only the clock differs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/event.h"
#include "daemon/audit/seen.h"
#include "daemon/correlate/correlator.h"
#include "daemon/monitor/store.h"
#include "daemon/nginx/error-line.h"

typedef struct Pipeline Pipeline;

typedef enum PipelineMode {
    PIPELINE_LIVE,     /* kernel records; time is the monotonic clock, given by the caller */
    PIPELINE_RECORDED, /* log files; time is that of their records */
} PipelineMode;

typedef struct PipelineOptions {
    PipelineMode mode;
    char *const *domains; /* source types that matter, NULL-terminated */
    bool fixed_zone;      /* log times are utc_offset seconds east of UTC, not local */
    int32_t utc_offset;
    /* May be NULL: the kernel loaded a policy, switched a boolean or the mode. */
    void (*policy_changed)(void *userdata);
    void *userdata;
} PipelineOptions;

typedef struct PipelineStatistics {
    uint64_t lines;        /* of nginx's logs */
    uint64_t failures;     /* lines that report a failed operation */
    uint64_t foreign;      /* lines that are not nginx's */
    uint64_t read_up;      /* denials that came from a log, not from the socket */
    uint64_t repeated;     /* events that a log had brought before the socket did */
    uint64_t open_evicted; /* logs with a line left open that were given up for others */
} PipelineStatistics;

/* Neither options nor their lists are referred to afterwards. The store must outlive the
 * pipeline. 0 or a negative errno. */
int pipeline_new(Pipeline **ret_pipeline, Store *store, const PipelineOptions *options);
Pipeline *pipeline_free(Pipeline *pipeline);

/* Where the audit intake puts its records. */
AuditAssembler *pipeline_assembler(Pipeline *pipeline);
/* Where denials go that were read up; live only. Outlives the pipeline no longer than that. */
AuditSink pipeline_read_sink(Pipeline *pipeline);
/* Which events were taken; NULL for recorded files. */
SeenEvents *pipeline_seen(Pipeline *pipeline);
/* Other source types matter from now on. 0 or a negative errno, and nothing changed. */
int pipeline_set_domains(Pipeline *pipeline, char *const *domains);
/* A follower's line handler; userdata is the Pipeline. */
void pipeline_take_line(void *userdata, const char *log_path, const char *line, size_t length);

/* A journal's line handler. */
void pipeline_take_journal_line(void *userdata, const char *source, const NginxLineOrigin *origin,
                                const char *line, size_t length);

/* The two halves of that, and the counters of the first, for whoever has lines parsed by another
 * process. Whether the line is a failure, which is then valid until the next call; */
bool pipeline_parse_line(Pipeline *pipeline, const char *source, const NginxLineOrigin *origin,
                         const char *line, size_t length, Failure *ret_failure);
void pipeline_take_failure(Pipeline *pipeline, const Failure *failure);
void pipeline_add_parsed(Pipeline *pipeline, const PipelineStatistics *parsed);

/* Sets the clock, which must not go back, and does what is due. Live, it is called before
 * records and lines are put in, and at the latest at the time that it returns (UINT64_MAX:
 * nothing waits). For recorded files the clock is how far all of them have been read. */
uint64_t pipeline_advance(Pipeline *pipeline, uint64_t now_usec);
/* The end of recorded input. */
void pipeline_flush(Pipeline *pipeline);

/* Times of the last denial and of the last failed operation that came in; 0 before. */
uint64_t pipeline_last_denial(const Pipeline *pipeline);
uint64_t pipeline_last_failure(const Pipeline *pipeline);

const PipelineStatistics *pipeline_statistics(const Pipeline *pipeline);
const AuditStatistics *pipeline_audit_statistics(Pipeline *pipeline);
void pipeline_correlator_statistics(const Pipeline *pipeline, CorrelatorStatistics *ret_statistics);
