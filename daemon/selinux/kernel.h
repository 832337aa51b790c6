/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's side: whether SELinux is on, which policy and mode are in force,
 * and what the running kernel itself answers. Thin over libselinux and
 * selinuxfs; reads only.
 *
 * Where SELinux is disabled every question fails with -EOPNOTSUPP, except
 * kernel_read_state(), which says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/access.h"
#include "daemon/core/macro.h"

typedef struct KernelState {
    bool enabled;
    bool enforcing;
    bool mls;
    unsigned policy_version; /* highest the kernel takes; 0 where disabled */
    char *policy_type;       /* "targeted", "default"; NULL where not configured */
    /* Where to read the policy in force: selinuxfs if enabled, else the stored image
     * of the configured type with the highest version; NULL where there is none. */
    char *policy_path;
} KernelState;

/* Returns 0 (kernel_state_clear() it) or a negative errno. */
int kernel_read_state(KernelState *ret_state);
/* The image that the next boot loads: of the configured type, with the highest version. The
 * caller frees *ret_path. Returns 0, -ENOENT, -ENOMEM, or the errno of reading its folder. */
int kernel_stored_policy(char **ret_path);
void kernel_state_clear(KernelState *state);

/* Asks the running kernel. *ret_permissive (may be NULL): the domain is permissive.
 * Returns 1 (all allowed), 0 (not), -ENOENT (class or permission unknown to it),
 * -EINVAL (a context it does not accept), -EOPNOTSUPP, or another negative errno. */
int kernel_ask(const Access *access, bool *ret_permissive);

/* The context of this process; the caller frees it with freecon(). Returns 0, -EOPNOTSUPP (SELinux
 * is disabled), or another negative errno. */
int kernel_read_own_context(char **ret_context);
/* The context of an object of that type, for the user and levels of `context`. The caller frees it;
 * NULL if `context` is none, or out of memory. */
char *kernel_object_context(const char *context, const char *type);
/* Whether the policy in force has that type. Returns 1, 0, -EOPNOTSUPP or a negative errno. */
int kernel_has_type(const char *type);
/* The same as kernel_ask() about what this process may do. */
int kernel_ask_self(const char *target_context, const char *target_class, const char *permissions);

/* Returns 0, -ENOENT (no such boolean), -EOPNOTSUPP, or another negative errno. The
 * pending value takes effect at the next commit. */
int kernel_read_boolean(const char *name, bool *ret_current, bool *ret_pending);

/* Changes of mode and policy, through the kernel's status page: a poll costs no system
 * call. One watch per process at a time, since the page is libselinux's. */
typedef struct KernelWatch KernelWatch;

typedef enum KernelChange {
    KERNEL_CHANGE_ENFORCING = 1 << 0,
    KERNEL_CHANGE_POLICY = 1 << 1, /* a policy was loaded or booleans were committed */
} KernelChange;

/* Returns 0 (kernel_watch_free() it), -EOPNOTSUPP, or another negative errno. */
int kernel_watch_new(KernelWatch **ret_watch);
KernelWatch *kernel_watch_free(KernelWatch *watch); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(KernelWatch, kernel_watch_free, kernel_watch_cleanup);
/* KernelChange bits since the last call, 0 for none, or a negative errno. */
int kernel_watch_poll(KernelWatch *watch);
bool kernel_watch_enforcing(const KernelWatch *watch);
/* The policy's sequence number: it grows with each load and boolean commit. */
uint32_t kernel_watch_policy_sequence(const KernelWatch *watch);
