/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>

#include "client/agent.h"
#include "client/session.h"
#include "client/verbs.h"
#include "config.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef struct Verb {
    const char *name;
    int min_arguments, max_arguments;
    bool asks; /* polkit may want a person */
    int (*run)(Session *session, char **arguments);
    const char *usage;
} Verb;

static const Verb verbs[] = {
    {"status", 0, 0, false, verb_status,
     "status                 what is watched, and what is wrong"},
    {"list", 0, 0, true, verb_list, "list                   the diagnoses"},
    {"show", 0, 1, true, verb_show, "show [ID]              one of them, with its fixes"},
    {"apply", 0, 1, true, verb_apply, "apply [ID] [--fix N]   apply a fix (--dry-run: preview)"},
    {"revert", 1, 1, true, verb_revert, "revert CHANGE          take a change back"},
    {"history", 0, 0, true, verb_history, "history                the changes made"},
    {"watch", 0, 0, true, verb_watch, "watch                  print diagnoses as they come"},
    {"dismiss", 1, 512, true, verb_dismiss, "dismiss ID…            do not show them as open"},
};

static void print_usage(FILE *stream)
{
    (void)fputs("selguardctl [OPTION…] VERB\n\nSays why SELinux keeps nginx from working, and "
                "applies what fixes it.\n\n",
                stream);
    for (size_t i = 0; i < ELEMENTS_OF(verbs); i++)
        (void)fprintf(stream, "  %s\n", verbs[i].usage);
    (void)fputs("\n  --fix N            which fix to apply; 1, the best, if not given\n"
                "  --dry-run          only say what would change\n"
                "  --all              list dismissed diagnoses, too\n"
                "  --json             print JSON\n"
                "  -v, --verbose      show all requests and evidence, not only the newest\n"
                "  -H USER@HOST       talk to another host, through ssh\n"
                "  -M CONTAINER       talk to a container of this host\n"
                "  --version\n"
                "  --help\n",
                stream);
}

static int parse_options(Session *session, int argc, char **argv)
{
    enum {
        OPTION_FIX = 256,
        OPTION_DRY_RUN,
        OPTION_ALL,
        OPTION_JSON,
        OPTION_VERSION,
    };
    static const struct option options[] = {
        {"fix", required_argument, NULL, OPTION_FIX},
        {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
        {"all", no_argument, NULL, OPTION_ALL},
        {"json", no_argument, NULL, OPTION_JSON},
        {"verbose", no_argument, NULL, 'v'},
        {"host", required_argument, NULL, 'H'},
        {"machine", required_argument, NULL, 'M'},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    int option;

    while ((option = getopt_long(argc, argv, "hvH:M:", options, NULL)) >= 0) {
        switch (option) {
        case OPTION_FIX:
            if (parse_number(optarg, 1, 1000, &session->fix) < 0) {
                (void)fprintf(stderr, "--fix %s: expected a number from 1\n", optarg);
                return -EINVAL;
            }
            break;
        case OPTION_DRY_RUN:
            session->dry_run = true;
            break;
        case OPTION_ALL:
            session->all = true;
            break;
        case OPTION_JSON:
            session->json = true;
            break;
        case 'v':
            session->verbose = true;
            break;
        case 'H':
            session->host = optarg;
            break;
        case 'M':
            session->machine = optarg;
            break;
        case OPTION_VERSION:
            (void)puts("selguardctl " PROJECT_VERSION);
            return 1;
        case 'h':
            print_usage(stdout);
            return 1;
        default:
            return -EINVAL;
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
    Session session = {.fix = 1, .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    const Verb *verb;
    pid_t agent = 0;
    int r = parse_options(&session, argc, argv), n;

    if (r != 0)
        return r > 0 ? EXIT_SUCCESS : 2;
    verb = optind < argc ? find_verb(argv[optind]) : &verbs[0];
    n = optind < argc ? argc - optind - 1 : 0;
    if (!verb || n < verb->min_arguments || n > verb->max_arguments) {
        if (!verb)
            (void)fprintf(stderr, "%s: there is no such verb\n\n", argv[optind]);
        print_usage(stderr);
        return 2;
    }
    if (verb->asks && !session.host && !session.machine)
        agent = agent_start();
    r = session_connect(&session);
    if (r >= 0)
        r = verb->run(&session, argv + (optind < argc ? optind + 1 : argc));
    sd_bus_flush_close_unref(session.bus);
    agent_stop(agent);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
