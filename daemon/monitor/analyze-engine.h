/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine of analyze, in a process of its own: it loads the policy while the logs are read,
 * and what libsepol makes of a damaged policy stays there. Asked about one diagnosis at a time.
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
/* Asks about a diagnosis of the store and has the store take the answer. 0, -ENOMEM, or -EPIPE if
 * the engine is no more. */
int engine_ask(Engine *engine, const Diagnosis *diagnosis, Store *store);
