/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ioctl commands pass where `ioctl` itself is allowed. The order of the kernel's own check
 * (security/selinux/avc.c, avc_has_extended_perms(); ss/services.c,
 * services_compute_xperms_drivers()): without an allowxperm rule for this source, target and class
 * every command passes; with one, only the listed ones do.
 */
#pragma once

#include "daemon/core/access.h"
#include "daemon/selinux/hypothesis.h"

/* Whether the command (16 bits: driver << 8 | function) passes. Returns 1, 0, -ENODATA where the
 * policy cannot be asked about the access (decide_access() says why), or -ENOMEM. On 0 and 1,
 * *ret_listed, if not NULL, is the commands that rules list, in ranges, "0x5401
 * 0x5411-0x5413", a bounded part of them; NULL where no rule lists any. The caller frees it. */
int decide_ioctl(const Hypothesis *hypothesis, const Access *access, unsigned command,
                 char **ret_listed);
