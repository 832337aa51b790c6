/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>

#include "client/agent.h"
#include "client/options.h"
#include "client/session.h"
#include "client/verbs.h"
#include "config.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef struct Verb {
    const char *name;
    int min_arguments, max_arguments;
    bool asks; /* polkit may want a person */
    int (*run)(Session *session, char **arguments);
    const char *usage, *meaning;
} Verb;

static const Verb verbs[] = {
    {"status", 0, 0, false, verb_status, "status", "what is watched, and what is wrong"},
    {"list", 0, 0, true, verb_list, "list", "the diagnoses"},
    {"show", 0, 1, true, verb_show, "show [ID]", "one of them, with its fixes"},
    {"watch", 0, 0, true, verb_watch, "watch", "print diagnoses as they come"},
    {"dismiss", 0, 512, true, verb_dismiss, "dismiss ID…", "do not show them as open (--all: all)"},
    {"explain", 0, 1, true, verb_explain, "explain [FILE|-]", "what pasted audit records mean"},
    {"preflight", 0, 0, true, verb_preflight, "preflight",
     "what nginx is to do and SELinux would deny"},
    {"apply", 0, 1, true, verb_apply, "apply [ID]", "apply a fix (--dry-run: preview)"},
    {"trial", 0, 1, true, verb_trial, "trial [ID]", "apply it for a while (--for 10min)"},
    {"keep", 1, 1, true, verb_keep, "keep CHANGE", "make a trial stay"},
    {"verify", 0, 1, true, verb_verify, "verify [ID]", "send the request that failed again"},
    {"revert", 1, 1, true, verb_revert, "revert CHANGE", "take a change back"},
    {"history", 0, 0, true, verb_history, "history", "the changes made"},
    {"export", 0, 1, true, verb_export, "export [ID]",
     "a fix, or --applied, for other tools (--format)"},
    {"doctor", 0, 0, false, verb_doctor, "doctor", "is everything in place?"},
};

static void print_usage(FILE *stream)
{
    (void)fputs("selguardctl [OPTION…] VERB\n\nSays why SELinux keeps nginx from working, and "
                "applies what fixes it.\n\n",
                stream);
    /* Printed width, not bytes: "…" has three of them. */
    for (size_t i = 0; i < ELEMENTS_OF(verbs); i++)
        (void)fprintf(stream, "  %-*s%s\n", strstr(verbs[i].usage, "…") ? 21 : 19, verbs[i].usage,
                      verbs[i].meaning);
    (void)fputs(
        "\n  --fix N            which fix; 1, the best, if not given\n"
        "  --dry-run          apply, trial, verify: only say what would be done\n"
        "  --force            show, apply, trial: also fixes that are not put forward\n"
        "  --for TIME         length of a trial: 90, 90s, 10min, 2h; 10min if not given\n"
        "  --reason TEXT      apply, trial, keep, revert: for the record\n"
        "  --format FORMAT    export: shell, semanage, ansible or cil\n"
        "  --applied          export: all changes in force\n"
        "  --output DIRECTORY export: write files instead of printing\n"
        "  --port N           verify: where nginx listens\n"
        "  --all              list: dismissed ones, too; dismiss: all that are open\n"
        "  --json             print JSON\n"
        "  -v, --verbose      show all there is, not only the newest\n"
        "  -H USER@HOST       talk to another host, through ssh\n"
        "  -M CONTAINER       talk to a container of this host\n"
        "  --version\n"
        "  --help\n\n"
        "Exit status: 0 done, 1 failed, 2 not understood, 3 verify cannot tell, 4 not permitted,\n"
        "5 verify, preflight or doctor found something wrong.\n",
        stream);
}

enum {
    OPTION_FIX = 256,
    OPTION_DRY_RUN,
    OPTION_FORCE,
    OPTION_ALL,
    OPTION_JSON,
    OPTION_FOR,
    OPTION_REASON,
    OPTION_FORMAT,
    OPTION_APPLIED,
    OPTION_OUTPUT,
    OPTION_PORT,
    OPTION_VERSION,
};

static int parse_value(int option, const char *value, Session *session)
{
    switch (option) {
    case OPTION_FIX:
        if (parse_number(value, 1, 1000, &session->fix) < 0) {
            (void)fprintf(stderr, "--fix %s: expected a number from 1\n", value);
            return -EINVAL;
        }
        return 0;
    case OPTION_FOR:
        if (option_parse_seconds(value, REMEDY_TRIAL_SECONDS_MIN, REMEDY_TRIAL_SECONDS_MAX,
                                 &session->seconds) < 0) {
            (void)fprintf(
                stderr, "--for %s: expected a time such as 90s, 10min or 2h, at most 1d\n", value);
            return -EINVAL;
        }
        return 0;
    case OPTION_PORT:
        if (parse_number(value, 1, UINT16_MAX, &session->port) < 0) {
            (void)fprintf(stderr, "--port %s: expected a port number\n", value);
            return -EINVAL;
        }
        return 0;
    case OPTION_REASON:
        session->reason = value;
        return 0;
    case OPTION_FORMAT:
        session->format = value;
        return 0;
    case OPTION_OUTPUT:
        session->output = value;
        return 0;
    case 'H':
        session->host = value;
        return 0;
    default:
        session->machine = value;
        return 0;
    }
}

static int parse_options(Session *session, int argc, char **argv)
{
    static const struct option options[] = {
        {"fix", required_argument, NULL, OPTION_FIX},
        {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
        {"force", no_argument, NULL, OPTION_FORCE},
        {"all", no_argument, NULL, OPTION_ALL},
        {"json", no_argument, NULL, OPTION_JSON},
        {"for", required_argument, NULL, OPTION_FOR},
        {"reason", required_argument, NULL, OPTION_REASON},
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"applied", no_argument, NULL, OPTION_APPLIED},
        {"output", required_argument, NULL, OPTION_OUTPUT},
        {"port", required_argument, NULL, OPTION_PORT},
        {"verbose", no_argument, NULL, 'v'},
        {"host", required_argument, NULL, 'H'},
        {"machine", required_argument, NULL, 'M'},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    int option, r;

    while ((option = getopt_long(argc, argv, "hvH:M:", options, NULL)) >= 0) {
        switch (option) {
        case OPTION_DRY_RUN:
            session->dry_run = true;
            break;
        case OPTION_FORCE:
            session->force = true;
            break;
        case OPTION_ALL:
            session->all = true;
            break;
        case OPTION_JSON:
            session->json = true;
            break;
        case OPTION_APPLIED:
            session->applied = true;
            break;
        case 'v':
            session->verbose = true;
            break;
        case OPTION_VERSION:
            (void)puts("selguardctl " PROJECT_VERSION);
            return 1;
        case 'h':
            print_usage(stdout);
            return 1;
        case '?':
            return -EINVAL;
        default:
            r = parse_value(option, optarg, session);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static const Verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ELEMENTS_OF(verbs); i++)
        if (streq(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

int main(int argc, char **argv)
{
    Session session = {
        .fix = 1, .seconds = 600, .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    const Verb *verb;
    pid_t agent = 0;
    int r = parse_options(&session, argc, argv), n;

    if (r != 0)
        return r > 0 ? EXIT_SUCCESS : EXIT_USAGE;
    verb = optind < argc ? find_verb(argv[optind]) : &verbs[0];
    n = optind < argc ? argc - optind - 1 : 0;
    if (!verb || n < verb->min_arguments || n > verb->max_arguments) {
        if (!verb)
            (void)fprintf(stderr, "%s: there is no such verb\n\n", argv[optind]);
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (verb->asks && !session.host && !session.machine)
        agent = agent_start();
    r = session_connect(&session);
    if (r >= 0)
        r = verb->run(&session, argv + (optind < argc ? optind + 1 : argc));
    sd_bus_flush_close_unref(session.bus);
    agent_stop(agent);
    if (r == -EACCES)
        return EXIT_DENIED;
    return r < 0 ? EXIT_FAILURE : r;
}
