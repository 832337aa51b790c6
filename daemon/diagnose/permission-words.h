/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain permissions in words. Pure; what a path may hold is escaped. */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"

/* "nginx (uid 33)", "uid 33". The caller frees it; NULL if out of memory. */
char *words_of_user(const HostView *view, uint32_t uid);
char *words_of_group(const HostView *view, uint32_t gid);
/* "x", "rw"; "" for none. */
void words_of_bits(unsigned bits, char ret_text[4]);
/* "search /root (drwx------ root root)": what is refused, and by what. */
char *words_of_refusal(const HostFacts *facts, const PermissionRefusal *refusal);
/* The same in parts. 0 or -ENOMEM; obstacle_clear() it. */
int obstacle_of_refusal(const HostFacts *facts, const PermissionRefusal *refusal,
                        Obstacle *ret_obstacle);
/* Why the walk ended, as a sentence; NULL if out of memory. */
char *words_of_end(const PathFacts *facts);
