/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files whose label cannot be changed for the mount that they are on: of a network file system or
 * FUSE, or with context=. No label is proposed for them. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/host/host-facts.h"

/* The mount for which the label of what was refused cannot be changed; NULL: it can be, for all
 * that is known. `host` may be NULL. */
const Mount *fixed_label_find(const Diagnosis *diagnosis, const HostFacts *host);
/* A sentence that says why. The caller frees it; NULL if out of memory. */
char *fixed_label_explain(const Mount *mount);
/* What is to be known of a label on an overlay, a sentence (the caller frees it); NULL where there
 * is none. *ret_failed: out of memory. */
char *fixed_label_remark(const Diagnosis *diagnosis, const HostFacts *host, bool *ret_failed);
