/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/analyze-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-keep.h"
#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/monitor/host-lookup.h"
#include "daemon/monitor/json-line.h"
#include "daemon/monitor/worker.h"
#include "daemon/selinux/kernel.h"

/* Bytes. What it needs at most is some 20 MiB. */
#define ENGINE_KEPT_MEMORY (32 * 1024 * 1024)

struct Engine {
    pid_t pid;
    JsonLineReader reader;
};

/* --- in the child ------------------------------------------------------- */

typedef struct Session {
    Policy *policy;
    FileContexts *contexts;
    char *policy_used, *problem;
} Session;

/* A policy that cannot be read leaves the diagnoses without fixes; it does not end the run. */
static int load_policy(const Analyze *analyze, Session *session)
{
    KernelState state = {};
    int r = 0;

    if (analyze->policy_path) {
        r = string_replace(&session->policy_used, analyze->policy_path);
    } else if (!analyze->root) { /* this host's policy says nothing about another */
        r = kernel_read_state(&state);
        if (r >= 0)
            r = string_replace(&session->policy_used, state.policy_path);
        kernel_state_clear(&state);
    }
    if (r < 0)
        return r;
    if (!session->policy_used)
        return string_replace(&session->problem, analyze->root
                                                     ? "there is no SELinux policy in the root: "
                                                       "give one with --policy"
                                                     : "there is no SELinux policy on this host: "
                                                       "give one with --policy");
    r = policy_load_file(session->policy_used, &session->policy, &session->problem);
    if (r < 0 && !session->problem)
        session->problem = strdup(strerror(-r));
    return r == -ENOMEM ? r : 0;
}

static int send_policy(int fd, const Session *session)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    int r = object ? 0 : -ENOMEM;

    if (r >= 0 && session->policy_used)
        r = json_add(object, "policy", json_object_new_string(session->policy_used));
    if (r >= 0 && session->problem)
        r = json_add(object, "problem", json_object_new_string(session->problem));
    if (r >= 0 && session->policy) {
        r = json_add(object, "version", json_object_new_uint64(policy_version(session->policy)));
        if (r >= 0)
            r = json_add(object, "mls", json_object_new_boolean(policy_is_mls(session->policy)));
        if (r >= 0)
            r = json_add(object, "booleans",
                         json_object_new_uint64(policy_n_booleans(session->policy)));
    }
    return r < 0 ? r : json_line_write(fd, object);
}

static int answer(int fd, const Analyze *analyze, const Session *session, json_object *question)
{
    AnalysisOptions options = {
        .domain = analyze->domains[0],
        .file_contexts = session->contexts,
        .intents = analyze->intents,
    };
    _cleanup_json_ json_object *object = NULL;
    Diagnosis *diagnosis = NULL;
    HostLookup host = {};
    const HostFacts *facts;
    int r = diagnosis_restore(question, &diagnosis);

    /* Modes and owners of this host say nothing about another. */
    if (r >= 0 && analyze->root)
        r = host_lookup_run(analyze->root, analyze->intents, &diagnosis, 1, &host);
    facts = host_lookup_get(&host, 0);
    /* A copy of a host has parts of it: what is missing there says nothing. */
    options.host = facts && facts->have_path && facts->path.error == -ENOENT ? NULL : facts;
    if (r >= 0)
        r = analysis_run(diagnosis, session->policy, &options);
    if (r >= 0)
        r = diagnosis_to_json(diagnosis, &object);
    if (r >= 0)
        r = json_line_write(fd, object);
    host_lookup_clear(&host);
    diagnosis_free(diagnosis);
    return r;
}

static int serve(int fd, const Analyze *analyze)
{
    JsonLineReader reader = {.fd = fd};
    Session session = {};
    json_object *question;
    int r;

    /* libsepol's large tables come and go with each module that is checked: giving their pages back
     * each time costs more than all else about them. */
    (void)mallopt(M_MMAP_THRESHOLD, ENGINE_KEPT_MEMORY);
    (void)mallopt(M_TRIM_THRESHOLD, ENGINE_KEPT_MEMORY);
    r = load_policy(analyze, &session);

    /* A policy of this host goes with this host's default labels; another's needs its own. The
     * file was opened once already, to tell whoever named it if it cannot be. */
    if (r >= 0 && (analyze->contexts_path || (!analyze->policy_path && !analyze->root)))
        (void)file_contexts_open(analyze->contexts_path, &session.contexts);
    if (r >= 0)
        r = send_policy(fd, &session);
    while (r >= 0 && (r = json_line_read(&reader, &question)) > 0) {
        r = answer(fd, analyze, &session, question);
        json_object_put(question);
    }
    return r; /* what is still held goes with the process */
}

/* --- in the parent ------------------------------------------------------ */

int engine_start(const Analyze *analyze, Engine **ret_engine)
{
    Engine *engine = calloc(1, sizeof(*engine));
    int fds[2];

    if (!engine)
        return -ENOMEM;
    /* A socket: a write to an engine that is no more is an error, not a signal. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        int r = -errno;

        free(engine);
        return r;
    }
    engine->reader.fd = fds[0];
    (void)fflush(NULL);
    engine->pid = fork();
    if (engine->pid < 0) {
        int r = -errno;

        (void)close(fds[1]);
        engine_free(engine);
        return r;
    }
    if (engine->pid == 0) {
        (void)close(fds[0]);
        worker_limit_child("selguard-policy");
        _exit(serve(fds[1], analyze) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    (void)close(fds[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    *ret_engine = engine;
    return 0;
}

Engine *engine_free(Engine *engine)
{
    if (!engine)
        return NULL;
    if (engine->reader.fd >= 0)
        (void)close(engine->reader.fd); /* it ends at the end of its questions */
    if (engine->pid > 0)
        (void)waitpid(engine->pid, NULL, 0);
    json_line_reader_clear(&engine->reader);
    (void)signal(SIGPIPE, SIG_DFL); /* whoever reads our output may stop */
    free(engine);
    return NULL;
}

static int take_text(json_object *object, const char *key, char **target)
{
    json_object *value;

    return json_object_object_get_ex(object, key, &value)
               ? string_replace(target, json_object_get_string(value))
               : 0;
}

int engine_wait(Engine *engine, Analyze *analyze)
{
    _cleanup_json_ json_object *object = NULL;
    json_object *value;
    int r = json_line_read(&engine->reader, &object);

    if (r == -ENOMEM)
        return r;
    if (r <= 0) {
        r = string_replace(&analyze->policy_used, analyze->policy_path);
        return r < 0 ? r
                     : string_replace(&analyze->policy_problem,
                                      "reading the policy ended unexpectedly: it may be damaged");
    }
    r = take_text(object, "policy", &analyze->policy_used);
    if (r >= 0)
        r = take_text(object, "problem", &analyze->policy_problem);
    if (json_object_object_get_ex(object, "version", &value)) {
        analyze->policy_loaded = true;
        analyze->policy_version = json_object_get_uint64(value);
    }
    if (json_object_object_get_ex(object, "mls", &value))
        analyze->policy_mls = json_object_get_boolean(value);
    if (json_object_object_get_ex(object, "booleans", &value))
        analyze->policy_booleans = json_object_get_uint64(value);
    return r;
}

bool engine_has_spoken(const Engine *engine)
{
    struct pollfd descriptor = {.fd = engine->reader.fd, .events = POLLIN};

    return poll(&descriptor, 1, 0) > 0;
}

int engine_ask(Engine *engine, json_object *question)
{
    int r = json_line_write(engine->reader.fd, question);

    return r >= 0 || r == -ENOMEM ? r : -EPIPE;
}

int engine_hear(Engine *engine, json_object **ret_answer)
{
    int r = json_line_read(&engine->reader, ret_answer);

    return r > 0 ? 0 : r == -ENOMEM ? r : -EPIPE;
}
