/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What analyze prints; docs/json.md describes the JSON. */
#include <errno.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/analyze-internal.h"

static void add_text(json_object *object, const char *key, const char *text)
{
    _cleanup_free_ char *escaped = text ? escape_for_terminal(text) : NULL;

    if (escaped)
        json_object_object_add(object, key, json_object_new_string(escaped));
}

static void add_count(json_object *object, const char *key, uint64_t count)
{
    json_object_object_add(object, key, json_object_new_uint64(count));
}

static json_object *describe_selinux(const Analyze *analyze)
{
    json_object *object = json_object_new_object();

    add_text(object, "policy", analyze->policy_used);
    add_text(object, "problem", analyze->policy_problem);
    if (analyze->policy_loaded) {
        add_count(object, "policy_version", analyze->policy_version);
        json_object_object_add(object, "mls", json_object_new_boolean(analyze->policy_mls));
        add_count(object, "booleans", analyze->policy_booleans);
    }
    return object;
}

static void add_conf_problems(json_object *problems, const NginxConf *conf)
{
    for (size_t i = 0; i < conf->n_problems; i++) {
        const NginxConfProblem *problem = &conf->problems[i];
        _cleanup_free_ char *text =
            format_string("%s:%u: %s", problem->file, problem->line, problem->text);
        _cleanup_free_ char *escaped = text ? escape_for_terminal(text) : NULL;

        if (escaped)
            json_object_array_add(problems, json_object_new_string(escaped));
    }
}

static json_object *describe_input(const Analyze *analyze)
{
    const AuditStatistics *audit = pipeline_audit_statistics(analyze->pipeline);
    const PipelineStatistics *lines = pipeline_statistics(analyze->pipeline);
    json_object *object = json_object_new_object();

    add_count(object, "records", analyze->result.audit.records);
    add_count(object, "events", audit->events);
    add_count(object, "denials", audit->denials);
    add_count(object, "failures", lines->failures);
    add_count(object, "lost",
              audit->malformed + audit->truncated + audit->dropped_records +
                  analyze->result.lines_skipped + store_statistics(analyze->store)->dropped);
    add_count(object, "lines", analyze->result.lines);
    add_count(object, "other_denials", audit->other_denials);
    add_count(object, "skipped_records", analyze->result.audit.skipped);
    add_count(object, "skipped_lines", analyze->result.lines_skipped);
    add_count(object, "foreign_lines", lines->foreign);
    if (analyze->n_confs > 0) {
        json_object *problems = json_object_new_array();

        json_object_object_add(object, "nginx_conf_problems", problems);
        for (size_t i = 0; i < analyze->n_confs; i++)
            add_conf_problems(problems, analyze->confs[i]);
    }
    add_count(object, "evicted_diagnoses", store_statistics(analyze->store)->evicted);
    return object;
}

int analyze_print_json(const Analyze *analyze)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *diagnoses = json_object_new_array();

    json_object_object_add(object, "selinux", describe_selinux(analyze));
    json_object_object_add(object, "input", describe_input(analyze));
    json_object_object_add(object, "diagnoses", diagnoses);
    for (size_t i = 0; i < store_count(analyze->store); i++) {
        json_object *diagnosis;
        int r = diagnosis_to_json(store_get(analyze->store, i), &diagnosis);

        if (r >= 0)
            r = diagnosis_json_force(diagnosis, analyze->force);
        if (r < 0)
            return r;
        json_object_array_add(diagnoses, diagnosis);
    }
    return puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE)) < 0
               ? -EIO
               : 0;
}

int analyze_print_text(const Analyze *analyze)
{
    const TextStyle style = {.color = isatty(STDOUT_FILENO), .details = analyze->verbose};
    const AuditStatistics *audit = pipeline_audit_statistics(analyze->pipeline);
    size_t n = store_count(analyze->store);

    (void)printf("%llu denials and %llu failures of nginx: %zu %s.\n",
                 (unsigned long long)audit->denials,
                 (unsigned long long)pipeline_statistics(analyze->pipeline)->failures, n,
                 n == 1 ? "problem" : "problems");
    if (analyze->policy_problem)
        (void)printf("No fixes: %s.\n", analyze->policy_problem);
    for (size_t i = 0; i < n; i++) {
        _cleanup_json_ json_object *diagnosis = NULL;
        int r = diagnosis_to_json(store_get(analyze->store, i), &diagnosis);

        if (r >= 0)
            r = diagnosis_json_force(diagnosis, analyze->force);
        if (r < 0)
            return r;
        (void)fputc('\n', stdout);
        diagnosis_print(stdout, diagnosis, &style);
    }
    return ferror(stdout) ? -EIO : 0;
}
