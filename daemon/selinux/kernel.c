/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <selinux/avc.h>
#include <selinux/selinux.h>

#include "daemon/core/text.h"

struct KernelWatch {
    bool enforcing;
    uint32_t sequence;
};

/* --- state -------------------------------------------------------------- */

void kernel_state_clear(KernelState *state)
{
    free(state->policy_type);
    free(state->policy_path);
    *state = (KernelState){};
}

/* The stored image with the highest version: "<path>.33". */
static int find_stored_policy(const char *prefix, char **ret_path)
{
    _cleanup_free_ char *folder = strdup(prefix);
    const char *name;
    uint64_t best = 0;
    DIR *directory;
    char *slash;

    if (!folder)
        return -ENOMEM;
    slash = strrchr(folder, '/');
    if (!slash)
        return -EINVAL;
    *slash = '\0';
    name = slash + 1;

    directory = opendir(folder);
    if (!directory)
        return -errno;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(name);
        uint64_t version = 0;

        if (strncmp(entry->d_name, name, length) != 0 || entry->d_name[length] != '.')
            continue;
        if (parse_number(entry->d_name + length + 1, 1, 9999, &version) >= 0 && version > best)
            best = version;
    }
    (void)closedir(directory);
    if (best == 0)
        return -ENOENT;
    *ret_path = format_string("%s.%u", prefix, (unsigned)best);
    return *ret_path ? 0 : -ENOMEM;
}

int kernel_stored_policy(char **ret_path)
{
    const char *prefix = selinux_binary_policy_path();

    return prefix ? find_stored_policy(prefix, ret_path) : -ENOENT;
}

static int read_policy_path(bool enabled, char **ret_path)
{
    const char *path = enabled ? selinux_current_policy_path() : NULL;
    int r;

    if (path) {
        *ret_path = strdup(path);
        return *ret_path ? 0 : -ENOMEM;
    }
    r = kernel_stored_policy(ret_path);
    return r == -ENOMEM ? r : 0;
}

int kernel_read_state(KernelState *ret_state)
{
    KernelState state = {};
    char *type = NULL;
    int r;

    state.enabled = is_selinux_enabled() > 0;
    if (state.enabled) {
        r = security_getenforce();
        if (r < 0)
            return -errno;
        state.enforcing = r > 0;
        state.mls = is_selinux_mls_enabled() > 0;
        r = security_policyvers();
        state.policy_version = r > 0 ? (unsigned)r : 0;
    }
    if (selinux_getpolicytype(&type) == 0 && type)
        state.policy_type = type;
    r = read_policy_path(state.enabled, &state.policy_path);
    if (r < 0) {
        kernel_state_clear(&state);
        return r;
    }
    *ret_state = state;
    return 0;
}

/* --- questions ---------------------------------------------------------- */

static int read_permissions(security_class_t class, const char *permissions,
                            access_vector_t *ret_permissions)
{
    _cleanup_strv_ char **names = strv_split(permissions, " ");
    access_vector_t wanted = 0;

    if (!names)
        return -ENOMEM;
    STRV_FOREACH (name, names) {
        access_vector_t permission = string_to_av_perm(class, *name);

        if (permission == 0)
            return -ENOENT;
        wanted |= permission;
    }
    *ret_permissions = wanted;
    return wanted != 0 ? 0 : -EINVAL;
}

int kernel_ask(const Access *access, bool *ret_permissive)
{
    struct av_decision decision = {};
    access_vector_t wanted = 0;
    security_class_t class;
    int r;

    if (is_selinux_enabled() <= 0)
        return -EOPNOTSUPP;
    class = string_to_security_class(access->target_class);
    if (class == 0)
        return -ENOENT;
    r = read_permissions(class, access->permissions, &wanted);
    if (r < 0)
        return r;
    errno = 0;
    if (security_compute_av_flags_raw(access->source_context, access->target_context, class, wanted,
                                      &decision) < 0)
        return errno != 0 ? -errno : -EIO;
    if (ret_permissive)
        *ret_permissive = (decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE) != 0;
    return (wanted & ~decision.allowed) == 0;
}

int kernel_read_own_context(char **ret_context)
{
    if (is_selinux_enabled() <= 0)
        return -EOPNOTSUPP;
    errno = 0;
    if (getcon_raw(ret_context) < 0)
        return errno != 0 ? -errno : -EIO;
    return 0;
}

char *kernel_object_context(const char *context, const char *type)
{
    size_t length;
    const char *own = context_type(context, &length);

    if (!own)
        return NULL;
    return format_string("%.*s:object_r:%s%s", (int)strcspn(context, ":"), context, type,
                         own + length);
}

/* Every type may be an object's: the kernel accepts the context if it has the type. */
int kernel_has_type(const char *type)
{
    _cleanup_free_ char *context = NULL;
    char *own = NULL;
    int r = kernel_read_own_context(&own);

    if (r < 0)
        return r;
    context = kernel_object_context(own, type);
    freecon(own);
    if (!context)
        return -ENOMEM;
    errno = 0;
    if (security_check_context_raw(context) >= 0)
        return 1;
    return errno == EINVAL ? 0 : errno != 0 ? -errno : -EIO;
}

int kernel_ask_self(const char *target_context, const char *target_class, const char *permissions)
{
    Access access = {};
    char *own = NULL;
    int r;

    r = kernel_read_own_context(&own);
    if (r < 0)
        return r;
    r = access_init(&access, own, target_context, target_class, permissions);
    freecon(own);
    if (r >= 0)
        r = kernel_ask(&access, NULL);
    access_clear(&access);
    return r;
}

int kernel_read_boolean(const char *name, bool *ret_current, bool *ret_pending)
{
    int current, pending;

    if (is_selinux_enabled() <= 0)
        return -EOPNOTSUPP;
    if (strchr(name, '/'))
        return -ENOENT;
    errno = 0;
    current = security_get_boolean_active(name);
    if (current < 0)
        return errno != 0 ? -errno : -EIO;
    errno = 0;
    pending = security_get_boolean_pending(name);
    if (pending < 0)
        return errno != 0 ? -errno : -EIO;
    *ret_current = current > 0;
    *ret_pending = pending > 0;
    return 0;
}

/* --- changes ------------------------------------------------------------ */

static int read_status(KernelWatch *watch)
{
    int enforcing = selinux_status_getenforce();
    int sequence;

    if (enforcing < 0)
        return errno != 0 ? -errno : -EIO;
    sequence = selinux_status_policyload();
    if (sequence < 0)
        return errno != 0 ? -errno : -EIO;
    watch->enforcing = enforcing > 0;
    watch->sequence = (uint32_t)sequence;
    return 0;
}

int kernel_watch_new(KernelWatch **ret_watch)
{
    KernelWatch *watch;
    int r;

    if (is_selinux_enabled() <= 0)
        return -EOPNOTSUPP;
    watch = calloc(1, sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    errno = 0;
    /* Without the page libselinux would fall back to a netlink thread of its own. */
    if (selinux_status_open(/* fallback= */ 0) < 0) {
        r = errno != 0 ? -errno : -EIO;
        free(watch);
        return r;
    }
    r = read_status(watch);
    if (r < 0) {
        kernel_watch_free(watch);
        return r;
    }
    *ret_watch = watch;
    return 0;
}

KernelWatch *kernel_watch_free(KernelWatch *watch)
{
    if (!watch)
        return NULL;
    selinux_status_close();
    free(watch);
    return NULL;
}

int kernel_watch_poll(KernelWatch *watch)
{
    KernelWatch now = {};
    int changes = 0;
    int r;

    errno = 0;
    r = selinux_status_updated();
    if (r < 0)
        return errno != 0 ? -errno : -EIO;
    if (r == 0)
        return 0;
    r = read_status(&now);
    if (r < 0)
        return r;
    if (now.enforcing != watch->enforcing)
        changes |= KERNEL_CHANGE_ENFORCING;
    if (now.sequence != watch->sequence)
        changes |= KERNEL_CHANGE_POLICY;
    *watch = now;
    return changes;
}

bool kernel_watch_enforcing(const KernelWatch *watch)
{
    return watch->enforcing;
}

uint32_t kernel_watch_policy_sequence(const KernelWatch *watch)
{
    return watch->sequence;
}
