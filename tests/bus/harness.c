/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/harness.h"

#define WAIT_USEC UINT64_C(10000000)
#define STEP_USEC 20000

/* A store, its copy in a transaction, and the one before. */
#define MEMORY_WANTED (UINT64_C(256) * 1024 * 1024)

/* As on the system bus: nothing may be called unless a policy file allows it. */
static const char bus_config[] =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig>\n"
    "  <type>system</type>\n"
    "  <listen>unix:path=%s/bus</listen>\n"
    "  <auth>EXTERNAL</auth>\n"
    "  <policy context=\"default\">\n"
    "    <allow user=\"*\"/>\n"
    "    <deny own=\"*\"/>\n"
    "    <deny send_type=\"method_call\"/>\n"
    "    <allow send_type=\"signal\"/>\n"
    "    <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"
    "    <allow send_requested_reply=\"true\" send_type=\"error\"/>\n"
    "    <allow receive_type=\"method_call\"/>\n"
    "    <allow receive_type=\"method_return\"/>\n"
    "    <allow receive_type=\"error\"/>\n"
    "    <allow receive_type=\"signal\"/>\n"
    "    <allow send_destination=\"org.freedesktop.DBus\"/>\n"
    "    <allow send_destination=\"org.freedesktop.PolicyKit1\"/>\n"
    "    <allow send_destination=\"org.freedesktop.systemd1\"/>\n"
    "  </policy>\n"
    "  <policy user=\"root\">\n"
    "    <allow own=\"org.freedesktop.PolicyKit1\"/>\n"
    "    <allow own=\"org.freedesktop.systemd1\"/>\n"
    "  </policy>\n"
    "  <includedir>%s/policies</includedir>\n"
    "</busconfig>\n";

static void die(const char *what)
{
    (void)fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    abort();
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    if (!value) {
        (void)fprintf(stderr, "harness: $%s is not set\n", name);
        abort();
    }
    return value;
}

bool harness_possible(bool need_store)
{
    if (geteuid() != 0) {
        (void)fprintf(stderr, "skipped: only root can do this\n");
        return false;
    }
    if (access("/usr/bin/dbus-daemon", X_OK) < 0) {
        (void)fprintf(stderr, "skipped: there is no dbus-daemon\n");
        return false;
    }
    if (need_store && access("/var/lib/selinux/default/active/policy.linked", R_OK) < 0) {
        (void)fprintf(stderr, "skipped: there is no policy store (selinux-policy-default)\n");
        return false;
    }
    return true;
}

const char *harness_path(const Harness *harness, const char *name)
{
    static char buffers[8][512];
    static unsigned next;
    char *buffer = buffers[next++ % ELEMENTS_OF(buffers)];

    (void)snprintf(buffer, sizeof(buffers[0]), "%s/%s", harness->directory, name);
    return buffer;
}

/* Runs a shell command with one argument; for set-up only. */
static void shell(const char *command, const char *argument, const char *second)
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-ec", command, "sh", argument, second, (char *)NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) < 0 || status != 0)
        die(command);
}

pid_t harness_spawn(const char *const *arguments)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execvp(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    return pid;
}

int harness_end(pid_t pid, int signal_number)
{
    int status = -1;

    (void)kill(pid, signal_number);
    (void)waitpid(pid, &status, 0);
    return status;
}

uint64_t harness_now_usec(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int harness_wait_end(pid_t pid)
{
    uint64_t deadline = harness_now_usec() + WAIT_USEC;
    int status;

    while (harness_now_usec() < deadline) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        (void)usleep(STEP_USEC);
    }
    return -1;
}

/* libsemanage copies some 1,300 files for each transaction: in memory that is much faster. */
static const char *temporary_directory(void)
{
    struct statvfs status;

    if (statvfs("/dev/shm", &status) == 0 &&
        (uint64_t)status.f_bavail * status.f_frsize > MEMORY_WANTED &&
        access("/dev/shm", W_OK) == 0)
        return "/dev/shm";
    return "/tmp";
}

void harness_start(Harness *harness)
{
    const char *arguments[] = {"dbus-daemon", "--nofork", NULL, NULL};
    _cleanup_free_ char *option = NULL;
    uint64_t deadline = harness_now_usec() + WAIT_USEC;
    FILE *config;

    (void)snprintf(harness->directory, sizeof(harness->directory), "%s/selguard-bus-XXXXXX",
                   temporary_directory());
    if (!mkdtemp(harness->directory))
        die("mkdtemp");
    /* Another user's connection has to get through. */
    if (chmod(harness->directory, 0755) < 0)
        die("chmod");
    shell("mkdir \"$1/policies\"; cp \"$2\"/dbus/*.conf \"$1/policies/\"", harness->directory,
          environment("SELGUARD_SOURCE_ROOT"));
    config = fopen(harness_path(harness, "bus.conf"), "we");
    if (!config)
        die("bus.conf");
    (void)fprintf(config, bus_config, harness->directory, harness->directory);
    (void)fclose(config);

    option = format_string("--config-file=%s/bus.conf", harness->directory);
    arguments[2] = option;
    harness->bus_pid = harness_spawn(arguments);
    (void)snprintf(harness->address, sizeof(harness->address), "unix:path=%s/bus",
                   harness->directory);
    while (access(harness_path(harness, "bus"), F_OK) < 0) {
        if (harness_now_usec() > deadline)
            die("dbus-daemon did not start");
        (void)usleep(STEP_USEC);
    }
}

void harness_stop(Harness *harness)
{
    (void)harness_end(harness->bus_pid, SIGTERM);
    shell("rm -rf \"$1\"", harness->directory, "");
}

void harness_make_store(const Harness *harness)
{
    shell("\"$2/tests/bus/small-store\" \"$1/root\"", harness->directory,
          environment("SELGUARD_SOURCE_ROOT"));
}

sd_bus *harness_connect(const Harness *harness, uid_t uid)
{
    sd_bus *bus = NULL;

    if (uid != 0 && seteuid(uid) < 0)
        die("seteuid");
    if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, harness->address) < 0 ||
        sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0 ||
        sd_bus_get_unique_name(bus, &(const char *){NULL}) < 0)
        die("connecting to the bus");
    if (uid != 0 && seteuid(0) < 0)
        die("seteuid");
    (void)sd_bus_set_method_call_timeout(bus, 60 * UINT64_C(1000000));
    return bus;
}

void harness_wait_name(sd_bus *bus, const char *name, bool owned)
{
    uint64_t deadline = harness_now_usec() + WAIT_USEC;

    while ((sd_bus_get_name_creds(bus, name, 0, NULL) >= 0) != owned) {
        if (harness_now_usec() > deadline) {
            errno = ETIMEDOUT;
            die(name);
        }
        (void)usleep(STEP_USEC);
    }
}

char *harness_read(const char *path, size_t *ret_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *content;
    ssize_t n;

    if (fd < 0 || fstat(fd, &status) < 0)
        return NULL;
    content = malloc((size_t)status.st_size + 1);
    if (!content)
        die("malloc");
    n = read(fd, content, (size_t)status.st_size);
    if (n < 0)
        die(path);
    content[n] = '\0';
    *ret_size = (size_t)n;
    return content;
}

uint64_t harness_hash(const char *path)
{
    size_t size = 0;
    _cleanup_free_ char *content = harness_read(path, &size);

    return content ? hash_bytes(HASH_SEED, content, size) : 0;
}
