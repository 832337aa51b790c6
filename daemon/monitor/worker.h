/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The analysis worker: a short-lived child that looks at the host, loads the policy, runs the
 * engine over some diagnoses and writes the answers to a pipe. libsepol's memory and its accidents
 * stay there, and so does waiting for a file system that does not answer. The capability is given
 * up between the looking and the policy.
 *
 * The answers are one JSON object a line, as diagnosis_to_json() makes them; or
 * {"error": "…"} if the policy cannot be read. The parent bounds what it takes.
 */
#pragma once

#include <json-c/json_object.h>
#include <systemd/sd-event.h>

#include "daemon/core/diagnosis.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/selinux/labels.h"
#include "daemon/selinux/policy.h"

typedef struct Worker Worker;

/* What the child has at hand for making diagnoses of its own. */
typedef struct WorkerSubject {
    const Policy *policy;
    const char *domain;
    FileContexts *contexts;      /* NULL where they do not go with the policy */
    const NginxIntents *intents; /* may be NULL */
    bool live;                   /* the policy in force, so that labels on disk count */
} WorkerSubject;

/* Makes the diagnoses to ask about, in the child, which never frees them. *ret_report is sent as
 * {"report": …} before the answers. 0 or a negative errno. */
typedef int (*WorkerMake)(const WorkerSubject *subject, void *userdata, Diagnosis ***ret_diagnoses,
                          size_t *ret_n, json_object **ret_report);

typedef struct WorkerOptions {
    const char *policy_path; /* an image; NULL: the one in force */
    const char *domain;
    char *const *denied_booleans;
    const NginxIntents *intents; /* may be NULL */
    WorkerMake make;             /* instead of the diagnoses given to worker_start(); NULL: those */
    void *make_userdata;
    bool recorded; /* the logs are not of this host as it is now: it is not looked at */
} WorkerOptions;

typedef struct WorkerHandler {
    /* One answer; the object stays the worker's. */
    void (*answer)(json_object *object, void *userdata);
    /* The worker is done, or was ended: problem is NULL or a sentence. May free it. */
    void (*finished)(const char *problem, void *userdata);
    void *userdata;
} WorkerHandler;

/* Forks a child over copies of the diagnoses. 0 or a negative errno. */
int worker_start(sd_event *event, Diagnosis *const *diagnoses, size_t n_diagnoses,
                 const WorkerOptions *options, const WorkerHandler *handler, Worker **ret_worker);
/* Ends it without a further call of the handler. Accepts and returns NULL. */
Worker *worker_free(Worker *worker);

/* In a child that asks libsepol: a name, no signal of the parent's, and limits on memory and
 * processor time. It dies with its parent. */
void worker_limit_child(const char *name);
