/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether SELinux holds this process at all. Asked by what its domain may do, not by its name:
 * one that may switch SELinux off or load another policy, that denies nothing (a permissive
 * domain), or that is PID 1's own, is no confinement.
 */
#pragma once

#include <stdbool.h>

typedef struct ConfinementFacts {
    const char *type;      /* of this process */
    const char *init_type; /* of PID 1; NULL: not known */
    bool permissive;       /* the domain */
    bool may_set_enforcing;
    bool may_load_policy;
} ConfinementFacts;

/* NULL: confined. Otherwise why not, as the end of a sentence about the type. */
const char *confinement_judge(const ConfinementFacts *facts);

/* Asks the kernel about this process. Returns 1 (confined), 0 (not; *ret_why, which the caller
 * frees, is a phrase with the type), -EOPNOTSUPP (SELinux is disabled), or another negative
 * errno. */
int confinement_read(char **ret_why);
