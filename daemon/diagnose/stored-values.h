/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Booleans at odds: what the next boot makes of an access, where booleans in the kernel have other
 * values than the stored policy. */
#pragma once

#include "daemon/core/access.h"
#include "daemon/core/diagnosis.h"
#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/stored-booleans.h"

/* Notes it where the stored values decide otherwise than the ones in force (`allowed`). 0 or
 * -ENOMEM. */
int stored_values_note(Diagnosis *diagnosis, const Policy *policy, const Access *access,
                       bool allowed, const StoredBoolean *stored, size_t n_stored);
