/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

#define REGISTER_TIMEOUT_MSEC 10000

_Noreturn static void run(int notify_fd)
{
    _cleanup_free_ char *fd_text = NULL, *session = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)fcntl(notify_fd, F_SETFD, 0);
    fd_text = format_string("%d", notify_fd);
    /* In a login session an agent of the desktop is to be preferred; outside of one polkit
     * ignores an agent that is registered as a fallback. */
    if (fd_text && sd_pid_get_session(0, &session) >= 0)
        (void)execlp("pkttyagent", "pkttyagent", "--notify-fd", fd_text, "--fallback",
                     (char *)NULL);
    else if (fd_text)
        (void)execlp("pkttyagent", "pkttyagent", "--notify-fd", fd_text, (char *)NULL);
    _exit(EXIT_FAILURE);
}

pid_t agent_start(void)
{
    struct pollfd poll_fd = {.events = POLLIN};
    int fds[2];
    pid_t pid;

    if (geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) ||
        pipe2(fds, O_CLOEXEC) < 0)
        return 0;
    pid = fork();
    if (pid == 0)
        run(fds[1]);
    (void)close(fds[1]);
    if (pid > 0) {
        /* It closes its end once it is registered, or when it dies. */
        poll_fd.fd = fds[0];
        (void)poll(&poll_fd, 1, REGISTER_TIMEOUT_MSEC);
    }
    (void)close(fds[0]);
    return pid > 0 ? pid : 0;
}

void agent_stop(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(pid, SIGTERM);
    (void)kill(pid, SIGCONT);
    (void)waitpid(pid, NULL, 0);
}
