/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/pipeline.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/host/directory-on-way.h"
#include "daemon/nginx/error-line.h"

struct Pipeline {
    PipelineMode mode;
    Store *store;
    AuditAssembler *assembler;
    SeenEvents *seen;
    Correlator *correlator;
    NginxLineParser parser;
    void (*policy_changed)(void *userdata);
    void *userdata;
    uint64_t now_usec;
    uint64_t last_denial_usec;
    uint64_t last_failure_usec;
    PipelineStatistics statistics;
};

static void take_incident(const Incident *incident, void *userdata)
{
    Pipeline *pipeline = userdata;

    /* Out of memory: the store counts what it dropped. */
    (void)store_take_incident(pipeline->store, incident);
}

static void push_denials(Pipeline *pipeline, const Denial *denials, size_t n_denials)
{
    for (size_t i = 0; i < n_denials; i++) {
        pipeline->last_denial_usec = denials[i].time_usec;
        (void)correlator_push_denial(pipeline->correlator, &denials[i], pipeline->now_usec);
    }
}

static int take_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                        size_t n_denials)
{
    Pipeline *pipeline = userdata;

    if (pipeline->seen &&
        !seen_events_add(pipeline->seen, event->time_usec, event->serial, SEEN_LIVE)) {
        pipeline->statistics.repeated++;
        return 0;
    }
    push_denials(pipeline, denials, n_denials);
    return 0;
}

/* Whoever reads up has asked the set already. */
static int take_read(void *userdata, const AuditEvent *event _unused_, const Denial *denials,
                     size_t n_denials)
{
    Pipeline *pipeline = userdata;

    pipeline->statistics.read_up += n_denials;
    push_denials(pipeline, denials, n_denials);
    return 0;
}

static int take_policy_change(void *userdata, const AuditRecord *record _unused_)
{
    Pipeline *pipeline = userdata;

    if (pipeline->policy_changed)
        pipeline->policy_changed(pipeline->userdata);
    return 0;
}

int pipeline_new(Pipeline **ret_pipeline, Store *store, const PipelineOptions *options)
{
    Pipeline *pipeline = calloc(1, sizeof(*pipeline));
    AuditSink sink = {
        .userdata = pipeline,
        .denials = take_denials,
        .policy_change = take_policy_change,
    };
    int r;

    if (!pipeline)
        return -ENOMEM;
    pipeline->mode = options->mode;
    pipeline->store = store;
    pipeline->policy_changed = options->policy_changed;
    pipeline->userdata = options->userdata;
    nginx_line_parser_init(&pipeline->parser,
                           options->fixed_zone ? NGINX_ZONE_FIXED : NGINX_ZONE_LOCAL,
                           options->utc_offset);
    r = correlator_new(&pipeline->correlator, take_incident, pipeline);
    if (r >= 0 && options->mode == PIPELINE_LIVE) {
        correlator_set_live(pipeline->correlator, true);
        correlator_set_directory_check(pipeline->correlator, directory_may_be_on_way);
    }
    if (r >= 0)
        r = audit_assembler_new(&pipeline->assembler, &sink,
                                options->mode == PIPELINE_RECORDED ? AUDIT_ASSEMBLER_LOG : 0);
    if (r >= 0 && options->mode == PIPELINE_LIVE)
        r = seen_events_new(&pipeline->seen);
    if (r >= 0)
        r = audit_assembler_set_sources(pipeline->assembler, options->domains);
    if (r < 0) {
        pipeline_free(pipeline);
        return r;
    }
    *ret_pipeline = pipeline;
    return 0;
}

Pipeline *pipeline_free(Pipeline *pipeline)
{
    if (!pipeline)
        return NULL;
    audit_assembler_free(pipeline->assembler);
    correlator_free(pipeline->correlator);
    seen_events_free(pipeline->seen);
    free(pipeline);
    return NULL;
}

AuditAssembler *pipeline_assembler(Pipeline *pipeline)
{
    return pipeline->assembler;
}

AuditSink pipeline_read_sink(Pipeline *pipeline)
{
    return (AuditSink){.userdata = pipeline, .denials = take_read};
}

SeenEvents *pipeline_seen(Pipeline *pipeline)
{
    return pipeline->seen;
}

int pipeline_set_domains(Pipeline *pipeline, char *const *domains)
{
    return audit_assembler_set_sources(pipeline->assembler, domains);
}

void pipeline_take_line(void *userdata, const char *log_path, const char *line, size_t length)
{
    pipeline_take_journal_line(userdata, log_path, NULL, line, length);
}

void pipeline_take_journal_line(void *userdata, const char *source, const NginxLineOrigin *origin,
                                const char *line, size_t length)
{
    Failure failure;

    if (pipeline_parse_line(userdata, source, origin, line, length, &failure))
        pipeline_take_failure(userdata, &failure);
}

bool pipeline_parse_line(Pipeline *pipeline, const char *source, const NginxLineOrigin *origin,
                         const char *line, size_t length, Failure *ret_failure)
{
    PipelineStatistics *statistics = &pipeline->statistics;
    const uint64_t evicted = pipeline->parser.open_evicted;
    NginxLineClass class;

    class = nginx_line_parse_from(&pipeline->parser, source, origin, line, length, ret_failure);
    statistics->lines++;
    statistics->open_evicted += pipeline->parser.open_evicted - evicted;
    statistics->foreign += class == NGINX_LINE_FOREIGN;
    statistics->failures += class == NGINX_LINE_FAILURE;
    return class == NGINX_LINE_FAILURE;
}

void pipeline_take_failure(Pipeline *pipeline, const Failure *failure)
{
    if (failure->time_known)
        pipeline->last_failure_usec = failure->time_usec;
    (void)correlator_push_failure(pipeline->correlator, failure, pipeline->now_usec);
}

void pipeline_add_parsed(Pipeline *pipeline, const PipelineStatistics *parsed)
{
    PipelineStatistics *statistics = &pipeline->statistics;

    statistics->lines += parsed->lines;
    statistics->failures += parsed->failures;
    statistics->foreign += parsed->foreign;
    statistics->open_evicted += parsed->open_evicted;
}

uint64_t pipeline_advance(Pipeline *pipeline, uint64_t now_usec)
{
    uint64_t assembler, correlator;

    pipeline->now_usec = now_usec;
    correlator_advance(pipeline->correlator, now_usec);
    if (pipeline->mode == PIPELINE_RECORDED)
        return UINT64_MAX; /* the records' own stamps complete the events */
    (void)audit_assembler_expire(pipeline->assembler, now_usec);
    assembler = audit_assembler_next_deadline(pipeline->assembler);
    correlator = correlator_deadline(pipeline->correlator);
    return assembler < correlator ? assembler : correlator;
}

void pipeline_flush(Pipeline *pipeline)
{
    (void)audit_assembler_flush(pipeline->assembler);
    correlator_flush(pipeline->correlator);
}

uint64_t pipeline_last_denial(const Pipeline *pipeline)
{
    return pipeline->last_denial_usec;
}

uint64_t pipeline_last_failure(const Pipeline *pipeline)
{
    return pipeline->last_failure_usec;
}

const PipelineStatistics *pipeline_statistics(const Pipeline *pipeline)
{
    return &pipeline->statistics;
}

const AuditStatistics *pipeline_audit_statistics(Pipeline *pipeline)
{
    return audit_assembler_statistics(pipeline->assembler);
}

void pipeline_correlator_statistics(const Pipeline *pipeline, CorrelatorStatistics *ret_statistics)
{
    correlator_get_statistics(pipeline->correlator, ret_statistics);
}
