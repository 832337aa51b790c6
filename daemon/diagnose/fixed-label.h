/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files whose label cannot be changed for the mount that they are on: of a network file system or
 * FUSE, or with context=. No label is proposed for them. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"

/* A sentence that says why (the caller frees it), or NULL: the label can be changed, for all that
 * is known. `host` may be NULL. *ret_failed: out of memory. */
char *fixed_label_explain(const Diagnosis *diagnosis, const HostFacts *host, bool *ret_failed);
