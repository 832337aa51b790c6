/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <selinux/selinux.h>
#include <semanage/semanage.h>
#include <stdarg.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/policy-store.h"
#include "daemon/selinux/kernel.h"

struct PolicyStore {
    semanage_handle_t *handle;
    bool connected;
    bool kernel; /* the kernel runs the policy of this store */
    bool lock_failed;
    char messages[REMEDY_WORKER_OUTPUT_MAX];
};

DEFINE_POINTER_CLEANUP(PolicyStore, policy_store_free, store_cleanup);
DEFINE_POINTER_CLEANUP(semanage_bool_key_t, semanage_bool_key_free, bool_key_cleanup);
DEFINE_POINTER_CLEANUP(semanage_bool_t, semanage_bool_free, bool_cleanup);

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

int policy_store_open(PolicyStore **ret_store, const PolicyStoreOptions *options)
{
    _cleanup_(store_cleanup) PolicyStore *store = calloc(1, sizeof(*store));
    _cleanup_free_ char *type = NULL;

    if (!store)
        return -ENOMEM;
    if (options->root && semanage_set_root(options->root) < 0)
        return -ENOMEM;
    store->kernel = !options->root && is_selinux_enabled() == 1;

    store->handle = semanage_handle_create();
    if (!store->handle)
        return -ENODEV;
    semanage_msg_set_callback(store->handle, on_message, store);
    if (options->type) {
        type = strdup(options->type);
        if (!type)
            return -ENOMEM;
        semanage_select_store(store->handle, type, SEMANAGE_CON_DIRECT);
    }
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

/* --- booleans ----------------------------------------------------------- */

static int boolean_read(PolicyStore *store, const Action *action, ActionState *ret_state)
{
    _cleanup_(bool_key_cleanup) semanage_bool_key_t *key = NULL;
    _cleanup_(bool_cleanup) semanage_bool_t *policy = NULL;
    _cleanup_(bool_cleanup) semanage_bool_t *local = NULL;
    ActionState state = {0};
    int exists = 0;

    if (semanage_bool_key_create(store->handle, action->name, &key) < 0)
        return -ENOMEM;

    if (semanage_bool_exists(store->handle, key, &exists) < 0)
        return -EIO;
    state.known = exists;
    if (exists) {
        if (semanage_bool_query(store->handle, key, &policy) < 0)
            return -EIO;
        state.policy = setting_from_bool(semanage_bool_get_value(policy));
    }

    if (semanage_bool_exists_local(store->handle, key, &exists) < 0)
        return -EIO;
    if (exists) {
        if (semanage_bool_query_local(store->handle, key, &local) < 0)
            return -EIO;
        state.local = setting_from_bool(semanage_bool_get_value(local));
    }

    if (store->kernel) {
        bool current, pending;

        if (kernel_read_boolean(action->name, &current, &pending) >= 0)
            state.runtime = setting_from_bool(current);
    }
    *ret_state = state;
    return 0;
}

static int boolean_create(PolicyStore *store, const char *name, Setting value,
                          semanage_bool_t **ret_boolean)
{
    _cleanup_(bool_cleanup) semanage_bool_t *boolean = NULL;

    if (semanage_bool_create(store->handle, &boolean) < 0 ||
        semanage_bool_set_name(store->handle, boolean, name) < 0)
        return -ENOMEM;
    semanage_bool_set_value(boolean, value == SETTING_ON);
    *ret_boolean = TAKE_POINTER(boolean);
    return 0;
}

static int boolean_stage(PolicyStore *store, const Action *action, const ActionState *target)
{
    _cleanup_(bool_key_cleanup) semanage_bool_key_t *key = NULL;
    _cleanup_(bool_cleanup) semanage_bool_t *local = NULL;
    _cleanup_(bool_cleanup) semanage_bool_t *active = NULL;
    int exists = 0;
    int r;

    if (semanage_bool_key_create(store->handle, action->name, &key) < 0)
        return -ENOMEM;

    if (target->local != SETTING_NONE) {
        r = boolean_create(store, action->name, target->local, &local);
        if (r < 0)
            return r;
        if (semanage_bool_modify_local(store->handle, key, local) < 0)
            return -EIO;
    } else {
        if (semanage_bool_exists_local(store->handle, key, &exists) < 0)
            return -EIO;
        if (exists && semanage_bool_del_local(store->handle, key) < 0)
            return -EIO;
    }

    /* Loading a policy keeps the kernel's current values: the record alone would only take
     * effect at the next boot. */
    if (store->kernel && target->runtime != SETTING_NONE) {
        r = boolean_create(store, action->name, target->runtime, &active);
        if (r < 0)
            return r;
        if (semanage_bool_set_active(store->handle, key, active) < 0)
            return -EIO;
    }
    return 0;
}

/* --- by kind ------------------------------------------------------------ */

static const struct {
    int (*read)(PolicyStore *store, const Action *action, ActionState *ret_state);
    int (*stage)(PolicyStore *store, const Action *action, const ActionState *target);
} store_operations[ACTION_KIND_COUNT] = {
    [ACTION_SET_BOOLEAN] = {boolean_read, boolean_stage},
};

int policy_store_read(PolicyStore *store, const Action *action, ActionState *ret_state)
{
    if (!store_operations[action->kind].read)
        return -EOPNOTSUPP;
    return store_operations[action->kind].read(store, action, ret_state);
}

int policy_store_stage(PolicyStore *store, const Action *action, const ActionState *target)
{
    if (!store_operations[action->kind].stage)
        return -EOPNOTSUPP;
    return store_operations[action->kind].stage(store, action, target);
}

int policy_store_commit(PolicyStore *store)
{
    store->messages[0] = '\0';
    return semanage_commit(store->handle) < 0 ? -EIO : 0;
}
