/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Candidates: the changes that might allow an operation. Each becomes a fix of the diagnosis
 * if it is proven and not refused, or a refusal with its reason. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/diagnose/operation.h"
#include "daemon/host/mounts.h"
#include "daemon/selinux/boolean-sets.h"
#include "daemon/selinux/exposure.h"
#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/labels.h"

typedef struct CandidateContext {
    const Operation *operation;
    const Hypothesis *current; /* the policy in force */
    char *const *denied_booleans;
    /* By file_contexts, NULL where that is not known: of the object that was refused, and of what
     * nginx wanted, which may lie behind it. */
    const char *default_type;
    const char *default_type_behind;
    const char *default_context; /* the whole of the first */
    FileContexts *file_contexts; /* NULL where they are not known */
    const NginxIntents *intents; /* likewise */
} CandidateContext;

/* Every minimal set of booleans. 0 or a negative errno. */
int candidates_add_booleans(Diagnosis *diagnosis, const CandidateContext *context);

/* For a port: other labels, alone or with booleans, and a type of its own. */
int candidates_add_ports(Diagnosis *diagnosis, const CandidateContext *context);

/* Whether it is known where the object is, so that a label can be put on it. */
bool candidates_know_path(const Diagnosis *diagnosis);
/* For a file, directory or socket file: its default label, or a rule with a type that fits. */
int candidates_add_files(Diagnosis *diagnosis, const CandidateContext *context);
/* For one on a mount with a label for all (fixed-label.h): another label for the mount. 0 or a
 * negative errno. */
int candidates_add_mount(Diagnosis *diagnosis, const CandidateContext *context, const Mount *mount);
/* The last resort. */
int candidates_add_module(Diagnosis *diagnosis, const CandidateContext *context);

/* A rule for the process that listens on the socket. */
typedef struct PeerRule {
    char source[256], target[256]; /* types */
} PeerRule;

/* Whether the peer is known and `hypothesis` does not let nginx connect to it. */
bool peer_rule_find(const CandidateContext *context, const Hypothesis *hypothesis,
                    PeerRule *ret_rule);
/* Whether the process that listens would no longer be able to make its socket, or the directory for
 * it, if they had another type: a socket of its own kind is not ours to relabel. */
bool peer_needs_type(const CandidateContext *context, const char *old_type, const char *new_type);
/* 0 or a negative errno, as hypothesis_add_allow(). */
int peer_rule_assume(const PeerRule *rule, Hypothesis *hypothesis);
/* Appends the module that has the rule, and says so in words (the caller frees them). 0 or
 * -ENOMEM. */
int peer_rule_to_action(const PeerRule *rule, Plan *plan, char **ret_words);

/* Appends an action for each boolean, and gives them in words: "a on and b off" (the caller
 * frees it). 0 or -ENOMEM. */
int boolean_set_to_actions(const BooleanSet *set, Plan *plan, char **ret_words);

/* Takes over the content of *fix (plan and summary set), evaluates it and adds it to the
 * diagnosis as a fix or a refusal; drops it if it does not help. 0 or a negative errno. */
int candidate_submit(Diagnosis *diagnosis, const CandidateContext *context, Fix *fix,
                     const Hypothesis *after);
/* The same for one that gives objects other labels (fix.h). */
int candidate_submit_labels(Diagnosis *diagnosis, const CandidateContext *context, Fix *fix,
                            const Hypothesis *after, const ExposureRelabel *relabels,
                            size_t n_relabels);
