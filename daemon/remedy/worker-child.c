/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "daemon/core/clock.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/worker-child.h"

typedef struct Child {
    int fd;
    const Plan *plan;
    const PolicyStoreOptions *options;
    PolicyStore *store;
} Child;

static int child_send(Child *child, const char *name, json_object *value)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    const char *text;
    size_t length;

    if (!object || json_add(object, name, value) < 0)
        return -ENOMEM;
    text = json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, &length);
    if (!text)
        return -ENOMEM;
    return send(child->fd, text, length, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int child_send_phase(Child *child, const char *phase)
{
    return child_send(child, "phase", json_object_new_string(phase));
}

static int child_fail(Child *child, int error, const char *sentence)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    const char *messages = child->store ? policy_store_messages(child->store) : "";
    _cleanup_free_ char *text =
        format_string("%s%s%s", sentence, *messages ? " libsemanage: " : "", messages);
    const char *packet;

    if (!object || !text || json_add(object, "error", json_object_new_int(error)) < 0 ||
        json_add(object, "text", json_object_new_string(text)) < 0)
        return EXIT_FAILURE;
    packet = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    if (packet)
        (void)send(child->fd, packet, strlen(packet), MSG_NOSIGNAL);
    return EXIT_FAILURE;
}

static int child_open(Child *child)
{
    return policy_store_open(&child->store, child->plan, child->options);
}

static int child_fail_open(Child *child, int error)
{
    if (error == -ENODEV)
        return child_fail(child, error, "There is no managed SELinux policy store on this system.");
    return child_fail(child, error, "The SELinux policy store could not be opened.");
}

/* Reads all states, holds them against the site's limits, and sends them under this name. */
static int child_send_states(Child *child, const char *name, bool judge)
{
    _cleanup_free_ ActionState *states = calloc(child->plan->n_actions + 1, sizeof(*states));

    if (!states)
        return -ENOMEM;
    for (size_t i = 0; i < child->plan->n_actions; i++) {
        int r = policy_store_read(child->store, i, &states[i]);

        if (r < 0)
            return r;
    }
    if (judge) {
        int r = policy_store_judge(child->store, states);

        if (r < 0)
            return r;
    }
    return child_send(child, name, action_states_to_json(child->plan, states));
}

/* Blocks until the parent decides. -EPIPE if it went away instead. */
static int child_receive_targets(Child *child, ActionState **ret_targets, char **ret_change_id,
                                 bool *ret_reinstall)
{
    _cleanup_free_ char *packet = malloc(REMEDY_WORKER_MESSAGE_MAX + 1);
    _cleanup_json_ json_object *object = NULL;
    const char *change_id;
    ssize_t n;
    int r;

    if (!packet)
        return -ENOMEM;
    do
        n = recv(child->fd, packet, REMEDY_WORKER_MESSAGE_MAX, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return -EPIPE;
    packet[n] = '\0';
    object = json_tokener_parse(packet);
    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    /* It becomes part of a file's name. */
    change_id = json_get_text(object, "change");
    if (*change_id == '\0' || strspn(change_id, "0123456789") != strlen(change_id))
        return -EBADMSG;
    *ret_reinstall = json_object_get_boolean(json_get(object, "reinstall"));
    r = string_replace(ret_change_id, change_id);
    return r < 0 ? r : action_states_from_json(child->plan, json_get(object, "go"), ret_targets);
}

/* Tries until the bound; says that it waits once it has to. */
static int child_lock(Child *child)
{
    uint64_t wait = child->options->lock_wait_usec;
    uint64_t deadline = clock_usec(CLOCK_MONOTONIC) + (wait > 0 ? wait : REMEDY_LOCK_WAIT_USEC);
    bool told = false;
    int r;

    while ((r = policy_store_begin(child->store)) == -EBUSY &&
           clock_usec(CLOCK_MONOTONIC) < deadline) {
        struct timespec pause = {.tv_nsec = REMEDY_LOCK_RETRY_USEC * 1000};

        if (!told && child_send_phase(child, "waiting-for-lock") < 0)
            return -EPIPE;
        told = true;
        (void)nanosleep(&pause, NULL);
    }
    return r;
}

static int child_inspect(Child *child)
{
    int r = child_open(child);

    if (r < 0)
        return child_fail_open(child, r);
    r = child_send_states(child, "done", /* judge= */ true);
    if (r < 0)
        return child_fail(child, r, "The SELinux policy store could not be read.");
    return EXIT_SUCCESS;
}

/* Everything that changes something, once the parent has decided. */
static int child_commit(Child *child, const ActionState *targets, const char *change_id,
                        bool reinstall, PolicyStoreScope scope)
{
    int r = policy_store_keep(child->store, change_id);

    if (r < 0)
        return child_fail(child, r, "What a revert would need could not be kept.");
    r = policy_store_stage(child->store, targets, scope);
    if (r >= 0 && reinstall)
        r = policy_store_reinstall(child->store);
    if (r < 0)
        return child_fail(child, r, "The change could not be prepared in the policy store.");
    r = policy_store_commit(child->store);
    if (r < 0)
        return child_fail(child, r, "The change could not be committed to the policy store.");
    if (scope == SCOPE_TRIAL) {
        r = policy_store_set_live(child->store, targets);
        if (r < 0)
            return child_fail(child, r, "The kernel did not take the values of the booleans.");
    }
    return EXIT_SUCCESS;
}

static int child_transact(Child *child, PolicyStoreScope scope)
{
    _cleanup_free_ ActionState *targets = NULL;
    _cleanup_free_ char *change_id = NULL;
    bool reinstall = false;
    int r;

    r = child_open(child);
    if (r < 0)
        return child_fail_open(child, r);
    if (policy_store_needs_lock(child->plan, scope))
        r = child_lock(child);
    if (r == -EBUSY)
        return child_fail(child, r,
                          "Another program is changing the SELinux policy store and did not "
                          "finish in time.");
    if (r < 0)
        return child_fail(child, r, "The SELinux policy store could not be locked for a change.");

    r = child_send_phase(child, "reading");
    if (r >= 0)
        r = child_send_states(child, "states", /* judge= */ true);
    if (r < 0)
        return child_fail(child, r, "The SELinux policy store could not be read.");
    r = child_receive_targets(child, &targets, &change_id, &reinstall);
    if (r < 0)
        return EXIT_FAILURE;

    /* From here on the service's end must not be ours; helpers that libsemanage starts
     * inherit this. */
    (void)signal(SIGTERM, SIG_IGN);
    (void)child_send_phase(child, "committing");
    r = child_commit(child, targets, change_id, reinstall, scope);
    if (r != EXIT_SUCCESS)
        return r;

    /* What counts is what is there now, read by a fresh handle. */
    child->store = policy_store_free(child->store);
    r = child_open(child);
    if (r >= 0 && policy_store_wants_relabel(child->plan, scope)) {
        (void)child_send_phase(child, "relabeling");
        r = policy_store_relabel(child->store, change_id, targets);
        if (r < 0)
            return child_fail(
                child, r, "The policy store was changed, but the labels of files could not be.");
    }
    if (r >= 0)
        r = child_send_states(child, "done", /* judge= */ false);
    if (r < 0)
        return child_fail(child, r, "The change was committed, but could not be read back.");
    return EXIT_SUCCESS;
}

int worker_child_run(int fd, WorkerTask task, const Plan *plan, const PolicyStoreOptions *options)
{
    static const PolicyStoreScope scopes[] = {
        [WORKER_TRANSACT] = SCOPE_ALL,
        [WORKER_TRY] = SCOPE_TRIAL,
        [WORKER_KEEP] = SCOPE_BOOLEANS,
    };
    Child child = {.fd = fd, .plan = plan, .options = options};
    int code =
        task == WORKER_INSPECT ? child_inspect(&child) : child_transact(&child, scopes[task]);

    policy_store_free(child.store);
    return code;
}
