/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The analysis worker as the monitor uses it: what it answers, what is said when it cannot, and
 * that nothing of it stays in the parent: no memory, no process, no descriptor.
 *
 * Compiled into the test, with limits that can be set and a policy that may take for ever to read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/diagnose/incident.h"
#include "daemon/selinux/policy.h"

static uint64_t timeout_usec;
static size_t answer_max;
static bool reads_for_ever;
static int dies_of; /* a signal; 0: of none */

/* In the child. */
static int load_policy(const char *path, Policy **ret_policy, char **ret_message)
{
    if (dies_of) {
        /* The test framework catches some. */
        (void)signal(dies_of, SIG_DFL);
        (void)raise(dies_of);
    }
    while (reads_for_ever)
        (void)pause();
    return policy_load_file(path, ret_policy, ret_message);
}

#undef WORKER_TIMEOUT_USEC
#undef WORKER_ANSWER_MAX
#define WORKER_TIMEOUT_USEC timeout_usec
#define WORKER_ANSWER_MAX   answer_max
#define policy_load_file    load_policy
#include "daemon/monitor/worker.c" // NOLINT(bugprone-suspicious-include)
#undef policy_load_file

#include "tests/unit/test.h"

#define BATCH 3u

typedef struct Run {
    sd_event *event;
    Worker *worker;
    unsigned answers, finished;
    char *problem;
    Diagnosis *diagnoses[BATCH];
} Run;

static Diagnosis *make_diagnosis(int port, size_t padding)
{
    const Denial denial = {
        .time_usec = 1,
        .source_context = "system_u:system_r:httpd_t:s0",
        .target_context = "system_u:object_r:ntop_port_t:s0",
        .target_class = "tcp_socket",
        .permissions = "name_connect",
        .source_port = -1,
        .dest_port = port,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    Diagnosis *diagnosis = NULL;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    if (padding > 0) {
        diagnosis->lines[0] = malloc(padding + 1);
        assert_non_null(diagnosis->lines[0]);
        memset(diagnosis->lines[0], 'x', padding);
        diagnosis->lines[0][padding] = '\0';
    }
    return diagnosis;
}

static void on_answer(json_object *object, void *userdata)
{
    Run *run = userdata;
    json_object *fixes = NULL;

    assert_true(json_object_object_get_ex(object, "fixes", &fixes));
    assert_true(json_object_array_length(fixes) > 0);
    run->answers++;
}

static void on_finished(const char *problem, void *userdata)
{
    Run *run = userdata;

    run->finished++;
    if (problem)
        run->problem = strdup(problem);
    run->worker = worker_free(run->worker);
    (void)sd_event_exit(run->event, 0);
}

static void run_start(Run *run, const char *policy, size_t padding)
{
    static char domain[] = "httpd_t";
    const WorkerOptions options = {.policy_path = policy, .domain = domain};
    const WorkerHandler handler = {on_answer, on_finished, run};

    *run = (Run){};
    assert_true(sd_event_new(&run->event) >= 0);
    for (unsigned i = 0; i < BATCH; i++)
        run->diagnoses[i] = make_diagnosis(3000 + (int)i, padding);
    assert_int_equal(
        worker_start(run->event, run->diagnoses, BATCH, &options, &handler, &run->worker), 0);
}

static void run_end(Run *run)
{
    worker_free(run->worker);
    for (unsigned i = 0; i < BATCH; i++)
        diagnosis_free(run->diagnoses[i]);
    free(run->problem);
    sd_event_unref(run->event);
    /* It is gone, and was waited for. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* One worker from its start to its end. */
static void check_run(const char *policy, size_t padding, unsigned answers, const char *problem)
{
    Run run;

    run_start(&run, policy, padding);
    assert_int_equal(sd_event_loop(run.event), 0);
    assert_int_equal(run.finished, 1);
    assert_int_equal(run.answers, answers);
    if (problem && !(run.problem && strstr(run.problem, problem)))
        fail_msg("said: %s", run.problem ? run.problem : "nothing");
    if (!problem && run.problem)
        fail_msg("said: %s", run.problem);
    run_end(&run);
}

static size_t count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(directory);
    while (readdir(directory))
        n++;
    (void)closedir(directory);
    return n;
}

static size_t resident_bytes(void)
{
    FILE *stream = fopen("/proc/self/statm", "re");
    unsigned long size, resident;

    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%lu %lu", &size, &resident), 2);
    (void)fclose(stream);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* --- what goes wrong ------------------------------------------------------------ */

static char *write_file(const char *folder, const char *name, const void *content, size_t size,
                        off_t length)
{
    char *path = format_string("%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), size);
    assert_int_equal(ftruncate(fd, length), 0);
    (void)close(fd);
    return path;
}

static void test_says_what_is_wrong_with_the_policy(void **state _unused_)
{
    static unsigned char image[1024 * 1024];
    char folder[] = "/tmp/selguard-worker-XXXXXX";
    _cleanup_free_ char *half = NULL, *huge = NULL, *text = NULL, *empty = NULL, *ring = NULL;
    FILE *stream = fopen(POLICY_FEDORA, "re");
    size_t size;

    assert_non_null(stream);
    size = fread(image, 1, sizeof(image), stream);
    (void)fclose(stream);
    assert_true(size > 1000 && size < sizeof(image));
    assert_non_null(mkdtemp(folder));
    half = write_file(folder, "half", image, size / 2, (off_t)(size / 2));
    /* Takes no room on the disk. */
    huge = write_file(folder, "huge", image, size, (off_t)POLICY_FILE_SIZE_MAX + 1);
    /* As large as is read at all, and nothing in it. */
    ring = write_file(folder, "full", image, 0, (off_t)POLICY_FILE_SIZE_MAX);
    text = write_file(folder, "text", "SELINUX=enforcing\n", 18, 18);
    empty = write_file(folder, "empty", image, 0, 0);

    check_run("/nonexistent/policy", 0, 0, "cannot be used: cannot open");
    check_run(half, 0, 0, "cannot be used");
    check_run(huge, 0, 0, "is larger than");
    check_run(ring, 0, 0, "not a binary SELinux policy");
    check_run(text, 0, 0, "not a binary SELinux policy");
    check_run(empty, 0, 0, "too short");
    check_run(folder, 0, 0, "not a regular file");
    /* And the next one is as if nothing had been. */
    check_run(POLICY_FEDORA, 0, BATCH, NULL);
    (void)unlink(half);
    (void)unlink(huge);
    (void)unlink(ring);
    (void)unlink(text);
    (void)unlink(empty);
    (void)rmdir(folder);
}

static void test_survives_its_death(void **state _unused_)
{
    static const int signals[] = {SIGKILL, SIGSEGV, SIGABRT, SIGXCPU};
    Run run;

    for (size_t i = 0; i < ELEMENTS_OF(signals); i++) {
        dies_of = signals[i];
        check_run(POLICY_FEDORA, 0, 0, "ended unexpectedly");
    }
    /* By somebody else's hand. */
    dies_of = 0;
    reads_for_ever = true;
    run_start(&run, POLICY_FEDORA, 0);
    assert_int_equal(kill(run.worker->pid, SIGKILL), 0);
    assert_int_equal(sd_event_loop(run.event), 0);
    assert_int_equal(run.finished, 1);
    assert_non_null(strstr(run.problem, "ended unexpectedly"));
    run_end(&run);
}

static void test_ends_what_hangs(void **state _unused_)
{
    reads_for_ever = true;
    timeout_usec = 200 * USEC_PER_MSEC;
    check_run(POLICY_FEDORA, 0, 0, "took too long");
}

/* As when the monitor stops in the middle of it. */
static void test_can_be_dropped(void **state _unused_)
{
    Run run;

    reads_for_ever = true;
    run_start(&run, POLICY_FEDORA, 0);
    run.worker = worker_free(run.worker);
    assert_int_equal(run.finished, 0);
    run_end(&run);
    assert_null(worker_free(NULL));
}

static void test_takes_no_more_than_it_should(void **state _unused_)
{
    /* Larger than what a pipe and one read take, within the limit. */
    check_run(POLICY_FEDORA, 300000, BATCH, NULL);
    answer_max = 128 * 1024;
    check_run(POLICY_FEDORA, 300000, 0, "more than is taken");
    check_run(POLICY_FEDORA, 0, BATCH, NULL);
}

/* --- what stays ------------------------------------------------------------------ */

static void test_leaves_nothing_behind(void **state _unused_)
{
    size_t before, after, descriptors;

    check_run(POLICY_FEDORA, 0, BATCH, NULL);
    descriptors = count_descriptors();
    before = resident_bytes();
    for (unsigned i = 0; i < 20; i++)
        check_run(POLICY_FEDORA, 0, BATCH, NULL);
    after = resident_bytes();
    assert_int_equal(count_descriptors(), descriptors);
    print_message("resident: %zu KiB before, %zu KiB after 20 analyses\n", before / 1024,
                  after / 1024);
#if !defined(__SANITIZE_ADDRESS__)
    /* What a sanitizer keeps back is its own matter. */
    assert_true(after <= before + 1024 * 1024);
#endif
}

static int set_up(void **state _unused_)
{
    timeout_usec = 100 * USEC_PER_SEC;
    answer_max = 4u * 1024 * 1024;
    reads_for_ever = false;
    dies_of = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_says_what_is_wrong_with_the_policy, set_up),
        cmocka_unit_test_setup(test_survives_its_death, set_up),
        cmocka_unit_test_setup(test_ends_what_hangs, set_up),
        cmocka_unit_test_setup(test_can_be_dropped, set_up),
        cmocka_unit_test_setup(test_takes_no_more_than_it_should, set_up),
        cmocka_unit_test_setup(test_leaves_nothing_behind, set_up),
    };
    sigset_t mask;

    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
