/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the engine about diagnoses while the logs are still read, so that both processors have
 * work. An answer is put aside and used at the end, and only if the question would then be the
 * same: what is printed does not depend on who was faster.
 */
#pragma once

#include "daemon/monitor/analyze-engine.h"

typedef struct AheadAnswer {
    char *id;
    char *question;        /* without what an analysis does not look at */
    json_object *analysis; /* NULL until it has come */
} AheadAnswer;

/* Zeroed but for the first two, which belong to the caller. */
typedef struct Ahead {
    Analyze *analyze;
    Engine *engine;
    bool policy_known;
    bool failed;  /* the engine is no more */
    bool waiting; /* for the newest answer */
    size_t n_answers;
    AheadAnswer answers[ANALYZE_AHEAD_MAX];
} Ahead;

/* Takes what the engine has said and asks the next question. Does not wait. */
void ahead_work(Ahead *ahead);
/* Has the store take an analysis of each of its diagnoses. That the engine ended is a problem
 * noted in `analyze`. 0 or -ENOMEM. */
int ahead_finish(Ahead *ahead);
void ahead_clear(Ahead *ahead);
