/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/analyze.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json_object.h>

#include "daemon/core/config.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/monitor/options.h"
#include "daemon/monitor/pipeline.h"
#include "daemon/monitor/replay.h"
#include "daemon/selinux/kernel.h"
#include "daemon/selinux/labels.h"
#include "daemon/selinux/policy.h"

typedef struct Analyze {
    char **audit_logs, **error_logs, **domains;
    const char *policy_path;   /* as given; NULL: the one in force here */
    const char *contexts_path; /* file_contexts, as given */
    bool json, verbose, fixed_zone;
    int32_t utc_offset;

    Policy *policy;
    FileContexts *contexts;
    char *policy_used, *policy_problem;
    Store *store;
    Pipeline *pipeline;
    ReplayResult result;
} Analyze;

static void analyze_clear(Analyze *analyze)
{
    pipeline_free(analyze->pipeline);
    store_free(analyze->store);
    policy_free(analyze->policy);
    file_contexts_free(analyze->contexts);
    strv_free(analyze->audit_logs);
    strv_free(analyze->error_logs);
    strv_free(analyze->domains);
    free(analyze->policy_used);
    free(analyze->policy_problem);
}

static void print_usage(FILE *stream)
{
    (void)fputs("nginx-selguard analyze --audit-log FILE… --error-log FILE… [OPTION…]\n\n"
                "Says why nginx was refused, from recorded logs. Reads only.\n\n"
                "  --audit-log FILE    audit.log, enriched or raw; may be given several times\n"
                "  --error-log FILE    error log of nginx; may be given several times\n"
                "  --policy FILE       binary policy to ask; default: the one in force here\n"
                "  --file-contexts FILE  file_contexts of that host: default labels of files\n"
                "  --domain TYPE       SELinux domain of nginx; default httpd_t; several times\n"
                "  --utc-offset ±HH:MM time zone of the error logs; default: this host's\n"
                "  --format text|json  default: text\n"
                "  -v, --verbose       all requests and evidence, not only the newest\n",
                stream);
}

static int parse_options(Analyze *analyze, int argc, char **argv)
{
    enum {
        OPTION_AUDIT_LOG = 256,
        OPTION_ERROR_LOG,
        OPTION_POLICY,
        OPTION_FILE_CONTEXTS,
        OPTION_DOMAIN,
        OPTION_UTC_OFFSET,
        OPTION_FORMAT,
    };
    static const struct option options[] = {
        {"audit-log", required_argument, NULL, OPTION_AUDIT_LOG},
        {"error-log", required_argument, NULL, OPTION_ERROR_LOG},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"file-contexts", required_argument, NULL, OPTION_FILE_CONTEXTS},
        {"domain", required_argument, NULL, OPTION_DOMAIN},
        {"utc-offset", required_argument, NULL, OPTION_UTC_OFFSET},
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    int option, r = 0;

    while ((option = getopt_long(argc, argv, "hv", options, NULL)) >= 0) {
        switch (option) {
        case OPTION_AUDIT_LOG:
            r = strv_append(&analyze->audit_logs, optarg);
            break;
        case OPTION_ERROR_LOG:
            r = strv_append(&analyze->error_logs, optarg);
            break;
        case OPTION_POLICY:
            analyze->policy_path = optarg;
            break;
        case OPTION_FILE_CONTEXTS:
            analyze->contexts_path = optarg;
            break;
        case OPTION_DOMAIN:
            r = strv_append(&analyze->domains, optarg);
            break;
        case OPTION_UTC_OFFSET:
            r = options_parse_utc_offset(optarg, &analyze->utc_offset);
            analyze->fixed_zone = true;
            if (r < 0)
                (void)fprintf(stderr, "--utc-offset %s: expected a form such as +02:00\n", optarg);
            break;
        case OPTION_FORMAT:
            analyze->json = streq(optarg, "json");
            if (!analyze->json && !streq(optarg, "text")) {
                (void)fprintf(stderr, "--format %s: expected text or json\n", optarg);
                r = -EINVAL;
            }
            break;
        case 'v':
            analyze->verbose = true;
            break;
        case 'h':
            print_usage(stdout);
            return 1;
        default:
            r = -EINVAL;
        }
        if (r < 0)
            return r;
    }
    if (optind < argc) {
        (void)fprintf(stderr,
                      "%s: what is this? Files are given with --audit-log and --error-log\n",
                      argv[optind]);
        return -EINVAL;
    }
    if (!analyze->audit_logs && !analyze->error_logs) {
        print_usage(stderr);
        return -EINVAL;
    }
    return analyze->domains ? 0 : strv_append(&analyze->domains, "httpd_t");
}

/* A policy that cannot be read leaves the diagnoses without fixes; it does not end the run. */
static int load_policy(Analyze *analyze)
{
    KernelState state = {};
    int r;

    if (analyze->policy_path) {
        r = string_replace(&analyze->policy_used, analyze->policy_path);
    } else {
        r = kernel_read_state(&state);
        if (r >= 0)
            r = string_replace(&analyze->policy_used, state.policy_path);
        kernel_state_clear(&state);
    }
    if (r < 0)
        return r;
    if (!analyze->policy_used)
        return string_replace(&analyze->policy_problem,
                              "there is no SELinux policy on this host: give one with --policy");
    r = policy_load_file(analyze->policy_used, &analyze->policy, &analyze->policy_problem);
    if (r < 0 && !analyze->policy_problem)
        analyze->policy_problem = strdup(strerror(-r));
    return r == -ENOMEM ? r : 0;
}

/* A policy of this host goes with this host's default labels; another's needs its own. */
static int load_contexts(Analyze *analyze)
{
    int r;

    if (!analyze->contexts_path && analyze->policy_path)
        return 0;
    r = file_contexts_open(analyze->contexts_path, &analyze->contexts);
    if (r < 0 && analyze->contexts_path) {
        (void)fprintf(stderr, "nginx-selguard: %s: %s\n", analyze->contexts_path, strerror(-r));
        return r;
    }
    return r == -ENOMEM ? r : 0;
}

static int run_analyses(Analyze *analyze)
{
    const AnalysisOptions options = {
        .domain = analyze->domains[0],
        .file_contexts = analyze->contexts,
    };
    Diagnosis *diagnosis;
    int r = 0;

    while (r >= 0 && analyze->policy && (diagnosis = store_next_unanalyzed(analyze->store))) {
        r = analysis_run(diagnosis, analyze->policy, &options);
        if (r >= 0 && diagnosis->have_access && diagnosis->allowed_now)
            diagnosis->state = DIAGNOSIS_RESOLVED;
    }
    return r;
}

static int run(Analyze *analyze)
{
    const PipelineOptions options = {
        .mode = PIPELINE_RECORDED,
        .domains = analyze->domains,
        .fixed_zone = analyze->fixed_zone,
        .utc_offset = analyze->utc_offset,
    };
    _cleanup_free_ char *problem = NULL;
    int r = store_new(&analyze->store, NULL);

    if (r >= 0)
        r = pipeline_new(&analyze->pipeline, analyze->store, &options);
    if (r < 0)
        return r;
    r = replay_files(analyze->pipeline, analyze->audit_logs, analyze->error_logs, &analyze->result,
                     &problem);
    if (r < 0) {
        (void)fprintf(stderr, "nginx-selguard: %s\n", problem ? problem : strerror(-r));
        return r;
    }
    r = load_policy(analyze);
    if (r >= 0)
        r = load_contexts(analyze);
    return r < 0 ? r : run_analyses(analyze);
}

/* --- output --------------------------------------------------------------- */

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
    if (analyze->policy) {
        add_count(object, "policy_version", policy_version(analyze->policy));
        json_object_object_add(object, "mls",
                               json_object_new_boolean(policy_is_mls(analyze->policy)));
        add_count(object, "booleans", policy_n_booleans(analyze->policy));
    }
    return object;
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
    add_count(object, "evicted_diagnoses", store_statistics(analyze->store)->evicted);
    return object;
}

static int print_json(const Analyze *analyze)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *diagnoses = json_object_new_array();

    json_object_object_add(object, "selinux", describe_selinux(analyze));
    json_object_object_add(object, "input", describe_input(analyze));
    json_object_object_add(object, "diagnoses", diagnoses);
    for (size_t i = 0; i < store_count(analyze->store); i++) {
        json_object *diagnosis;
        int r = diagnosis_to_json(store_get(analyze->store, i), &diagnosis);

        if (r < 0)
            return r;
        json_object_array_add(diagnoses, diagnosis);
    }
    return puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE)) < 0
               ? -EIO
               : 0;
}

static int print_text(const Analyze *analyze)
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

        if (r < 0)
            return r;
        (void)fputc('\n', stdout);
        diagnosis_print(stdout, diagnosis, &style);
    }
    return ferror(stdout) ? -EIO : 0;
}

int analyze_main(int argc, char **argv)
{
    _cleanup_(analyze_clear) Analyze analyze = {};
    int r = parse_options(&analyze, argc, argv);

    if (r == 1)
        return EXIT_SUCCESS;
    if (r < 0)
        return 2;
    r = run(&analyze);
    if (r >= 0)
        r = analyze.json ? print_json(&analyze) : print_text(&analyze);
    if (r == -ENOMEM)
        (void)fputs("nginx-selguard: out of memory\n", stderr);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
