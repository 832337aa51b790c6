/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What somebody who got hold of a daemon would try next. A scenario gives this program the
 * label of a daemon's file and has PID 1 start it as root with every capability, so that
 * nothing but SELinux stands in the way; and once more without that label, where each attempt
 * has to succeed, or its refusal would prove nothing.
 *
 *   attack VICTIM-PID KEY-FILE ATTEMPT…
 *
 * Prints its own context, and for each attempt "NAME refused ERRNO" or "NAME done". Attempts
 * leave nothing changed: what is overwritten is written as it was, what is made is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon/core/macro.h"

static pid_t victim;
static const char *key_file;

/* --- helpers: 0 or a negative errno -------------------------------------- */

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    (void)close(fd);
    return 0;
}

static int try_create(const char *path)
{
    int r = try_open(path, O_WRONLY | O_CREAT | O_EXCL);

    if (r >= 0)
        (void)unlink(path);
    return r;
}

static int try_read(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;

    if (fd < 0)
        return -errno;
    return read(fd, &byte, 1) < 0 ? -errno : 0;
}

static int try_write(const char *path, const char *text, size_t length)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    return write(fd, text, length) < 0 ? -errno : 0;
}

static int try_execute(const char *path, const char *a, const char *b)
{
    int status;
    pid_t child = fork();

    if (child < 0)
        return -errno;
    if (child == 0) {
        (void)execl(path, path, a, b, (char *)NULL);
        _exit(errno == EACCES || errno == EPERM ? 126 : 127);
    }
    if (waitpid(child, &status, 0) < 0)
        return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 126 ? -EACCES : 0;
}

static int try_socket(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        return -errno;
    (void)close(fd);
    return 0;
}

/* A label of its own once more: only the right to relabel is in question. */
static int try_relabel(const char *path, const char *type)
{
    char old[256], new[256];
    ssize_t n = getxattr(path, "security.selinux", old, sizeof(old) - 1);
    int r = 0;

    if (n < 0)
        return -errno;
    old[n] = '\0';
    (void)snprintf(new, sizeof(new), "system_u:object_r:%s:s0", type);
    if (setxattr(path, "security.selinux", new, strlen(new) + 1, 0) < 0)
        return -errno;
    if (setxattr(path, "security.selinux", old, strlen(old) + 1, 0) < 0)
        r = -errno;
    return r;
}

/* A refusal of the bus is -EACCES; any other answer means that the call went through. */
static int went_through(int r, const sd_bus_error *error)
{
    return r < 0 && sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ? -EACCES : 0;
}

static int try_call(const char *service, const char *path, const char *interface,
                    const char *method, const char *types, const char *a, const char *b)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus *bus = NULL;
    int r = sd_bus_open_system(&bus);

    if (r < 0)
        return r;
    if (types[0])
        r = sd_bus_call_method(bus, service, path, interface, method, &error, NULL, types, a, b);
    else
        r = sd_bus_call_method(bus, service, path, interface, method, &error, NULL, "");
    sd_bus_flush_close_unref(bus);
    return went_through(r, &error);
}

/* --- the attempts -------------------------------------------------------- */

static int write_log(void)
{
    return try_open("/var/log/nginx/error.log", O_WRONLY | O_APPEND);
}
static int write_audit_log(void)
{
    return try_open("/var/log/audit/audit.log", O_WRONLY | O_APPEND);
}
static int write_nginx_conf(void)
{
    return try_open("/etc/nginx/nginx.conf", O_WRONLY | O_APPEND);
}
static int write_passwd(void)
{
    return try_open("/etc/passwd", O_WRONLY | O_APPEND);
}
static int write_unit(void)
{
    return try_create("/etc/systemd/system/attack.service");
}
static int write_program(void)
{
    return try_open("/usr/bin/id", O_WRONLY | O_APPEND);
}
static int write_site(void)
{
    return try_create("/var/www/html/attack");
}
static int write_tmp(void)
{
    return try_create("/tmp/attack");
}
static int write_var(void)
{
    return try_create("/var/lib/attack");
}
static int write_remedy_state(void)
{
    return try_create("/var/lib/nginx-selguard-remedy/attack");
}
static int read_remedy_state(void)
{
    return try_open("/var/lib/nginx-selguard-remedy", O_RDONLY | O_DIRECTORY);
}
static int write_monitor_state(void)
{
    return try_create("/var/lib/nginx-selguard/attack");
}
static int write_store(void)
{
    return try_create("/var/lib/selinux/default/attack");
}
static int write_selinux_config(void)
{
    return try_open("/etc/selinux/config", O_WRONLY | O_APPEND);
}
static int read_shadow(void)
{
    return try_read("/etc/shadow");
}
static int read_key(void)
{
    return try_read(key_file);
}
static int read_home(void)
{
    return try_read("/home/reader/attack");
}
static int read_site(void)
{
    return try_read("/var/www/html/index.nginx-debian.html");
}
static int run_shell(void)
{
    return try_execute("/bin/sh", "-c", "true");
}
static int run_program(void)
{
    return try_execute("/usr/bin/id", NULL, NULL);
}
static int run_nginx(void)
{
    return try_execute("/usr/sbin/nginx", "-v", NULL);
}
static int run_load_policy(void)
{
    return try_execute("/usr/sbin/load_policy", NULL, NULL);
}
static int open_inet(void)
{
    return try_socket(AF_INET, SOCK_STREAM, 0);
}
static int open_inet6(void)
{
    return try_socket(AF_INET6, SOCK_DGRAM, 0);
}
static int open_packet(void)
{
    return try_socket(AF_PACKET, SOCK_RAW, 0);
}
static int open_route(void)
{
    return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}
/* Where records can be forged, and rules changed. */
static int open_audit(void)
{
    return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
}
static int signal_process(void)
{
    return kill(victim, SIGCONT) < 0 ? -errno : 0;
}
static int relabel_shadow(void)
{
    return try_relabel("/etc/shadow", "etc_t");
}
static int relabel_program(void)
{
    return try_relabel("/usr/sbin/nginx", "bin_t");
}

static int trace_process(void)
{
    if (ptrace(PTRACE_SEIZE, victim, NULL, NULL) < 0)
        return -errno;
    (void)ptrace(PTRACE_INTERRUPT, victim, NULL, NULL);
    (void)waitpid(victim, NULL, __WALL);
    (void)ptrace(PTRACE_DETACH, victim, NULL, NULL);
    return 0;
}

/* Its memory holds keys; zero bytes at an address that is not mapped would do. */
static int read_memory(void)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)victim);
    return try_open(path, O_RDONLY);
}

static int set_enforcing(void)
{
    int r = try_write("/sys/fs/selinux/enforce", "0", 1);

    if (r >= 0)
        (void)try_write("/sys/fs/selinux/enforce", "1", 1);
    return r;
}

static int set_boolean(void)
{
    static const char path[] = "/sys/fs/selinux/booleans/httpd_can_network_connect";
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    char value;

    if (fd < 0 || read(fd, &value, 1) != 1)
        return -errno;
    return try_write(path, &value, 1);
}

/* The policy in force once more. */
static int load_policy(void)
{
    _cleanup_close_ int fd = open("/sys/fs/selinux/policy", O_RDONLY | O_CLOEXEC);
    const size_t size = 64u << 20;
    char *image;
    size_t n = 0;
    ssize_t k;
    int r;

    if (fd < 0)
        return -errno;
    image = malloc(size);
    if (!image)
        return -ENOMEM;
    while ((k = read(fd, image + n, size - n)) > 0)
        n += (size_t)k;
    r = try_write("/sys/fs/selinux/load", image, n);
    free(image);
    return r;
}

/* No module at all: a kernel that may load it says so. */
static int load_module(void)
{
    return syscall(SYS_init_module, "", 1UL, "") < 0 && errno == EPERM ? -EPERM : 0;
}

static int mount_something(void)
{
    if (mount("none", "/mnt", "tmpfs", 0, NULL) < 0)
        return -errno;
    (void)umount("/mnt");
    return 0;
}

static int call_remedy(void)
{
    return try_call("org.selguard.Remedy1", "/org/selguard/Remedy1", "org.freedesktop.DBus.Peer",
                    "Ping", "", NULL, NULL);
}

static int stop_nginx(void)
{
    return try_call("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                    "org.freedesktop.systemd1.Manager", "StopUnit", "ss", "selguard-none.service",
                    "replace");
}

static int start_other(void)
{
    return try_call("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                    "org.freedesktop.systemd1.Manager", "StartUnit", "ss",
                    "systemd-tmpfiles-clean.service", "replace");
}

/* Anything could be run by it. An empty one is refused as well, but only after the right to start
 * it was looked at. */
static int start_transient(void)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus *bus = NULL;
    int r = sd_bus_open_system(&bus);

    if (r < 0)
        return r;
    r = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "StartTransientUnit", &error, NULL,
                           "ssa(sv)a(sa(sv))", "selguard-none.service", "replace", 0, 0);
    sd_bus_flush_close_unref(bus);
    return went_through(r, &error);
}

static int reload_manager(void)
{
    return try_call("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                    "org.freedesktop.systemd1.Manager", "Reload", "", NULL, NULL);
}

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    {"write-log", write_log},
    {"write-audit-log", write_audit_log},
    {"write-nginx-conf", write_nginx_conf},
    {"write-passwd", write_passwd},
    {"write-unit", write_unit},
    {"write-program", write_program},
    {"write-site", write_site},
    {"write-tmp", write_tmp},
    {"write-var", write_var},
    {"write-remedy-state", write_remedy_state},
    {"read-remedy-state", read_remedy_state},
    {"write-monitor-state", write_monitor_state},
    {"write-store", write_store},
    {"write-selinux-config", write_selinux_config},
    {"read-shadow", read_shadow},
    {"read-key", read_key},
    {"read-home", read_home},
    {"read-site", read_site},
    {"run-shell", run_shell},
    {"run-program", run_program},
    {"run-nginx", run_nginx},
    {"run-load-policy", run_load_policy},
    {"open-inet", open_inet},
    {"open-inet6", open_inet6},
    {"open-packet", open_packet},
    {"open-route", open_route},
    {"open-audit", open_audit},
    {"signal-process", signal_process},
    {"trace-process", trace_process},
    {"read-memory", read_memory},
    {"relabel-shadow", relabel_shadow},
    {"relabel-program", relabel_program},
    {"set-enforcing", set_enforcing},
    {"set-boolean", set_boolean},
    {"load-policy", load_policy},
    {"load-module", load_module},
    {"mount", mount_something},
    {"call-remedy", call_remedy},
    {"stop-unit", stop_nginx},
    {"start-unit", start_other},
    {"start-transient", start_transient},
    {"reload-manager", reload_manager},
};

static int run(const char *name)
{
    for (size_t i = 0; i < ELEMENTS_OF(attempts); i++)
        if (strcmp(name, attempts[i].name) == 0) {
            int r = attempts[i].attempt();

            if (r >= 0)
                (void)printf("%s done\n", name);
            else if (r == -EACCES || r == -EPERM)
                (void)printf("%s refused\n", name);
            else
                (void)printf("%s failed: %s\n", name, strerror(-r));
            (void)fflush(stdout);
            return 0;
        }
    (void)printf("%s is not known\n", name);
    return -EINVAL;
}

int main(int argc, char **argv)
{
    _cleanup_close_ int fd = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
    char context[256] = "";
    int r = 0;

    if (argc < 4 || fd < 0 || read(fd, context, sizeof(context) - 1) < 0)
        return EXIT_FAILURE;
    victim = (pid_t)strtol(argv[1], NULL, 10);
    key_file = argv[2];
    (void)printf("context %s\n", context);
    for (int i = 3; i < argc; i++)
        if (run(argv[i]) < 0)
            r = -1;
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
