/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <selinux/selinux.h>
#include <stdarg.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/store-internal.h"
#include "daemon/remedy/store-repair.h"
#include "daemon/remedy/undo.h"

DEFINE_POINTER_CLEANUP(PolicyStore, policy_store_free, store_cleanup);

/* Collects errors and warnings. That the lock is taken has no return value of its own in
 * libsemanage; its message is the only sign. */
static void _printf_(3, 4)
    on_message(void *userdata, semanage_handle_t *handle, const char *format, ...)
{
    PolicyStore *store = userdata;
    size_t used = strlen(store->messages);
    char text[512];
    va_list arguments;

    if (semanage_msg_get_level(handle) > SEMANAGE_MSG_WARN)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text[strcspn(text, "\n")] = '\0';
    if (strstr(text, "transaction lock"))
        store->lock_failed = true;
    if (used < sizeof(store->messages) - 1)
        (void)snprintf(store->messages + used, sizeof(store->messages) - used, "%s%s",
                       used ? "; " : "", text);
}

/* The store's name: the one asked for, or the configured one. */
static int find_type(const PolicyStoreOptions *options, char **ret_type)
{
    char *type = NULL;

    if (options->type)
        type = strdup(options->type);
    else if (selinux_getpolicytype(&type) < 0)
        return -ENODEV;
    if (!type)
        return -ENOMEM;
    *ret_type = type;
    return 0;
}

int policy_store_open(PolicyStore **ret_store, const Plan *plan, const PolicyStoreOptions *options)
{
    _cleanup_(store_cleanup) PolicyStore *store = calloc(1, sizeof(*store));
    int r;

    if (!store)
        return -ENOMEM;
    store->plan = plan;
    store->options = options;
    r = find_type(options, &store->type);
    if (r < 0)
        return r;
    if (options->root && semanage_set_root(options->root) < 0)
        return -ENOMEM;
    /* If it cannot be, libsemanage says why. */
    (void)store_repair(store_root(store), store->type);
    store->kernel = !options->root && is_selinux_enabled() == 1;

    store->handle = semanage_handle_create();
    if (!store->handle)
        return -ENODEV;
    semanage_msg_set_callback(store->handle, on_message, store);
    if (options->type)
        semanage_select_store(store->handle, store->type, SEMANAGE_CON_DIRECT);
    semanage_set_reload(store->handle, store->kernel);
    if (semanage_is_managed(store->handle) != 1)
        return -ENODEV;
    if (semanage_connect(store->handle) < 0)
        return -EIO;
    store->connected = true;
    *ret_store = TAKE_POINTER(store);
    return 0;
}

PolicyStore *policy_store_free(PolicyStore *store)
{
    if (!store)
        return NULL;
    if (store->connected)
        (void)semanage_disconnect(store->handle);
    if (store->handle)
        semanage_handle_destroy(store->handle);
    policy_view_free(store->view);
    file_contexts_free(store->contexts);
    free(store->type);
    free(store);
    return NULL;
}

const char *policy_store_messages(const PolicyStore *store)
{
    return store->messages;
}

int policy_store_begin(PolicyStore *store)
{
    store->lock_failed = false;
    store->messages[0] = '\0';
    errno = 0;
    if (semanage_begin_transaction(store->handle) >= 0)
        return 0;
    if (errno == EROFS || errno == EACCES || errno == ENOSPC || errno == ENOMEM)
        return -errno;
    return store->lock_failed ? -EBUSY : -EIO;
}

/* --- what the kinds share ------------------------------------------------- */

const char *store_root(const PolicyStore *store)
{
    return strempty(store->options->root);
}

void state_set_obstacle(ActionState *state, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(state->obstacle, sizeof(state->obstacle), format, arguments);
    va_end(arguments);
}

void state_set_text(ActionState *state, char target[STATE_TEXT_MAX], const char *text)
{
    if (strlen(text) < STATE_TEXT_MAX)
        memcpy(target, text, strlen(text) + 1);
    else
        state_set_obstacle(state, "a name or context here is too long for this service.");
}

PolicyView *store_view(PolicyStore *store, ActionState *state)
{
    if (!store->view && !store->view_failed)
        store->view_failed = policy_view_open(store_root(store), store->type, &store->view) < 0;
    if (!store->view)
        state_set_obstacle(state, "the policy of this store cannot be read, so what the change "
                                  "would do cannot be judged.");
    return store->view;
}

int store_format_context(PolicyStore *store, const char *type, char **ret_context)
{
    /* Each time it is asked, libsemanage reads the whole policy. */
    if (!store->mls_known) {
        store->mls = semanage_mls_enabled(store->handle) == 1;
        store->mls_known = true;
    }
    *ret_context = format_string("system_u:object_r:%s%s", type, store->mls ? ":s0" : "");
    return *ret_context ? 0 : -ENOMEM;
}

int store_context_to_text(PolicyStore *store, const semanage_context_t *context, char **ret_text)
{
    if (!context) /* "<<none>>": not to be labelled */
        *ret_text = strdup("<<none>>");
    else if (semanage_context_to_string(store->handle, context, ret_text) < 0)
        return -ENOMEM;
    return *ret_text ? 0 : -ENOMEM;
}

int store_open_contexts(PolicyStore *store)
{
    _cleanup_free_ char *path = NULL;

    store->contexts = file_contexts_free(store->contexts);
    if (store->options->root || store->options->type) {
        path = format_string("%s/etc/selinux/%s/contexts/files/file_contexts", store_root(store),
                             store->type);
        if (!path)
            return -ENOMEM;
    }
    return file_contexts_open(path, &store->contexts);
}

/* --- by kind ------------------------------------------------------------ */

static int nothing_to_read(PolicyStore *store _unused_, size_t index _unused_,
                           ActionState *ret_state)
{
    ret_state->known = true;
    return 0;
}

static const struct {
    int (*read)(PolicyStore *store, size_t index, ActionState *ret_state);
    int (*stage)(PolicyStore *store, size_t index, const ActionState *target);
} store_operations[ACTION_KIND_COUNT] = {
    [ACTION_SET_BOOLEAN] = {store_boolean_read, store_boolean_stage},
    [ACTION_SET_PORT] = {store_port_read, store_port_stage},
    [ACTION_SET_FILE_CONTEXT] = {store_file_context_read, store_file_context_stage},
    [ACTION_INSTALL_MODULE] = {store_module_read, store_module_stage},
    [ACTION_RELABEL] = {store_label_read, NULL},     /* not in the store: policy_store_relabel() */
    [ACTION_RELOAD_NGINX] = {nothing_to_read, NULL}, /* nginx-reload.h, after the commit */
};

int policy_store_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    ActionState state = {0};
    int r;

    if (!store_operations[store->plan->actions[index].kind].read)
        return -EOPNOTSUPP;
    r = store_operations[store->plan->actions[index].kind].read(store, index, &state);
    if (r >= 0)
        *ret_state = state;
    return r;
}

int policy_store_judge(PolicyStore *store, ActionState *states)
{
    const Config *config = store->options->config;
    char obstacle[STATE_OBSTACLE_MAX] = "";
    PolicyView *view;
    int r = 0;

    if (!policy_exposure_is_limited(config) || store->plan->n_actions == 0)
        return 0;
    view = store_view(store, &states[0]);
    if (view)
        r = policy_exposure_check(policy_view_policy(view), store->plan, config, store->relabelled,
                                  store->n_relabelled, obstacle);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || store->relabelled_overflow)
        state_set_obstacle(&states[0],
                           "what the plan opens cannot be measured, and the site limits "
                           "it (MaximumDomains= and the like).");
    else if (*obstacle && *states[0].obstacle == '\0')
        memcpy(states[0].obstacle, obstacle, sizeof(obstacle));
    return 0;
}

int policy_store_keep(PolicyStore *store, const char *change_id)
{
    store->change_id = change_id;
    for (size_t i = 0; i < store->plan->n_actions; i++) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (store->plan->actions[i].kind != ACTION_INSTALL_MODULE)
            continue;
        path = undo_path(store->options->undo_directory, change_id, i);
        r = path ? store_module_keep(store, i, path) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_staged(ActionKind kind, PolicyStoreScope scope)
{
    if (!store_operations[kind].stage)
        return false;
    return scope == SCOPE_ALL || (kind == ACTION_SET_BOOLEAN) == (scope == SCOPE_BOOLEANS);
}

bool policy_store_needs_lock(const Plan *plan, PolicyStoreScope scope)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (is_staged(plan->actions[i].kind, scope))
            return true;
    return policy_store_wants_relabel(plan, scope);
}

int policy_store_stage(PolicyStore *store, const ActionState *targets, PolicyStoreScope scope)
{
    for (size_t i = 0; i < store->plan->n_actions; i++) {
        ActionKind kind = store->plan->actions[i].kind;
        int r;

        if (!store_operations[kind].read)
            return -EOPNOTSUPP;
        if (!is_staged(kind, scope))
            continue;
        r = store_operations[kind].stage(store, i, &targets[i]);
        if (r < 0)
            return r;
        store->staged = true;
    }
    return 0;
}

int policy_store_reinstall(PolicyStore *store)
{
    return store->staged ? store_port_touch(store) : 0;
}

int policy_store_commit(PolicyStore *store)
{
    /* An empty transaction would still rewrite the store. */
    if (!store->staged)
        return 0;
    store->messages[0] = '\0';
    return semanage_commit(store->handle) < 0 ? -EIO : 0;
}
