/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files that find labels for files. */
#pragma once

#include "daemon/diagnose/candidates.h"
#include "daemon/diagnose/target-path.h"

/* What nginx uses the object for. */
typedef enum Purpose {
    PURPOSE_READ,   /* content that is served */
    PURPOSE_WRITE,  /* uploads, caches: what nginx writes */
    PURPOSE_SOCKET, /* a backend's socket and the directory it is in */
    PURPOSE_LOG,
    PURPOSE_CERTIFICATE,
} Purpose;

typedef struct FileContext {
    const CandidateContext *base;
    Diagnosis *diagnosis;
    char domain[256];
    char type[256]; /* what the object has now */
    Purpose purpose;
    bool on_the_way; /* a directory was refused, not what nginx wanted */
} FileContext;

/* Classes of what is labelled with a whole tree, for an ExposureRelabel. */
extern char *const file_tree_classes[];

/* Fills the context of a diagnosis about a file, directory or socket file. 0 or -EINVAL. */
int file_context_init(FileContext *context, Diagnosis *diagnosis, const CandidateContext *base);
/* The type that fits best what nginx wants there; NULL if the policy has none. */
const char *file_context_choose_type(const FileContext *context);
/* The type of the object of a class at a path, as the operation knows it; "" where it does not. */
void file_context_find_type(const FileContext *context, const char *path, const char *class,
                            char *ret_type, size_t size);
/* What the proof of a label leaves open, in a sentence; NULL if nothing. The caller frees it. 0 or
 * -ENOMEM. */
int file_context_find_caveat(const FileContext *context, char **ret_caveat);

/* A rule for an alias would never match, and semanage refuses it: has the rule name the original.
 * 0 (as it was), 1 or -ENOMEM. */
int file_target_name_original(const FileContext *context, TargetPath *target);

/* A rule for the path (`file_type` as semanage has it), and its label restored. 0 or -ENOMEM. */
int file_plan_add_rule(Plan *plan, const TargetPath *target, const char *file_type,
                       const char *type);
int file_plan_add_relabel(Plan *plan, const TargetPath *target);

/* Where a directory on the way was refused that the policy has no rule for, and that is not to be
 * labelled with all that is below it: another label for that directory alone, and for what nginx
 * wants below it. 0 or a negative errno. */
int file_candidates_add_way(const FileContext *context);
