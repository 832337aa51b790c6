/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A security context "user:role:type[:low[-high]]" resolved against a policy.
 * Levels: "s0", "s0:c1,c3.c7" (sensitivity, categories, inclusive ranges), as
 * libsepol and the kernel parse them (security/selinux/ss/mls.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/policy.h"

typedef struct SecurityContext {
    uint32_t user;
    uint32_t role;
    uint32_t type;           /* may be a type that the hypothesis adds */
    uint32_t sensitivity[2]; /* low, high; 0 where the policy has no MLS */
    uint64_t *categories[2]; /* bit sets of n_category_words words; NULL without MLS */
    uint32_t n_category_words;
} SecurityContext;

typedef enum ContextStatus {
    CONTEXT_OK,
    CONTEXT_MALFORMED, /* not user:role:type…, or a range where it must not be or missing */
    CONTEXT_UNKNOWN_USER,
    CONTEXT_UNKNOWN_ROLE,
    CONTEXT_UNKNOWN_TYPE,
    CONTEXT_UNKNOWN_RANGE, /* a sensitivity or category that the policy lacks, or low > high */
    /* All parts exist, but the user may not have the role or the range, or the role not the
     * type. The kernel would take such a context for an unlabeled one. */
    CONTEXT_NOT_AUTHORIZED,
} ContextStatus;

/* Returns CONTEXT_OK and fills *ret_context (security_context_clear() it), another
 * ContextStatus with *ret_context untouched, or -ENOMEM. `hypothesis` may be NULL; a type
 * that it adds may have any role, since it says nothing about roles. */
int security_context_parse(const Policy *policy, const Hypothesis *hypothesis, const char *text,
                           SecurityContext *ret_context);
void security_context_clear(SecurityContext *context);
/* The canonical text; the caller frees it. NULL if out of memory. */
char *security_context_to_string(const Policy *policy, const Hypothesis *hypothesis,
                                 const SecurityContext *context);
