/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation behind a diagnosis: every access that must be allowed for nginx to get
 * through, not only the one that was denied first. A fix is proven against all of them.
 *
 * A port is asked about by number, a file by path: which context it has depends on the
 * hypothesis.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/diagnosis.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/selinux/hypothesis.h"

/* What is asked of one object, and a search of each directory above it. */
#define OPERATION_DIRECTORIES_MAX 24u
#define OPERATION_QUESTIONS_MAX   (8u + OPERATION_DIRECTORIES_MAX)

typedef struct Question {
    Access access;
    bool is_port; /* the target context is that of this port */
    PortProtocol protocol;
    uint16_t port;
    char *path; /* the target context is that of this path, as it is relabelled; else NULL */
} Question;

typedef struct Operation {
    Question questions[OPERATION_QUESTIONS_MAX]; /* the denied access first */
    size_t n_questions;
    char *path;   /* what nginx wanted, without ".." and links on the way; NULL: there is none */
    char *object; /* the path of the file or directory that was refused; NULL where not known */
    bool directories_unknown; /* of a file: no label of those above it was known */
    bool peer_unknown;        /* of a socket: nobody knows who listens */
    size_t peer_question;     /* the one about the process that listens; 0 where there is none */
} Operation;

/* Tells the context of an object of this class ("dir", "file", "sock_file") at a path, for the
 * caller to free; NULL where it is not known. */
typedef char *(*OperationLabelReader)(const char *path, const char *class, void *userdata);

/* Tells the context of the process that listens on a Unix socket, likewise. */
typedef char *(*OperationPeerReader)(const char *path, void *userdata);

/* Needs diagnosis->have_access. `real_path` (may be NULL: not known) is where nginx's path leads
 * on the host, links followed. `read_label` (may be NULL) is asked about the
 * directories above a file, which must be searched on the way to it, and about what lies behind a
 * directory that was refused; `intents` (may be NULL) tell what is a log, which is appended to. 0,
 * -EINVAL (nothing to ask), or -ENOMEM. */
int operation_from_diagnosis(const Diagnosis *diagnosis, const Hypothesis *hypothesis,
                             const char *real_path, const NginxIntents *intents,
                             OperationLabelReader read_label, void *userdata,
                             Operation *ret_operation);
void operation_clear(Operation *operation);

/* The access that a question means under a hypothesis; access_clear() it. 0, -ENODATA where the
 * policy has no label for the port, or -ENOMEM. */
int operation_resolve(const Question *question, const Hypothesis *hypothesis, Access *ret_access);
