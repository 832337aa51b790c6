/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nginx-selguard-remedy: puts approved changes of the SELinux configuration in place. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "daemon/bus/connect.h"
#include "daemon/bus/idle.h"
#include "daemon/core/config.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-store.h"
#include "daemon/remedy/report.h"
#include "daemon/remedy/service.h"
#include "daemon/selinux/confinement.h"
#include "daemon/selinux/module-fit.h"

#define DEFAULT_CHANGES LOCALSTATEDIR "/lib/nginx-selguard-remedy/changes"

typedef struct Options {
    const char *bus; /* an address; NULL: the system bus */
    const char *config;
    const char *changes;
    PolicyStoreOptions store;
    uint64_t idle_usec;
} Options;

typedef struct Program {
    sd_event *event;
    sd_bus *bus;
    ChangeStore changes;
    Config config;
    char *config_problem;
    Report report;
    Service service;
    sd_event_source *defer_exit;
    bool stopping;
} Program;

static void print_help(FILE *stream)
{
    (void)fprintf(
        stream,
        "nginx-selguard-remedy [OPTION…]\n"
        "\n"
        "Applies approved changes of the SELinux configuration. Started by the message bus.\n"
        "\n"
        "  -h, --help     Show this help\n"
        "      --version  Show the version\n");
}

/* The rest is for tests: whoever can set the command line of this service is root. */
static int parse_arguments(int argc, char **argv, Options *options)
{
    enum { VERSION = 256, BUS, CONFIG_FILE, CHANGES, STORE_ROOT, STORE_TYPE, LOCK_WAIT, IDLE };
    static const struct option names[] = {
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, VERSION},
        {"bus-address", required_argument, NULL, BUS},
        {"config", required_argument, NULL, CONFIG_FILE},
        {"changes-dir", required_argument, NULL, CHANGES},
        {"store-root", required_argument, NULL, STORE_ROOT},
        {"store-type", required_argument, NULL, STORE_TYPE},
        {"lock-timeout", required_argument, NULL, LOCK_WAIT},
        {"idle-timeout", required_argument, NULL, IDLE},
        {NULL, 0, NULL, 0},
    };
    uint64_t number;
    int c;

    while ((c = getopt_long(argc, argv, "h", names, NULL)) >= 0)
        switch (c) {
        case 'h':
            print_help(stdout);
            return 1;
        case VERSION:
            (void)printf("nginx-selguard-remedy %s\n", PROJECT_VERSION);
            return 1;
        case BUS:
            options->bus = optarg;
            break;
        case CONFIG_FILE:
            options->config = optarg;
            break;
        case CHANGES:
            options->changes = optarg;
            break;
        case STORE_ROOT:
            options->store.root = optarg;
            break;
        case STORE_TYPE:
            options->store.type = optarg;
            break;
        case LOCK_WAIT:
            if (parse_number(optarg, 1, 3600, &number) < 0) {
                (void)fprintf(stderr, "--lock-timeout wants seconds.\n");
                return -EINVAL;
            }
            options->store.lock_wait_usec = number * USEC_PER_SEC;
            break;
        case IDLE:
            if (parse_number(optarg, 0, 86400, &number) < 0) {
                (void)fprintf(stderr, "--idle-timeout wants seconds.\n");
                return -EINVAL;
            }
            options->idle_usec = number == 0 ? UINT64_MAX : number * USEC_PER_SEC;
            break;
        default:
            return -EINVAL;
        }
    if (optind < argc) {
        (void)fprintf(stderr, "There is no argument \"%s\".\n", argv[optind]);
        return -EINVAL;
    }
    return 0;
}

static bool is_busy(void *userdata)
{
    const Program *program = userdata;

    return service_is_busy(&program->service);
}

/* The end of a trial is waited for; but a stop does not wait for it, since the next start ends
 * it as well. */
static bool is_needed(void *userdata)
{
    const Program *program = userdata;

    return program->stopping ? is_busy(userdata) : service_is_needed(&program->service);
}

/* Runs after every round of events, once a stop was asked for: leaves as soon as what was
 * begun is done. */
static int on_defer_exit(sd_event_source *source _unused_, void *userdata)
{
    Program *program = userdata;

    return is_busy(program) ? 0 : sd_event_exit(program->event, 0);
}

static void begin_stop(Program *program)
{
    if (program->stopping)
        return;
    program->stopping = true;
    (void)sd_notify(/* unset_environment= */ 0, "STOPPING=1");
    program->service.polkit = polkit_free(program->service.polkit);
    manager_stop(program->service.manager);
    if (!is_busy(program) ||
        sd_event_add_post(program->event, &program->defer_exit, on_defer_exit, program) < 0)
        (void)sd_event_exit(program->event, 0);
}

static int on_signal(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_,
                     void *userdata)
{
    begin_stop(userdata);
    return 0;
}

static int on_disconnected(sd_bus_message *message _unused_, void *userdata,
                           sd_bus_error *ret_error _unused_)
{
    report_problem("The message bus is gone; stopping as soon as nothing is at work.");
    begin_stop(userdata);
    return 0;
}

/* --- set-up ------------------------------------------------------------- */

static int set_up_events(Program *program)
{
    sigset_t signals;
    int r;

    /* Blocked for the event loop, which takes them one by one. */
    if (sigemptyset(&signals) < 0 || sigaddset(&signals, SIGTERM) < 0 ||
        sigaddset(&signals, SIGINT) < 0 || sigaddset(&signals, SIGCHLD) < 0 ||
        sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -errno;
    r = sd_event_default(&program->event);
    if (r < 0)
        return r;
    r = sd_event_add_signal(program->event, NULL, SIGTERM, on_signal, program);
    if (r < 0)
        return r;
    return sd_event_add_signal(program->event, NULL, SIGINT, on_signal, program);
}

static int set_up_state(Program *program, const Options *options)
{
    int r;

    r = config_load(options->config, &program->config, &program->config_problem);
    if (r < 0) {
        /* Still worth running: to say so to whoever asks, and to list what was done. */
        if (!program->config_problem)
            return r;
        report_problem(program->config_problem);
    }
    r = change_store_open(&program->changes, options->changes);
    if (r < 0) {
        report_failure(options->changes, r);
        return r;
    }
    STRV_FOREACH (name, program->changes.set_aside)
        report_set_aside(options->changes, *name);
    return 0;
}

/* Said, not refused: a host without the policy module is no reason to leave nginx broken. */
static void report_confinement(void)
{
    _cleanup_free_ char *why = NULL;
    _cleanup_free_ char *sentence = NULL;
    _cleanup_free_ char *misfit = NULL;
    ModuleFit fit = MODULE_FITS;

    if (module_fit_read(&fit) >= 0 && fit != MODULE_FITS) {
        misfit = format_string("The SELinux module of nginx-selguard is of another version: %s.",
                               module_fit_to_string(fit));
        if (misfit)
            report_problem(misfit);
    }
    if (confinement_read(&why) != 0)
        return;
    sentence = format_string("SELinux does not confine this service: %s. Is the policy module of "
                             "nginx-selguard installed?",
                             why);
    if (sentence)
        report_problem(sentence);
}

static int set_up_bus(Program *program, const Options *options)
{
    const ServiceReporter reporter = {
        .job_finished = report_job_finished,
        .refused = report_refused,
        .userdata = &program->report,
    };
    ManagerOptions manager_setup = {
        .changes = &program->changes,
        .config = &program->config,
        .store = options->store,
        .observer = &service_observer,
        .userdata = &program->service,
    };
    int r;

    r = bus_connect(options->bus, "remedy", program->event, &program->bus);
    if (r < 0)
        return r;
    r = service_init(&program->service, program->bus, &reporter);
    if (r < 0)
        return r;
    manager_setup.store.undo_directory = options->changes;
    manager_setup.store.config = &program->config;
    manager_setup.bus = program->bus;
    manager_setup.event = program->event;
    manager_setup.config_problem = program->config_problem;
    r = manager_new(&program->service.manager, &manager_setup);
    if (r < 0)
        return r;
    r = service_export(&program->service);
    if (r < 0)
        return r;
    r = sd_bus_match_signal_async(program->bus, NULL, "org.freedesktop.DBus.Local",
                                  "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                  "Disconnected", on_disconnected, NULL, program);
    if (r < 0)
        return r;
    /* Interrupted changes come before anybody's call. */
    r = manager_recover(program->service.manager);
    if (r < 0)
        return r;
    return bus_own_name(program->bus, REMEDY_NAME);
}

static void tear_down(Program *program)
{
    /* Jobs hold on to records and report to the service. */
    program->service.polkit = polkit_free(program->service.polkit);
    program->service.manager = manager_free(program->service.manager);
    service_clear(&program->service);
    sd_event_source_disable_unref(program->defer_exit);
    if (program->bus) {
        (void)sd_bus_flush(program->bus);
        sd_bus_close_unref(program->bus);
    }
    sd_event_unref(program->event);
    change_store_close(&program->changes);
    config_clear(&program->config);
    free(program->config_problem);
    report_close(&program->report);
}

int main(int argc, char **argv)
{
    Options options = {
        .config = CONFIG_PATH,
        .changes = DEFAULT_CHANGES,
        .idle_usec = REMEDY_IDLE_USEC,
    };
    Program program = {.changes = {.directory_fd = -1, .pending_fd = -1},
                       .report = {.audit_fd = -1}};
    int r;

    r = parse_arguments(argc, argv, &options);
    if (r != 0)
        return r > 0 ? EXIT_SUCCESS : EXIT_FAILURE;

    report_open(&program.report, /* audit= */ !options.store.root);
    report_confinement();
    r = set_up_events(&program);
    if (r >= 0)
        r = set_up_state(&program, &options);
    if (r >= 0)
        r = set_up_bus(&program, &options);
    if (r >= 0) {
        (void)sd_notify(/* unset_environment= */ 0, "READY=1");
        r = bus_run_until_idle(program.event, program.bus, REMEDY_NAME, options.idle_usec,
                               is_needed, &program);
    }
    if (r < 0)
        report_failure("The service cannot run", r);
    tear_down(&program);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
