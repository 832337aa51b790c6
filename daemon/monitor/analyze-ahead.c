/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/analyze-ahead.h"

#include <errno.h>

#include "daemon/core/diagnosis-keep.h"
#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* What goes on changing while the same problem comes again, and no analysis looks at. */
static const char *const ignored[] = {
    "count", "first_seen",   "last_seen",     "hosts",    "upstreams",
    "lines", "context_usec", "evidence_usec", "evidence",
};
/* These tell which place of nginx's configuration, and which process of a host, is meant. */
static const char *const of_places[] = {"requests", "servers", "pid"};

/* What an analysis depends on, as text; NULL for lack of memory. Takes from the question. */
static char *to_comparable(const Analyze *analyze, json_object *question)
{
    const char *text;

    for (size_t i = 0; i < ELEMENTS_OF(ignored); i++)
        json_object_object_del(question, ignored[i]);
    for (size_t i = 0; i < ELEMENTS_OF(of_places) && !analyze->intents && !analyze->root; i++)
        json_object_object_del(question, of_places[i]);
    text = json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN);
    return text ? strdup(text) : NULL;
}

static AheadAnswer *find(Ahead *ahead, const char *id)
{
    for (size_t i = 0; i < ahead->n_answers; i++)
        if (streq(ahead->answers[i].id, id))
            return &ahead->answers[i];
    return NULL;
}

static const Diagnosis *next_unasked(Ahead *ahead)
{
    const Diagnosis *diagnosis;

    for (size_t i = 0; (diagnosis = store_get(ahead->analyze->store, i)); i++)
        if (!find(ahead, diagnosis->id))
            return diagnosis;
    return NULL;
}

static int ask_about(Ahead *ahead, const Diagnosis *diagnosis)
{
    _cleanup_json_ json_object *question = NULL;
    AheadAnswer answer = {};
    int r = diagnosis_keep(diagnosis, &question);

    if (r >= 0)
        r = string_replace(&answer.id, diagnosis->id);
    if (r >= 0)
        r = engine_ask(ahead->engine, question);
    if (r >= 0) {
        answer.question = to_comparable(ahead->analyze, question);
        r = answer.question ? 0 : -ENOMEM;
    }
    if (r < 0) {
        free(answer.id);
        return r;
    }
    ahead->answers[ahead->n_answers++] = answer;
    ahead->waiting = true;
    return 0;
}

static int hear(Ahead *ahead)
{
    int r;

    if (!ahead->policy_known) {
        r = engine_wait(ahead->engine, ahead->analyze);
        ahead->policy_known = r >= 0;
        return r;
    }
    r = engine_hear(ahead->engine, &ahead->answers[ahead->n_answers - 1].analysis);
    ahead->waiting = false;
    return r;
}

static int work(Ahead *ahead)
{
    const Diagnosis *diagnosis;
    int r = 0;

    if (ahead->waiting || !ahead->policy_known) {
        if (!engine_has_spoken(ahead->engine))
            return 0;
        r = hear(ahead);
    }
    if (r < 0 || ahead->n_answers == ANALYZE_AHEAD_MAX)
        return r;
    diagnosis = next_unasked(ahead);
    return diagnosis ? ask_about(ahead, diagnosis) : 0;
}

void ahead_work(Ahead *ahead)
{
    if (!ahead->failed)
        ahead->failed = work(ahead) < 0;
}

/* The answer that was put aside, if it still is one to this question. */
static json_object *take_aside(Ahead *ahead, const Diagnosis *diagnosis, json_object *question)
{
    AheadAnswer *answer = find(ahead, diagnosis->id);
    _cleanup_free_ char *now =
        answer && answer->analysis ? to_comparable(ahead->analyze, question) : NULL;

    return now && streq(now, answer->question) ? TAKE_POINTER(answer->analysis) : NULL;
}

static int finish_one(Ahead *ahead, const Diagnosis *diagnosis)
{
    _cleanup_json_ json_object *question = NULL, *comparable = NULL, *analysis = NULL;
    int r = diagnosis_keep(diagnosis, &question);

    if (r >= 0)
        r = diagnosis_keep(diagnosis, &comparable);
    if (r < 0)
        return r;
    analysis = take_aside(ahead, diagnosis, comparable);
    if (!analysis) {
        r = ahead->failed ? -EPIPE : engine_ask(ahead->engine, question);
        if (r >= 0)
            r = engine_hear(ahead->engine, &analysis);
    }
    return r < 0 ? r : store_take_analysis(ahead->analyze->store, diagnosis->id, analysis);
}

int ahead_finish(Ahead *ahead)
{
    Analyze *analyze = ahead->analyze;
    const Diagnosis *diagnosis;
    int r = 0;

    while (!ahead->failed && (ahead->waiting || !ahead->policy_known)) {
        r = hear(ahead);
        ahead->failed = r < 0;
    }
    if (r == -ENOMEM)
        return r;
    for (r = 0; r >= 0 && (diagnosis = store_next_unanalyzed(analyze->store));)
        r = finish_one(ahead, diagnosis);
    if (r == -EPIPE)
        r = analyze->policy_problem
                ? 0
                : string_replace(&analyze->policy_problem,
                                 "asking the policy ended unexpectedly: it may be damaged");
    return r;
}

void ahead_clear(Ahead *ahead)
{
    for (size_t i = 0; i < ahead->n_answers; i++) {
        free(ahead->answers[i].id);
        free(ahead->answers[i].question);
        json_object_put(ahead->answers[i].analysis);
    }
    ahead->n_answers = 0;
}
