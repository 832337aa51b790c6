/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of an audit user record (AUDIT_USER_MAC_CONFIG_CHANGE) about what one action changed, as
 * semanage(8) writes it: "resrc=port op=add lport=3000 proto=6 tcontext=…". What semanage has no
 * record for is told in the same manner: booleans (of which the kernel writes one of its own),
 * modules, and labels on disk. nginx is no configuration of SELinux; systemd writes what became of
 * its unit.
 */
#pragma once

#include "daemon/remedy/action-state.h"

/* From one state to another. To be freed; NULL if there is nothing to tell, or out of memory with
 * errno ENOMEM (else 0). */
char *audit_record_text(const Action *action, const ActionState *from, const ActionState *to);
