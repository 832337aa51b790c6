/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/socket.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "daemon/bus/connect.h"
#include "daemon/core/config.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/analyze.h"
#include "daemon/monitor/journal.h"
#include "daemon/monitor/monitor.h"
#include "daemon/monitor/nginx1-bus.h"
#include "daemon/monitor/options.h"

typedef struct Arguments {
    const char *config_path;
    const char *policy_path;
    char **audit_logs, **error_logs;
    bool fixed_zone;
    int32_t utc_offset;
} Arguments;

static void print_usage(FILE *stream)
{
    (void)fputs("nginx-selguard [OPTION…]              the monitor; systemd starts it\n"
                "nginx-selguard analyze [OPTION…]      the same engine on recorded files\n\n"
                "  --config FILE        instead of " CONFIG_PATH "\n"
                "  --policy FILE        binary policy to ask, instead of the one in force\n"
                "  --audit-log FILE     show a recorded incident instead of the live system;\n"
                "  --error-log FILE     both may be given several times\n"
                "  --utc-offset ±HH:MM  time zone of recorded error logs; default: this host's\n"
                "  --version\n"
                "  --help\n",
                stream);
}

static int parse_arguments(Arguments *arguments, int argc, char **argv)
{
    enum {
        OPTION_CONFIG = 256,
        OPTION_POLICY,
        OPTION_AUDIT_LOG,
        OPTION_ERROR_LOG,
        OPTION_UTC_OFFSET,
        OPTION_VERSION,
    };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"audit-log", required_argument, NULL, OPTION_AUDIT_LOG},
        {"error-log", required_argument, NULL, OPTION_ERROR_LOG},
        {"utc-offset", required_argument, NULL, OPTION_UTC_OFFSET},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    int option, r = 0;

    while (r >= 0 && (option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        switch (option) {
        case OPTION_CONFIG:
            arguments->config_path = optarg;
            break;
        case OPTION_POLICY:
            arguments->policy_path = optarg;
            break;
        case OPTION_AUDIT_LOG:
            r = strv_append(&arguments->audit_logs, optarg);
            break;
        case OPTION_ERROR_LOG:
            r = strv_append(&arguments->error_logs, optarg);
            break;
        case OPTION_UTC_OFFSET:
            r = options_parse_utc_offset(optarg, &arguments->utc_offset);
            arguments->fixed_zone = true;
            break;
        case OPTION_VERSION:
            (void)puts("nginx-selguard " PROJECT_VERSION);
            return 1;
        case 'h':
            print_usage(stdout);
            return 1;
        default:
            r = -EINVAL;
        }
    }
    if (r >= 0 && optind < argc)
        r = -EINVAL;
    if (r < 0)
        print_usage(stderr);
    return r;
}

/* The socket unit passes one netlink socket; whatever else comes is not ours. */
static int take_audit_fd(void)
{
    int n = sd_listen_fds(/* unset_environment= */ true), audit_fd = -1;

    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        if (audit_fd < 0 && sd_is_socket(fd, AF_NETLINK, SOCK_RAW, -1) > 0)
            audit_fd = fd;
        else
            (void)close(fd);
    }
    return audit_fd;
}

static int block_signals(sd_event *event)
{
    sigset_t mask;
    int r;

    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigaddset(&mask, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
    return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

typedef struct Reloading {
    Monitor *monitor;
    const char *config_path;
} Reloading;

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info _unused_,
                     void *userdata)
{
    const Reloading *reloading = userdata;
    _cleanup_(config_clear) Config config = {};
    _cleanup_free_ char *problem = NULL;
    uint64_t now = 0;
    int r;

    (void)sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(/* unset_environment= */ false, "RELOADING=1\nMONOTONIC_USEC=%llu",
                     (unsigned long long)now);
    /* One that is not understood changes nothing. */
    r = config_load(reloading->config_path, &config, &problem);
    r = monitor_reload(reloading->monitor, r >= 0 ? &config : NULL, problem);
    if (r < 0)
        journal_log(LOG_WARNING, NULL, NULL, "The configuration cannot be taken on: %s",
                    strerror(-r));
    (void)sd_notify(/* unset_environment= */ false, "READY=1");
    return 0;
}

/* The service manager says where; without one nothing is kept. */
static char *find_state_path(void)
{
    const char *directory = getenv("STATE_DIRECTORY");

    return directory && directory[0] == '/' && !strchr(directory, ':')
               ? format_string("%s/state", directory)
               : NULL;
}

static int serve(const Arguments *arguments, const Config *config, const char *config_problem)
{
    _cleanup_free_ char *state_path = find_state_path();
    const MonitorOptions options = {
        .config = config,
        .state_path = state_path,
        .config_problem = config_problem,
        .audit_fd = take_audit_fd(),
        .audit_logs = arguments->audit_logs,
        .error_logs = arguments->error_logs,
        .fixed_zone = arguments->fixed_zone,
        .utc_offset = arguments->utc_offset,
        .policy_path = arguments->policy_path,
    };
    _cleanup_(sd_event_unrefp) sd_event *event = NULL;
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    Monitor *monitor = NULL;
    Reloading reloading;
    int r = sd_event_default(&event);

    if (r >= 0)
        r = block_signals(event);
    if (r < 0)
        return r;
    r = bus_connect(/* address= */ NULL, "nginx-selguard", event, &bus);
    if (r < 0) {
        journal_log(LOG_ERR, NULL, NULL, "The system bus cannot be reached: %s", strerror(-r));
        return r;
    }
    r = monitor_new(&monitor, event, bus, &options);
    if (r < 0)
        return r;
    reloading = (Reloading){monitor, arguments->config_path};
    r = sd_event_add_signal(event, NULL, SIGHUP, on_hangup, &reloading);
    if (r >= 0)
        r = bus_own_name(bus, NGINX1_BUS_NAME);
    if (r < 0) {
        journal_log(LOG_ERR, NULL, NULL, "The bus name %s is not to be had: %s", NGINX1_BUS_NAME,
                    r == -EEXIST ? "another monitor is running" : strerror(-r));
    } else {
        (void)sd_event_set_watchdog(event, true);
        journal_log(LOG_INFO, MESSAGE_STARTED, NULL, "nginx-selguard %s watches %s",
                    PROJECT_VERSION, arguments->audit_logs ? "a recorded incident" : "this host");
        (void)sd_notify(/* unset_environment= */ false, "READY=1");
        r = sd_event_loop(event);
        (void)sd_notify(/* unset_environment= */ false, "STOPPING=1");
        monitor_stop(monitor);
    }
    monitor_free(monitor);
    return r;
}

int main(int argc, char **argv)
{
    _cleanup_(config_clear) Config config = {};
    _cleanup_free_ char *config_problem = NULL;
    Arguments arguments = {.config_path = CONFIG_PATH};
    int r;

    if (argc > 1 && streq(argv[1], "analyze"))
        return analyze_main(argc - 1, argv + 1);

    r = parse_arguments(&arguments, argc, argv);
    if (r != 0)
        return r > 0 ? EXIT_SUCCESS : 2;
    r = config_load(arguments.config_path, &config, &config_problem);
    if (r < 0 && r != -ENOMEM)
        r = config_init(&config);
    if (r >= 0)
        r = serve(&arguments, &config, config_problem);
    strv_free(arguments.audit_logs);
    strv_free(arguments.error_logs);
    if (r < 0)
        journal_log(LOG_ERR, NULL, NULL, "nginx-selguard ends: %s", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
