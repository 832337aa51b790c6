/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/explain.h"

#include <errno.h>

#include "daemon/audit/logfile.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/monitor/pipeline.h"

/* Every line is tried as one of nginx's: what it did not write is foreign to the parser. */
static void take_lines(Pipeline *pipeline, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((newline ? newline : end) - text);

        if (line > 0)
            pipeline_take_line(pipeline, "pasted", text, line);
        text += line + 1;
    }
}

static int add_counter(json_object *report, const char *name, uint64_t value)
{
    return json_add(report, name, json_object_new_int64((int64_t)value));
}

static int make_report(Pipeline *pipeline, const AuditLogCounters *counters, size_t left_out,
                       json_object **ret_report)
{
    const AuditStatistics *audit = pipeline_audit_statistics(pipeline);
    const PipelineStatistics *lines = pipeline_statistics(pipeline);
    json_object *report = json_object_new_object();

    if (!report)
        return -ENOMEM;
    if (add_counter(report, "records", counters->records) < 0 ||
        add_counter(report, "skipped_records", counters->skipped) < 0 ||
        add_counter(report, "events", audit->events) < 0 ||
        add_counter(report, "denials", audit->denials) < 0 ||
        add_counter(report, "other_denials", audit->other_denials) < 0 ||
        add_counter(report, "failures", lines->failures) < 0 ||
        add_counter(report, "left_out", left_out) < 0) {
        json_object_put(report);
        return -ENOMEM;
    }
    *ret_report = report;
    return 0;
}

/* The store, and with it the diagnoses, live as long as the process. */
int explain_make(const WorkerSubject *subject _unused_, void *userdata, Diagnosis ***ret_diagnoses,
                 size_t *ret_n, json_object **ret_report)
{
    const ExplainText *input = userdata;
    const PipelineOptions options = {.mode = PIPELINE_RECORDED, .domains = input->domains};
    AuditLogCounters counters = {};
    Diagnosis **diagnoses = calloc(EXPLAIN_DIAGNOSES_MAX, sizeof(Diagnosis *));
    Pipeline *pipeline = NULL;
    Store *store = NULL;
    size_t n, left_out = 0;
    int r = diagnoses ? store_new(&store, NULL) : -ENOMEM;

    if (r >= 0)
        r = pipeline_new(&pipeline, store, &options);
    if (r >= 0)
        r = audit_text_process(input->text, input->length, AUDIT_LOGFILE_TEXT,
                               pipeline_assembler(pipeline), &counters);
    if (r >= 0) {
        take_lines(pipeline, input->text, input->length);
        pipeline_flush(pipeline);
        n = store_count(store);
        if (n > EXPLAIN_DIAGNOSES_MAX) {
            left_out = n - EXPLAIN_DIAGNOSES_MAX;
            n = EXPLAIN_DIAGNOSES_MAX;
        }
        for (size_t i = 0; i < n; i++)
            diagnoses[i] = store_get(store, i);
        r = make_report(pipeline, &counters, left_out, ret_report);
    }
    if (r < 0) {
        pipeline_free(pipeline);
        store_free(store);
        free(diagnoses);
        return r;
    }
    *ret_diagnoses = diagnoses;
    *ret_n = n;
    return 0;
}
