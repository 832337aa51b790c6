/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine of analyze, in a process of its own: it loads the policy while the logs are read,
 * and what libsepol makes of a damaged policy stays there. Asked about one diagnosis at a time
 * (analyze-ahead.h).
 */
#pragma once

#include "daemon/monitor/analyze-internal.h"

typedef struct Engine Engine;

/* Forks over what `analyze` knows so far: options, configuration, what was found in a root. 0 or a
 * negative errno. */
int engine_start(const Analyze *analyze, Engine **ret_engine);
/* Ends it. Accepts and returns NULL. */
Engine *engine_free(Engine *engine);

/* Waits until the policy is loaded. Fills the policy facts of `analyze`; what keeps it from being
 * used is one of them. 0 or -ENOMEM. */
int engine_wait(Engine *engine, Analyze *analyze);
/* Whether it has said something: the next wait will not take long. */
bool engine_has_spoken(const Engine *engine);
/* A question is what diagnosis_keep() gives, the answer an object of diagnosis_to_json(), which the
 * caller puts. One at a time. 0, -ENOMEM, or -EPIPE if the engine is no more. */
int engine_ask(Engine *engine, json_object *question);
int engine_hear(Engine *engine, json_object **ret_answer);
