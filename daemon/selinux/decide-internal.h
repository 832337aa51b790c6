/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A question resolved into values, and the layers of its answer. For this folder only. */
#pragma once

#include "daemon/selinux/decide.h"
#include "daemon/selinux/hypothesis-internal.h"
#include "daemon/selinux/security-context.h"

typedef struct Question {
    SecurityContext source;
    SecurityContext target;
    uint32_t class; /* 0: not in the policy */
} Question;

/* Which permissions of the class pass each layer; the access passes those in all. */
typedef struct Layers {
    uint32_t rules;
    uint32_t constraints;
    uint32_t roles;
    uint32_t bounds;
} Layers;

/* Returns a DecideStatus (DECIDE_OK fills *ret_question; question_clear() it), or -ENOMEM.
 * *ret_bad (may be NULL) is the ContextStatus of a bad context. */
int question_resolve(const Hypothesis *hypothesis, const char *source_context,
                     const char *target_context, const char *target_class, Question *ret_question,
                     int *ret_bad);
void question_clear(Question *question);

Layers decide_layers(const Hypothesis *hypothesis, const SecurityContext *source,
                     const SecurityContext *target, uint32_t class);

static inline uint32_t layers_allowed(const Layers *layers)
{
    return layers->rules & layers->constraints & layers->roles & layers->bounds;
}
