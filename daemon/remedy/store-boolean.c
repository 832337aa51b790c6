/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <selinux/selinux.h>

#include "daemon/core/text.h"
#include "daemon/remedy/store-internal.h"
#include "daemon/selinux/kernel.h"

DEFINE_POINTER_CLEANUP(semanage_bool_key_t, semanage_bool_key_free, bool_key_cleanup);
DEFINE_POINTER_CLEANUP(semanage_bool_t, semanage_bool_free, bool_cleanup);

int store_boolean_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    const Action *action = &store->plan->actions[index];
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

int store_boolean_stage(PolicyStore *store, size_t index, const ActionState *target)
{
    const Action *action = &store->plan->actions[index];
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

int policy_store_set_live(PolicyStore *store, const ActionState *targets)
{
    _cleanup_free_ SELboolean *booleans = NULL;
    size_t n = 0;

    booleans = calloc(store->plan->n_actions + 1, sizeof(*booleans));
    if (!booleans)
        return -ENOMEM;
    for (size_t i = 0; i < store->plan->n_actions; i++)
        if (store->plan->actions[i].kind == ACTION_SET_BOOLEAN &&
            targets[i].runtime != SETTING_NONE)
            booleans[n++] = (SELboolean){.name = store->plan->actions[i].name,
                                         .value = targets[i].runtime == SETTING_ON};
    if (n == 0)
        return 0;
    if (!store->kernel)
        return -EOPNOTSUPP;
    errno = 0;
    if (security_set_boolean_list(n, booleans, /* permanent= */ 0) < 0)
        return errno > 0 ? -errno : -EIO;
    return 0;
}
