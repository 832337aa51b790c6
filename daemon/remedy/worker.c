/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json_tokener.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/worker-child.h"
#include "daemon/remedy/worker.h"

/* Where the child finds its end of the channel. */
#define CHILD_CHANNEL_FD 3

/* Reading is done in seconds; this only ends a hang. */
#define READ_TIMEOUT_USEC (60 * USEC_PER_SEC)

struct Worker {
    WorkerTask task;
    Plan plan;
    const WorkerHandlers *handlers;
    void *userdata;
    pid_t pid;
    int channel;
    int output;
    sd_event_source *channel_source;
    sd_event_source *output_source;
    sd_event_source *exit_source;
    sd_event_source *timer;
    bool committing;
    bool killed;
    bool timed_out;
    bool reaped;
    int status; /* wait status, once reaped */
    int error;  /* what the child reported; 0 if nothing */
    char *text;
    ActionState *states; /* from "done" */
    char printed[REMEDY_WORKER_OUTPUT_MAX];
    size_t n_printed;
};

DEFINE_POINTER_CLEANUP(Worker, worker_free, worker_cleanup);

/* --- the end ------------------------------------------------------------ */

/* The whole session: libsemanage's helpers too. */
static void worker_signal_kill(Worker *worker)
{
    if (worker->reaped)
        return;
    if (kill(-worker->pid, SIGKILL) < 0)
        (void)kill(worker->pid, SIGKILL);
}

static void worker_finish(Worker *worker)
{
    _cleanup_free_ char *text = NULL;
    int result = worker->error;

    if (worker->killed)
        result = worker->timed_out ? -ETIMEDOUT : -ECANCELED;
    else if (result == 0 && !worker->states)
        result = -ECONNRESET;
    if (result == 0) {
        worker->handlers->finished(worker, 0, worker->states, NULL, worker->userdata);
        return;
    }

    if (worker->error < 0 && !worker->killed)
        text = format_string("%s%s%s", strempty(worker->text), worker->n_printed ? " " : "",
                             worker->printed);
    else if (result == -ETIMEDOUT)
        text = strdup("Work on the policy store took too long and was ended.");
    else if (result == -ECANCELED)
        text = strdup("Cancelled.");
    else if (WIFSIGNALED(worker->status))
        text =
            format_string("The process working on the policy store was ended by signal %d.%s%s",
                          WTERMSIG(worker->status), worker->n_printed ? " " : "", worker->printed);
    else
        text = format_string("The process working on the policy store ended unexpectedly.%s%s",
                             worker->n_printed ? " " : "", worker->printed);
    worker->handlers->finished(worker, result, NULL, text, worker->userdata);
}

/* --- what the child sends ----------------------------------------------- */

static void worker_handle_error(Worker *worker, json_object *error, json_object *text)
{
    int number = json_object_get_int(error);

    worker->error = number < 0 && number > -4096 ? number : -EIO;
    if (json_object_is_type(text, json_type_string))
        (void)string_replace(&worker->text, json_object_get_string(text));
}

/* Anything unexpected ends the child; the exit handler reports it. */
static void worker_handle_packet(Worker *worker, const char *packet)
{
    _cleanup_json_ json_object *object = json_tokener_parse(packet);
    _cleanup_free_ ActionState *states = NULL;
    json_object *value;

    if (!json_object_is_type(object, json_type_object)) {
        worker_signal_kill(worker);
        return;
    }
    if (json_object_object_get_ex(object, "phase", &value)) {
        if (worker->handlers->phase)
            worker->handlers->phase(worker, json_object_get_string(value), worker->userdata);
    } else if (json_object_object_get_ex(object, "states", &value)) {
        if (worker->committing || worker->task == WORKER_INSPECT ||
            action_states_from_json(&worker->plan, value, &states) < 0)
            worker_signal_kill(worker);
        else
            worker->handlers->states(worker, states, worker->userdata);
    } else if (json_object_object_get_ex(object, "done", &value)) {
        if (action_states_from_json(&worker->plan, value, &states) < 0) {
            worker_signal_kill(worker);
            return;
        }
        free(worker->states);
        worker->states = TAKE_POINTER(states);
    } else if (json_object_object_get_ex(object, "error", &value))
        worker_handle_error(worker, value, json_object_object_get(object, "text"));
    else
        worker_signal_kill(worker);
}

/* Takes one packet. 1 if there was one, 0 if not, or the end. */
static int worker_receive(Worker *worker)
{
    _cleanup_free_ char *packet = malloc(REMEDY_WORKER_MESSAGE_MAX + 1);
    ssize_t n;

    if (!packet)
        return 0;
    n = recv(worker->channel, packet, REMEDY_WORKER_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (n <= 0)
        return 0;
    if ((size_t)n > REMEDY_WORKER_MESSAGE_MAX) {
        worker_signal_kill(worker);
        return 1;
    }
    packet[n] = '\0';
    worker_handle_packet(worker, packet);
    return 1;
}

static int on_channel(sd_event_source *source, int fd _unused_, uint32_t revents _unused_,
                      void *userdata)
{
    Worker *worker = userdata;

    /* One at a time: a handler may have killed it. At the end of the stream the exit
     * follows; there is nothing more to read. */
    if (worker_receive(worker) == 0)
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

/* Keeps the first part of what the child and its helpers print, in one line. */
static void worker_read_output(Worker *worker)
{
    char buffer[1024];
    ssize_t n;

    while ((n = read(worker->output, buffer, sizeof(buffer))) > 0)
        for (ssize_t i = 0; i < n && worker->n_printed < sizeof(worker->printed) - 1; i++) {
            char byte = buffer[i];

            if ((unsigned char)byte < 0x20)
                byte = ' ';
            worker->printed[worker->n_printed++] = byte;
        }
    if (n == 0 && worker->output_source)
        (void)sd_event_source_set_enabled(worker->output_source, SD_EVENT_OFF);
}

static int on_output(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
                     void *userdata)
{
    worker_read_output(userdata);
    return 0;
}

static int on_exit_of_child(sd_event_source *source _unused_, const siginfo_t *info, void *userdata)
{
    Worker *worker = userdata;

    worker->reaped = true;
    worker->status = info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8 : info->si_status;
    while (worker_receive(worker) > 0)
        ;
    worker_read_output(worker);
    worker_finish(worker);
    return 0;
}

static int on_timeout(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Worker *worker = userdata;

    worker->killed = true;
    worker->timed_out = true;
    worker_signal_kill(worker);
    return 0;
}

/* --- the beginning ------------------------------------------------------ */

static void __attribute__((noreturn))
child_main(int channel, int output, WorkerTask task, const Plan *plan,
           const PolicyStoreOptions *options)
{
    sigset_t none;
    int null_fd;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setsid();
    /* What libsemanage writes is read by everyone, as after an administrator's command. */
    (void)umask(0022);

    null_fd = open("/dev/null", O_RDONLY);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(EXIT_FAILURE);
    /* dup2() onto itself would keep close-on-exec off only by chance. */
    if (channel != CHILD_CHANNEL_FD && dup2(channel, CHILD_CHANNEL_FD) < 0)
        _exit(EXIT_FAILURE);
    if (fcntl(CHILD_CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        close_range(CHILD_CHANNEL_FD + 1, ~0U, 0) < 0)
        _exit(EXIT_FAILURE);
    _exit(worker_child_run(CHILD_CHANNEL_FD, task, plan, options));
}

static int worker_watch(Worker *worker, sd_event *event)
{
    uint64_t timeout = READ_TIMEOUT_USEC;
    int r;

    if (worker->task != WORKER_INSPECT)
        timeout += REMEDY_LOCK_WAIT_USEC;
    r = sd_event_add_child(event, &worker->exit_source, worker->pid, WEXITED, on_exit_of_child,
                           worker);
    if (r < 0)
        return r;
    r = sd_event_add_io(event, &worker->channel_source, worker->channel, EPOLLIN, on_channel,
                        worker);
    if (r < 0)
        return r;
    r = sd_event_add_io(event, &worker->output_source, worker->output, EPOLLIN, on_output, worker);
    if (r < 0)
        return r;
    return sd_event_add_time_relative(event, &worker->timer, CLOCK_MONOTONIC, timeout, 0,
                                      on_timeout, worker);
}

int worker_start(Worker **ret_worker, sd_event *event, WorkerTask task, const Plan *plan,
                 const PolicyStoreOptions *options, const WorkerHandlers *handlers, void *userdata)
{
    _cleanup_(worker_cleanup) Worker *worker = calloc(1, sizeof(*worker));
    int channel[2];
    int output[2];
    int r;

    if (!worker)
        return -ENOMEM;
    worker->channel = -1;
    worker->output = -1;
    worker->task = task;
    worker->handlers = handlers;
    worker->userdata = userdata;
    r = plan_copy(&worker->plan, plan);
    if (r < 0)
        return r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        return -errno;
    if (pipe2(output, O_CLOEXEC) < 0) {
        r = -errno;
        (void)close(channel[0]);
        (void)close(channel[1]);
        return r;
    }
    worker->channel = channel[0];
    worker->output = output[0];
    (void)fcntl(worker->output, F_SETFL, O_NONBLOCK);

    worker->pid = fork();
    if (worker->pid == 0)
        child_main(channel[1], output[1], task, plan, options);
    r = worker->pid < 0 ? -errno : 0;
    (void)close(channel[1]);
    (void)close(output[1]);
    if (r < 0)
        return r;
    r = worker_watch(worker, event);
    if (r < 0)
        return r;
    *ret_worker = TAKE_POINTER(worker);
    return 0;
}

int worker_go(Worker *worker, const char *change_id, const ActionState *targets, bool reinstall)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    const char *packet;
    size_t length;

    if (!object || json_add(object, "go", action_states_to_json(&worker->plan, targets)) < 0 ||
        json_add(object, "change", json_object_new_string(change_id)) < 0 ||
        json_add(object, "reinstall", json_object_new_boolean(reinstall)) < 0)
        return -ENOMEM;
    packet = json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, &length);
    if (!packet)
        return -ENOMEM;
    (void)sd_event_source_set_time_relative(worker->timer, REMEDY_TRANSACTION_TIMEOUT_USEC);
    if (send(worker->channel, packet, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return -errno;
    worker->committing = true;
    return 0;
}

bool worker_is_committing(const Worker *worker)
{
    return worker->committing;
}

int worker_kill(Worker *worker)
{
    if (worker->committing)
        return -EBUSY;
    worker->killed = true;
    worker_signal_kill(worker);
    return 0;
}

Worker *worker_free(Worker *worker)
{
    if (!worker)
        return NULL;
    sd_event_source_disable_unref(worker->channel_source);
    sd_event_source_disable_unref(worker->output_source);
    sd_event_source_disable_unref(worker->exit_source);
    sd_event_source_disable_unref(worker->timer);
    if (worker->pid > 0 && !worker->reaped && !worker->committing) {
        worker_signal_kill(worker);
        (void)waitpid(worker->pid, NULL, 0);
    }
    if (worker->channel >= 0)
        (void)close(worker->channel);
    if (worker->output >= 0)
        (void)close(worker->output);
    plan_clear(&worker->plan);
    free(worker->text);
    free(worker->states);
    free(worker);
    return NULL;
}
