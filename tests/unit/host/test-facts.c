/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is looked up on this very host: a process that calls itself nginx, whose child does, too,
 * as another user, and a Unix socket that somebody listens on. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "daemon/core/macro.h"
#include "daemon/host/host-facts.h"
#include "tests/unit/test.h"

#define WORKER 61005u

static pid_t master, worker;

static void wait_forever(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        (void)pause();
}

/* Both are called nginx once the pipe has told the worker's pid. */
static int set_up(void **state _unused_)
{
    int fds[2];

    if (geteuid() != 0)
        return 0;
    assert_int_equal(pipe(fds), 0);
    master = fork();
    if (master == 0) {
        (void)prctl(PR_SET_NAME, "nginx");
        worker = fork();
        if (worker == 0) {
            const gid_t groups[] = {WORKER, 61006};
            const pid_t pid = getpid();

            if (setgroups(2, groups) < 0 || setresgid(WORKER, WORKER, WORKER) < 0 ||
                setresuid(WORKER, WORKER, WORKER) < 0 || write(fds[1], &pid, sizeof(pid)) < 0)
                _exit(1);
        }
        wait_forever();
    }
    assert_int_equal(read(fds[0], &worker, sizeof(worker)), sizeof(worker));
    (void)close(fds[0]);
    (void)close(fds[1]);
    return 0;
}

static int tear_down(void **state _unused_)
{
    if (master > 0) {
        (void)kill(worker, SIGKILL);
        (void)kill(master, SIGKILL);
        (void)waitpid(master, NULL, 0);
    }
    return 0;
}

static void test_subjects(void **state _unused_)
{
    const HostRequest of_worker = {.path = "/", .pid = worker};
    const HostRequest of_master = {.path = "/", .pid = master};
    const HostRequest of_gone = {.path = "/", .pid = INT32_MAX, .by_master = true};
    HostFacts facts;
    HostView *view;

    if (geteuid() != 0)
        skip();
    assert_int_equal(host_view_new(NULL, "nobody-knows", NULL, &view), 0);
    assert_true(view->live && view->nginx.worker_known && view->mounts && view->nginx_mounts);

    assert_int_equal(host_facts_collect(view, &of_worker, &facts), 0);
    assert_int_equal(facts.source, SUBJECT_PROCESS);
    assert_int_equal(facts.subject.uid, WORKER);
    assert_true(subject_in_group(&facts.subject, 61006));
    assert_int_equal(facts.subject.capabilities, 0);
    assert_true(facts.have_path && facts.path.object == 0);
    host_facts_clear(&facts);

    assert_int_equal(host_facts_collect(view, &of_master, &facts), 0);
    assert_int_equal(facts.subject.uid, 0);
    assert_true(facts.subject.capabilities != 0);
    host_facts_clear(&facts);

    assert_int_equal(host_facts_collect(view, &of_gone, &facts), 0);
    assert_int_equal(facts.source, SUBJECT_OTHER_PROCESS);
    assert_int_equal(facts.subject.uid, 0);
    host_facts_clear(&facts);
    host_view_free(view);
}

static void test_socket(void **state _unused_)
{
    char directory[] = "/tmp/selguard-facts-XXXXXX";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    HostRequest request = {.path = address.sun_path, .follow_last = true, .socket = true};
    HostFacts facts;
    HostView *view;
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    int fd, other_fd;

    if (geteuid() != 0)
        skip();
    request.pid = worker;
    assert_non_null(mkdtemp(directory));
    /* A table without any path counts as not shown, and this host may have no other socket. */
    (void)snprintf(other.sun_path, sizeof(other.sun_path), "%s/other", directory);
    other_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(other_fd >= 0);
    assert_int_equal(bind(other_fd, (const struct sockaddr *)&other, sizeof(other)), 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/app.sock", directory);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(host_view_new(NULL, NULL, NULL, &view), 0);

    assert_int_equal(host_facts_collect(view, &request, &facts), 0);
    assert_int_equal(facts.socket_state, SOCKET_STATE_BOUND);
    host_facts_clear(&facts);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(host_facts_collect(view, &request, &facts), 0);
    assert_int_equal(facts.socket_state, SOCKET_STATE_LISTENING);
    assert_true(facts.path.object >= 0);
    /* mkdtemp made the directory for root alone */
    {
        PermissionResult result;

        permission_check_path(&facts.path, &facts.subject, PATH_NEED_CONNECT, &result);
        assert_int_equal(result.answer, PERMISSION_REFUSED);
        assert_string_equal(facts.path.components[result.refusals[0].component].path, directory);
    }
    host_facts_clear(&facts);
    (void)close(fd);
    assert_int_equal(host_facts_collect(view, &request, &facts), 0);
    assert_int_equal(facts.socket_state, SOCKET_STATE_ABSENT);
    host_facts_clear(&facts);

    host_view_free(view);
    (void)close(other_fd);
    (void)unlink(other.sun_path);
    (void)unlink(address.sun_path);
    (void)rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_socket),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
