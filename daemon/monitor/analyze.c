/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/analyze.h"

#include <errno.h>
#include <getopt.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/analyze-ahead.h"
#include "daemon/monitor/analyze-engine.h"
#include "daemon/monitor/analyze-internal.h"
#include "daemon/monitor/options.h"
#include "daemon/selinux/labels.h"

static void analyze_clear(Analyze *analyze)
{
    pipeline_free(analyze->pipeline);
    store_free(analyze->store);
    nginx_intents_free(analyze->intents);
    for (size_t i = 0; i < analyze->n_confs; i++)
        nginx_conf_free(analyze->confs[i]);
    strv_free(analyze->conf_paths);
    host_root_clear(&analyze->found);
    strv_free(analyze->audit_logs);
    strv_free(analyze->error_logs);
    strv_free(analyze->domains);
    free(analyze->policy_used);
    free(analyze->policy_problem);
}

static void print_usage(FILE *stream)
{
    (void)fputs(
        "nginx-selguard analyze --audit-log FILE… --error-log FILE… [OPTION…]\n"
        "nginx-selguard analyze --root DIRECTORY [OPTION…]\n\n"
        "Says why nginx was refused, from recorded logs. Reads only.\n\n"
        "  --audit-log FILE       audit.log, enriched or raw; may be given several times\n"
        "  --error-log FILE       error log of nginx; may be given several times\n"
        "  --policy FILE          binary policy to ask; default: the one in force here\n"
        "  --file-contexts FILE   default labels of files that go with the policy\n"
        "  --nginx-conf FILE      nginx's configuration: what it is meant to do; may be given\n"
        "                         several times, for several nginx\n"
        "  --root DIRECTORY       file system of another host, such as a sosreport: what the\n"
        "                         options above do not name is looked for in it\n"
        "  --domain TYPE          SELinux domain of nginx; default httpd_t; several times\n"
        "  --utc-offset ±HH:MM    time zone of the error logs; default: this host's\n"
        "  --format text|json     default: text\n"
        "  --force                changes that are not put forward, too\n"
        "  -v, --verbose          all requests and evidence, not only the newest\n",
        stream);
}

static int parse_options(Analyze *analyze, int argc, char **argv)
{
    enum {
        OPTION_AUDIT_LOG = 256,
        OPTION_ERROR_LOG,
        OPTION_POLICY,
        OPTION_FILE_CONTEXTS,
        OPTION_NGINX_CONF,
        OPTION_ROOT,
        OPTION_DOMAIN,
        OPTION_UTC_OFFSET,
        OPTION_FORMAT,
        OPTION_FORCE,
    };
    static const struct option options[] = {
        {"audit-log", required_argument, NULL, OPTION_AUDIT_LOG},
        {"error-log", required_argument, NULL, OPTION_ERROR_LOG},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"file-contexts", required_argument, NULL, OPTION_FILE_CONTEXTS},
        {"nginx-conf", required_argument, NULL, OPTION_NGINX_CONF},
        {"root", required_argument, NULL, OPTION_ROOT},
        {"domain", required_argument, NULL, OPTION_DOMAIN},
        {"utc-offset", required_argument, NULL, OPTION_UTC_OFFSET},
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"force", no_argument, NULL, OPTION_FORCE},
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
        case OPTION_NGINX_CONF:
            r = strv_append(&analyze->conf_paths, optarg);
            break;
        case OPTION_ROOT:
            analyze->root = optarg;
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
        case OPTION_FORCE:
            analyze->force = true;
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
    if (!analyze->audit_logs && !analyze->error_logs && !analyze->root) {
        print_usage(stderr);
        return -EINVAL;
    }
    return analyze->domains ? 0 : strv_append(&analyze->domains, "httpd_t");
}

static int load_one(Analyze *analyze, const char *path)
{
    static char default_error_log[] = "/var/log/nginx/error.log";
    char *const defaults[] = {default_error_log, NULL};
    const NginxConfOptions options = {.root = analyze->root, .conf_path = path};
    NginxConf *conf = NULL;
    int r =
        analyze->n_confs < ELEMENTS_OF(analyze->confs) ? nginx_conf_read(&options, &conf) : -E2BIG;

    if (r < 0)
        return r;
    analyze->confs[analyze->n_confs++] = conf;
    return analyze->intents ? nginx_intents_add(analyze->intents, conf, defaults)
                            : nginx_intents_new(conf, defaults, &analyze->intents);
}

/* nginx.conf as given, or the root's. A file that was named must be there. */
static int load_configuration(Analyze *analyze)
{
    int r;

    if (!analyze->conf_paths) {
        r = analyze->root ? load_one(analyze, NULL) : 0;
        return r == -ENOMEM ? r : 0;
    }
    STRV_FOREACH (path, analyze->conf_paths) {
        r = load_one(analyze, *path);
        if (r < 0) {
            (void)fprintf(stderr, "nginx-selguard: %s: %s\n", *path,
                          r == -EINVAL ? "an absolute path is wanted" : strerror(-r));
            return r;
        }
    }
    return 0;
}

/* What the options leave open is taken from the root. */
static int look_in_root(Analyze *analyze)
{
    int r;

    if (!analyze->root)
        return 0;
    r = host_root_find(analyze->root, analyze->intents, &analyze->found);
    if (r < 0) {
        (void)fprintf(stderr, "nginx-selguard: %s: %s\n", analyze->root, strerror(-r));
        return r;
    }
    if (!analyze->policy_path)
        analyze->policy_path = analyze->found.policy;
    if (!analyze->contexts_path)
        analyze->contexts_path = analyze->found.file_contexts;
    if (!analyze->audit_logs)
        analyze->audit_logs = TAKE_POINTER(analyze->found.audit_logs);
    if (!analyze->error_logs)
        analyze->error_logs = TAKE_POINTER(analyze->found.error_logs);
    return 0;
}

/* Whoever names a file is told if it cannot be used. */
static int check_contexts(const Analyze *analyze)
{
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    int r = analyze->contexts_path ? file_contexts_open(analyze->contexts_path, &contexts) : 0;

    if (r < 0)
        (void)fprintf(stderr, "nginx-selguard: %s: %s\n", analyze->contexts_path, strerror(-r));
    return r;
}

static void engine_cleanup(Engine **engine)
{
    engine_free(*engine);
}

static void look_ahead(void *userdata)
{
    ahead_work(userdata);
}

static int run(Analyze *analyze)
{
    const PipelineOptions options = {
        .mode = PIPELINE_RECORDED,
        .domains = analyze->domains,
        .fixed_zone = analyze->fixed_zone,
        .utc_offset = analyze->utc_offset,
    };
    _cleanup_(engine_cleanup) Engine *engine = NULL;
    _cleanup_(ahead_clear) Ahead ahead = {.analyze = analyze};
    _cleanup_free_ char *problem = NULL;
    int r = store_new(&analyze->store, NULL);

    if (r >= 0)
        r = pipeline_new(&analyze->pipeline, analyze->store, &options);
    if (r >= 0)
        r = load_configuration(analyze);
    if (r >= 0)
        r = look_in_root(analyze);
    if (r < 0)
        return r;
    r = check_contexts(analyze);
    if (r >= 0)
        r = engine_start(analyze, &engine);
    if (r < 0)
        return r;
    ahead.engine = engine;
    r = replay_files(analyze->pipeline, analyze->audit_logs, analyze->error_logs, look_ahead,
                     &ahead, &analyze->result, &problem);
    if (r < 0) {
        (void)fprintf(stderr, "nginx-selguard: %s\n", problem ? problem : strerror(-r));
        return r;
    }
    return ahead_finish(&ahead);
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
        r = analyze.json ? analyze_print_json(&analyze) : analyze_print_text(&analyze);
    if (r == -ENOMEM)
        (void)fputs("nginx-selguard: out of memory\n", stderr);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
