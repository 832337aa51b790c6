/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Booleans whose value in a stored policy image differs from that in a loaded policy: what the
 * next boot, or the next load of the policy, changes. `setsebool` without -P makes such
 * differences.
 *
 * Read from the image's table of booleans without loading it a second time. Each entry there is
 * three 32-bit little-endian numbers, value (index), state and length of the name, and the name
 * (cond_read_bool() in libsepol's conditional.c and in the kernel's ss/conditional.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/selinux/policy.h"

typedef struct StoredBoolean {
    uint32_t boolean; /* in the loaded policy */
    bool value;       /* in the stored one */
} StoredBoolean;

/* Compares with the image at `path`. A boolean that the image does not have, or not in one
 * reading, is left out. Returns 0 and the differences, by boolean (the caller frees them; NULL
 * where there are none), -EBADMSG for what is no policy image, -EFBIG, -ENOMEM, or the errno of
 * open() or read(). */
int stored_booleans_compare(const Policy *loaded, const char *path, StoredBoolean **ret_differences,
                            size_t *ret_n);
