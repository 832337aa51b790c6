/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changed between two compiled policies, by looking at every access of both: what each
 * domain gains and loses. As daemon/selinux/exposure.h defines it, found in another way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/policy/compiled.h"

typedef struct Change {
    uint64_t key; /* of domain, target type and class: each access once */
    uint32_t permissions;
} Change;

typedef struct Changes {
    Change *items; /* by key */
    size_t n;
} Changes;

typedef struct Differences {
    Changes gains, losses;
    uint32_t ports; /* TCP and UDP ports that the focus gains */
} Differences;

/* Files that get another type. */
typedef struct Relabelled {
    const char *old_type, *new_type;
    const char *const *classes; /* NULL-terminated */
} Relabelled;

/* `relabelled` may be NULL. differences_clear() it. */
Differences differences_find(const Compiled *before, const Compiled *after,
                             const Relabelled *relabelled, const char *focus);
void differences_clear(Differences *differences);

uint32_t change_domain(const Change *change);
uint32_t change_target(const Change *change);
/* Distinct domains, or target types. */
size_t changes_count_domains(const Changes *changes);
size_t changes_count_targets(const Changes *changes);
/* NULL if there is none. */
const Change *changes_find(const Changes *changes, const char *domain, const char *target,
                           const char *class);
