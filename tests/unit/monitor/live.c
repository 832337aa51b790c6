/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/monitor/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/core/clock.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/monitor-internal.h"

#define ORDIE(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s: %m\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

const char *live_path(const Live *live, const char *name)
{
    static char paths[4][128];
    static unsigned int turn;
    char *path = paths[turn++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", live->directory, name);
    return path;
}

static bool any_sender(const struct sockaddr_storage *sender _unused_, socklen_t length _unused_)
{
    return true;
}

static int on_peer_message(sd_bus_message *message, void *userdata,
                           sd_bus_error *ret_error _unused_)
{
    Live *live = userdata;
    uint8_t type = 0;

    if (sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_SIGNAL)
        live->signals++;
    return 0;
}

void live_init(Live *live)
{
    sigset_t mask;

    *live = (Live){.audit_fd = -1};
    (void)snprintf(live->directory, sizeof(live->directory), "/tmp/selguard-live.XXXXXX");
    ORDIE(mkdtemp(live->directory));
    ORDIE(config_init(&live->config) >= 0);
    ORDIE(strv_append(&live->config.error_logs, live_path(live, "error.log")) >= 0);
    live->config.audit_log = strdup(live_path(live, "audit.log"));
    live->config.nginx_configuration = strdup(live_path(live, "nginx.conf"));
    ORDIE(live->config.audit_log && live->config.nginx_configuration);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGCHLD);
    ORDIE(sigprocmask(SIG_BLOCK, &mask, NULL) == 0);
    ORDIE(sd_event_new(&live->event) >= 0);
}

void live_clear(Live *live)
{
    _cleanup_free_ char *command = format_string("rm -rf '%s'", live->directory);

    live_cut(live);
    sd_event_unref(live->event);
    config_clear(&live->config);
    ORDIE(command && system(command) == 0);
}

static void connect_bus(Live *live)
{
    sd_id128_t id;
    int pair[2];

    ORDIE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    ORDIE(sd_id128_randomize(&id) >= 0);
    ORDIE(sd_bus_new(&live->peer) >= 0 && sd_bus_set_fd(live->peer, pair[1], pair[1]) >= 0);
    ORDIE(sd_bus_set_server(live->peer, 1, id) >= 0 && sd_bus_set_anonymous(live->peer, 1) >= 0);
    ORDIE(sd_bus_start(live->peer) >= 0 && sd_bus_attach_event(live->peer, live->event, 0) >= 0);
    ORDIE(sd_bus_add_filter(live->peer, NULL, on_peer_message, live) >= 0);
    ORDIE(sd_bus_new(&live->bus) >= 0 && sd_bus_set_fd(live->bus, pair[0], pair[0]) >= 0);
    ORDIE(sd_bus_set_anonymous(live->bus, 1) >= 0);
    ORDIE(sd_bus_start(live->bus) >= 0 && sd_bus_attach_event(live->bus, live->event, 0) >= 0);
}

void live_start(Live *live)
{
    const int size = 4 * 1024 * 1024;
    _cleanup_free_ char *state_path = strdup(live_path(live, "state"));
    MonitorOptions options = {.config = &live->config, .audit_fd = -1, .state_path = state_path};
    int pair[2];

    if (access(live_path(live, "journal"), F_OK) == 0)
        options.journal_directory = live_path(live, "journal");
    connect_bus(live);
    ORDIE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    live->audit_fd = pair[1];
    ORDIE(audit_socket_take_unchecked(pair[0], any_sender, &options.audit_socket) >= 0);
    ORDIE(monitor_new(&live->monitor, live->event, live->bus, &options) >= 0);
    live_drain(live);
}

void live_cut(Live *live)
{
    live->monitor = monitor_free(live->monitor);
    live->bus = sd_bus_close_unref(live->bus);
    live->peer = sd_bus_close_unref(live->peer);
    if (live->audit_fd >= 0)
        (void)close(live->audit_fd);
    live->audit_fd = -1;
}

void live_stop(Live *live)
{
    monitor_stop(live->monitor);
    live_cut(live);
}

/* --- what comes in -------------------------------------------------------- */

#define AVC_FORMAT                                                                                 \
    "avc:  denied  { name_connect } for  pid=352 comm=\"nginx\" dest=%d "                          \
    "scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:ntop_port_t:s0 "             \
    "tclass=tcp_socket permissive=0"
#define SYSCALL                                                                                    \
    "arch=c000003e syscall=42 success=no exit=-13 a0=8 a1=55bd6ba609f0 a2=10 a3=7ffe8a85260c "     \
    "items=0 ppid=351 pid=352 auid=4294967295 uid=33 gid=33 euid=33 suid=33 fsuid=33 egid=33 "     \
    "sgid=33 fsgid=33 tty=(none) ses=4294967295 comm=\"nginx\" exe=\"/usr/sbin/nginx\" "           \
    "subj=system_u:system_r:httpd_t:s0 key=(null)"
#define PROCTITLE "proctitle=6E67696E783A20776F726B65722070726F63657373"

static void send_record(Live *live, uint16_t type, const char *stamp, const char *body)
{
    char data[2048];
    struct nlmsghdr header = {.nlmsg_type = type};
    int length = snprintf(data + NLMSG_HDRLEN, sizeof(data) - NLMSG_HDRLEN, "%s%s", stamp, body);

    header.nlmsg_len = (uint32_t)length + NLMSG_HDRLEN;
    memcpy(data, &header, sizeof(header));
    while (send(live->audit_fd, data, header.nlmsg_len, MSG_DONTWAIT) < 0) {
        ORDIE(errno == EAGAIN);
        live_drain(live);
    }
}

void live_deny(Live *live, unsigned int ways, int port, uint64_t time_usec)
{
    uint64_t time = time_usec ? time_usec : clock_usec(CLOCK_REALTIME);
    char stamp[64], avc[512];

    live->serial++;
    (void)snprintf(stamp, sizeof(stamp),
                   "audit(%" PRIu64 ".%03u:%" PRIu64 "): ", time / USEC_PER_SEC,
                   (unsigned)(time % USEC_PER_SEC / 1000), live->serial);
    (void)snprintf(avc, sizeof(avc), AVC_FORMAT, port);
    if (ways & LIVE_SOCKET) {
        send_record(live, 1400, stamp, avc);
        send_record(live, 1300, stamp, SYSCALL);
        send_record(live, 1327, stamp, PROCTITLE);
        send_record(live, 1320, stamp, "");
    }
    if (ways & LIVE_LOG) {
        FILE *stream = fopen(live_path(live, "audit.log"), "ae");

        ORDIE(stream);
        (void)fprintf(stream,
                      "type=AVC msg=%s%s\ntype=SYSCALL msg=%s" SYSCALL "\x1d"
                      "ARCH=x86_64 SYSCALL=connect\ntype=PROCTITLE msg=%s" PROCTITLE "\n",
                      stamp, avc, stamp, stamp);
        ORDIE(fclose(stream) == 0);
    }
}

void live_load_policy(Live *live)
{
    uint64_t time = clock_usec(CLOCK_REALTIME);
    char stamp[64];

    (void)snprintf(stamp, sizeof(stamp),
                   "audit(%" PRIu64 ".%03u:%" PRIu64 "): ", time / USEC_PER_SEC,
                   (unsigned)(time % USEC_PER_SEC / 1000), ++live->serial);
    send_record(live, 1403, stamp, "auid=0 ses=1 lsm=selinux res=1");
}

/* A record that is none of a denial. */
static void write_mark(Live *live, uint64_t time)
{
    FILE *stream = fopen(live_path(live, "audit.log"), "ae");

    ORDIE(stream);
    (void)fprintf(stream,
                  "type=SERVICE_START msg=audit(%" PRIu64 ".000:%" PRIu64 "): pid=1 uid=0\n",
                  time / USEC_PER_SEC, ++live->serial);
    ORDIE(fclose(stream) == 0);
}

void live_mark_log(Live *live)
{
    /* Later than any gap that is open now will end. */
    write_mark(live, clock_usec(CLOCK_REALTIME) + 60 * USEC_PER_SEC);
}

void live_begin_log(Live *live)
{
    write_mark(live, clock_usec(CLOCK_REALTIME) - 3600 * USEC_PER_SEC);
}

void live_log_failure(Live *live, int port, unsigned int n)
{
    FILE *stream = fopen(live_path(live, "error.log"), "ae");
    time_t now = time(NULL);
    struct tm tm;
    char text[64];

    ORDIE(stream && localtime_r(&now, &tm));
    (void)strftime(text, sizeof(text), "%Y/%m/%d %H:%M:%S", &tm);
    (void)fprintf(stream,
                  "%s [crit] 352#352: *%u connect() to 127.0.0.1:%d failed (13: Permission denied) "
                  "while connecting to upstream, client: 127.0.0.1, server: shop.example.com, "
                  "request: \"GET /%u HTTP/1.1\", upstream: \"http://127.0.0.1:%d/\", host: "
                  "\"shop\"\n",
                  text, n, port, n, port);
    ORDIE(fclose(stream) == 0);
}

bool live_journal_failure(Live *live, int port, unsigned int n)
{
    static const char writer[] = "/lib/systemd/systemd-journal-remote";
    _cleanup_free_ char *command =
        format_string("%s --split-mode=none -o %s/journal/one.journal %s/export >/dev/null 2>&1",
                      writer, live->directory, live->directory);
    FILE *stream;

    if (access(writer, X_OK) < 0)
        return false;
    ORDIE(mkdir(live_path(live, "journal"), 0700) == 0 || errno == EEXIST);
    stream = fopen(live_path(live, "export"), "we");
    ORDIE(stream);
    (void)fprintf(stream,
                  "__REALTIME_TIMESTAMP=%" PRIu64 "\n__MONOTONIC_TIMESTAMP=%" PRIu64 "\n"
                  "_BOOT_ID=0123456789abcdef0123456789abcdef\n_COMM=nginx\n_TRANSPORT=stdout\n"
                  "_PID=%u\nMESSAGE=nginx: [emerg] bind() to 0.0.0.0:%d failed (13: Permission "
                  "denied)\n\n",
                  clock_usec(CLOCK_REALTIME), clock_usec(CLOCK_REALTIME), 1000 + n, port);
    ORDIE(fclose(stream) == 0 && command && system(command) == 0);
    return true;
}

/* --- running -------------------------------------------------------------- */

void live_run(Live *live, uint64_t usec)
{
    uint64_t end = clock_usec(CLOCK_REALTIME) + usec, now;

    while ((now = clock_usec(CLOCK_REALTIME)) < end)
        ORDIE(sd_event_run(live->event, end - now) >= 0);
}

/* How long to wait for the look at the input that is due. */
static uint64_t time_to_look(const Live *live)
{
    int enabled = SD_EVENT_OFF;

    if (live->monitor && live->monitor->intake_timer)
        (void)sd_event_source_get_enabled(live->monitor->intake_timer, &enabled);
    return enabled == SD_EVENT_OFF ? 0 : INTAKE_DELAY_MAX_USEC;
}

void live_drain(Live *live)
{
    /* Several turns: a source that is done makes another due. */
    for (unsigned int idle = 0; idle < 3;) {
        int r = sd_event_run(live->event, time_to_look(live));

        ORDIE(r >= 0);
        idle = r == 0 ? idle + 1 : 0;
    }
}

uint64_t live_count(const Live *live, int port)
{
    Store *store = monitor_store(live->monitor);

    for (size_t i = 0; i < store_count(store); i++)
        if (store_get(store, i)->port == port && store_get(store, i)->denied)
            return store_get(store, i)->count;
    return 0;
}
