/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json_tokener.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/monitor/host-lookup.h"
#include "daemon/monitor/json-line.h"
#include "daemon/selinux/kernel.h"
#include "daemon/selinux/labels.h"
#include "daemon/selinux/policy.h"

#define WORKER_FD 3 /* the pipe, in the child */

struct Worker {
    pid_t pid;
    int fd;
    bool reaped;
    sd_event_source *io, *child, *timeout;
    WorkerHandler handler;
    char *problem;
    char *line; /* an unfinished one */
    size_t length, size;
    bool eof;
};

/* --- in the child ------------------------------------------------------- */

static int write_error(int fd, const char *problem)
{
    _cleanup_json_ json_object *object = json_object_new_object();

    if (!object || json_object_object_add(object, "error", json_object_new_string(problem)) < 0)
        return -ENOMEM;
    return json_line_write(fd, object);
}

/* The engine and the running kernel must agree before anything is called allowed. */
static void confirm_with_kernel(Diagnosis *diagnosis)
{
    int allowed;

    if (!diagnosis->allowed_now || !diagnosis->have_access)
        return;
    allowed = kernel_ask(&diagnosis->access, /* ret_permissive= */ NULL);
    if (allowed == 0) {
        diagnosis->allowed_now = false;
        (void)diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes),
                                 "The policy read allows this, but the running kernel does not.");
    }
}

/* Of the mode, which the policy does not know. */
static int note_mode(Diagnosis *diagnosis, const KernelState *state)
{
    if (state->enforcing || diagnosis->allowed_now || !diagnosis->have_access)
        return 0;
    return diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes),
                              "SELinux is in permissive mode now: this is logged and let through.");
}

/* What is on disk now; the capability for it was given up, so some of it may not be seen. */
static char *read_label(const char *path, const char *class _unused_, void *userdata _unused_)
{
    char *context = NULL;

    return file_label_read(path, &context) >= 0 ? context : NULL;
}

/* The diagnoses of a question of its own, and what there is to say besides. */
static int make_diagnoses(int fd, const WorkerOptions *options, const WorkerSubject *subject,
                          Diagnosis *const **diagnoses, size_t *n_diagnoses)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *report = NULL;
    Diagnosis **made = NULL;
    int r = object ? options->make(subject, options->make_userdata, &made, n_diagnoses, &report)
                   : -ENOMEM;

    if (r >= 0)
        r = json_add(object, "report", report);
    if (r < 0)
        return r;
    *diagnoses = made;
    return json_line_write(fd, object);
}

/* What does not rest on a policy is said all the same. */
static int run_without_policy(int fd, Diagnosis *const *diagnoses, size_t n_diagnoses,
                              AnalysisOptions *analysis, const HostLookup *host,
                              const char *problem)
{
    int r = 0;

    for (size_t i = 0; i < n_diagnoses && r >= 0; i++) {
        _cleanup_json_ json_object *object = NULL;

        analysis->host = host_lookup_get(host, i);
        if (!analysis->host)
            continue;
        r = analysis_run(diagnoses[i], /* policy= */ NULL, analysis);
        if (r >= 0)
            r = diagnosis_to_json(diagnoses[i], &object);
        if (r >= 0)
            r = json_line_write(fd, object);
    }
    return r < 0 ? r : write_error(fd, problem);
}

/* Where the stored policy cannot be read, nothing is said about it. */
static void compare_with_stored(const Policy *policy, StoredBoolean **stored,
                                AnalysisOptions *analysis)
{
    _cleanup_free_ char *path = NULL;

    if (kernel_stored_policy(&path) < 0 ||
        stored_booleans_compare(policy, path, stored, &analysis->n_stored_booleans) < 0)
        return;
    analysis->stored_booleans = *stored;
}

static int child_run(int fd, Diagnosis *const *diagnoses, size_t n_diagnoses,
                     const WorkerOptions *options, const HostLookup *host)
{
    _cleanup_(file_contexts_cleanup) FileContexts *contexts = NULL;
    AnalysisOptions analysis = {
        .domain = options->domain,
        .denied_booleans = options->denied_booleans,
        .intents = options->intents,
    };
    _cleanup_(policy_cleanup) Policy *policy = NULL;
    _cleanup_free_ StoredBoolean *stored = NULL;
    _cleanup_free_ char *message = NULL;
    KernelState state = {};
    const char *path = options->policy_path;
    int r;

    if (!path) {
        if (kernel_read_state(&state) < 0)
            return write_error(fd, "the state of SELinux cannot be read");
        path = state.policy_path;
    }
    if (!path)
        return run_without_policy(fd, diagnoses, n_diagnoses, &analysis, host,
                                  "there is no SELinux policy on this host");
    r = policy_load_file(path, &policy, &message);
    if (r < 0) {
        _cleanup_free_ char *problem = format_string("the policy %s cannot be used: %s", path,
                                                     message ? message : strerror(-r));

        return problem ? run_without_policy(fd, diagnoses, n_diagnoses, &analysis, host, problem)
                       : -ENOMEM;
    }
    /* Without them there are no labels to restore; the rest holds. */
    if (!options->policy_path)
        (void)file_contexts_open(/* path= */ NULL, &contexts);
    analysis.file_contexts = contexts;
    if (!options->policy_path && state.enabled)
        compare_with_stored(policy, &stored, &analysis);
    analysis.not_enforcing =
        !options->policy_path && !options->recorded && state.enabled && !state.enforcing;
    if (!options->policy_path && state.enabled)
        analysis.read_label = read_label;
    if (options->make) {
        const WorkerSubject subject = {
            .policy = policy,
            .domain = options->domain,
            .contexts = contexts,
            .intents = options->intents,
            .live = !options->policy_path && state.enabled,
        };

        r = make_diagnoses(fd, options, &subject, &diagnoses, &n_diagnoses);
    }
    for (size_t i = 0; i < n_diagnoses && r >= 0; i++) {
        _cleanup_json_ json_object *object = NULL;

        analysis.host = host_lookup_get(host, i);
        r = analysis_run(diagnoses[i], policy, &analysis);
        if (r >= 0 && !options->policy_path && state.enabled)
            confirm_with_kernel(diagnoses[i]);
        if (r >= 0 && !options->policy_path && state.enabled)
            r = note_mode(diagnoses[i], &state);
        if (r >= 0)
            r = diagnosis_to_json(diagnoses[i], &object);
        if (r >= 0)
            r = json_line_write(fd, object);
    }
    return r;
}

static void limit_resource(int resource, rlim_t value)
{
    const struct rlimit limit = {value, value};

    (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

void worker_limit_child(const char *name)
{
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, name);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
#if !defined(__SANITIZE_ADDRESS__)
    limit_resource(RLIMIT_AS, WORKER_MEMORY_MAX);
#endif
    limit_resource(RLIMIT_CPU, WORKER_CPU_SECONDS_MAX);
    limit_resource(RLIMIT_CORE, 0);
}

/* It needs none of what the monitor holds: not the sockets, not the capability for the logs. */
static int drop_privileges(int fd)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {};

    /* A unit's system call filter may forbid this; then the capability stays. */
    (void)syscall(SYS_capset, &header, none);
    if (fd != WORKER_FD && dup3(fd, WORKER_FD, O_CLOEXEC) < 0)
        return -errno;
    return close_range(WORKER_FD + 1, ~0U, 0) < 0 ? -errno : 0;
}

_Noreturn static void child_main(int fd, Diagnosis *const *diagnoses, size_t n_diagnoses,
                                 const WorkerOptions *options)
{
    HostLookup host = {};

    worker_limit_child("selguard-policy");
    /* While the capability is there. */
    if (!options->recorded &&
        host_lookup_run(/* root= */ NULL, options->intents, diagnoses, n_diagnoses, &host) < 0)
        _exit(EXIT_FAILURE);
    if (drop_privileges(fd) < 0 || child_run(WORKER_FD, diagnoses, n_diagnoses, options, &host) < 0)
        _exit(EXIT_FAILURE);
    _exit(EXIT_SUCCESS);
}

/* --- in the parent ------------------------------------------------------ */

Worker *worker_free(Worker *worker)
{
    if (!worker)
        return NULL;
    sd_event_source_disable_unref(worker->io);
    sd_event_source_disable_unref(worker->child);
    sd_event_source_disable_unref(worker->timeout);
    if (!worker->reaped && worker->pid > 0) {
        (void)kill(worker->pid, SIGKILL);
        (void)waitpid(worker->pid, NULL, 0);
    }
    if (worker->fd >= 0)
        (void)close(worker->fd);
    free(worker->problem);
    free(worker->line);
    free(worker);
    return NULL;
}

static void set_problem(Worker *worker, const char *text)
{
    if (!worker->problem)
        worker->problem = strdup(text);
}

static void take_answer(Worker *worker, const char *line)
{
    _cleanup_json_ json_object *object = json_tokener_parse(line);
    json_object *error;

    if (!object || !json_object_is_type(object, json_type_object)) {
        set_problem(worker, "the analysis sent something unreadable");
    } else if (json_object_object_get_ex(object, "error", &error)) {
        set_problem(worker, json_object_get_string(error));
    } else {
        worker->handler.answer(object, worker->handler.userdata);
    }
}

static void take_lines(Worker *worker)
{
    char *start = worker->line, *newline;

    while ((newline = memchr(start, '\n', worker->length - (size_t)(start - worker->line)))) {
        *newline = '\0';
        take_answer(worker, start);
        start = newline + 1;
    }
    worker->length -= (size_t)(start - worker->line);
    memmove(worker->line, start, worker->length);
}

static void finish_if_done(Worker *worker)
{
    const WorkerHandler handler = worker->handler;
    _cleanup_free_ char *problem = NULL;

    if (!worker->eof || !worker->reaped)
        return;
    problem = TAKE_POINTER(worker->problem);
    handler.finished(problem, handler.userdata);
}

static int grow(Worker *worker)
{
    size_t size = worker->size ? worker->size * 2 : 65536;
    char *grown;

    if (worker->length < worker->size)
        return 0;
    if (size > WORKER_ANSWER_MAX)
        return -EFBIG;
    grown = realloc(worker->line, size);
    if (!grown)
        return -ENOMEM;
    worker->line = grown;
    worker->size = size;
    return 0;
}

static int on_readable(sd_event_source *source _unused_, int fd, uint32_t events _unused_,
                       void *userdata)
{
    Worker *worker = userdata;
    ssize_t n;
    int r = grow(worker);

    n = r < 0 ? r : read(fd, worker->line + worker->length, worker->size - worker->length);
    if (n > 0) {
        worker->length += (size_t)n;
        take_lines(worker);
        return 0;
    }
    if (n < 0 && r >= 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0) {
        set_problem(worker, "the analysis sent more than is taken");
        if (!worker->reaped)
            (void)kill(worker->pid, SIGKILL);
    }
    worker->eof = true;
    worker->io = sd_event_source_disable_unref(worker->io);
    finish_if_done(worker);
    return 0;
}

static int on_exit_of_child(sd_event_source *source _unused_, const siginfo_t *info, void *userdata)
{
    Worker *worker = userdata;

    worker->reaped = true;
    if (info->si_code != CLD_EXITED)
        set_problem(worker, "the analysis ended unexpectedly: the policy may be damaged");
    else if (info->si_status != EXIT_SUCCESS)
        set_problem(worker, "the analysis failed: out of memory");
    finish_if_done(worker);
    return 0;
}

static int on_timeout(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Worker *worker = userdata;

    set_problem(worker, "the analysis took too long and was ended");
    if (!worker->reaped)
        (void)kill(worker->pid, SIGKILL);
    return 0;
}

static int add_sources(Worker *worker, sd_event *event)
{
    int r = sd_event_add_io(event, &worker->io, worker->fd, EPOLLIN, on_readable, worker);

    if (r >= 0)
        r = sd_event_add_child(event, &worker->child, worker->pid, WEXITED, on_exit_of_child,
                               worker);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &worker->timeout, CLOCK_MONOTONIC,
                                       WORKER_TIMEOUT_USEC, 0, on_timeout, worker);
    return r;
}

int worker_start(sd_event *event, Diagnosis *const *diagnoses, size_t n_diagnoses,
                 const WorkerOptions *options, const WorkerHandler *handler, Worker **ret_worker)
{
    Worker *worker = calloc(1, sizeof(*worker));
    int pipe_fds[2];
    int r;

    if (!worker)
        return -ENOMEM;
    worker->fd = -1;
    worker->handler = *handler;
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        r = -errno;
        goto fail;
    }
    worker->fd = pipe_fds[0];
    worker->pid = fork();
    if (worker->pid < 0) {
        r = -errno;
        (void)close(pipe_fds[1]);
        goto fail;
    }
    if (worker->pid == 0)
        child_main(pipe_fds[1], diagnoses, n_diagnoses, options);
    (void)close(pipe_fds[1]);
    r = add_sources(worker, event);
    if (r < 0)
        goto fail;
    *ret_worker = worker;
    return 0;
fail:
    worker_free(worker);
    return r;
}
