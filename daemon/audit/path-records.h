/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The absolute path of an object whose AVC has only its name and inode, from the event's
 * PATH and CWD records. */
#pragma once

#include <stdint.h>

#include "daemon/audit/event-context.h"
#include "daemon/audit/scratch.h"

/* A path only if there is no doubt: all PATH records that have its inode give one and the
 * same path, which ends in the name that the AVC has. (Inode numbers alone could be those
 * of two file systems.) Else NULL. */
const char *path_records_find(Scratch *scratch, const EventContext *context,
                              const AuditEvent *event, uint64_t inode, const char *name);
