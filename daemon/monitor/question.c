/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/question.h"

#include <errno.h>
#include <malloc.h>

#include "daemon/bus/connect.h"
#include "daemon/bus/errors.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/monitor/monitor-internal.h"

struct Question {
    Question *next;
    Monitor *monitor;
    sd_bus_message *message;
    Worker *worker;
    uid_t uid;
    QuestionFinish finish;
    json_object *report, *diagnoses;
    bool only_denied;
    bool cut;    /* there were more answers */
    bool failed; /* one could not be kept */
};

static Question *question_free(Question *question)
{
    if (!question)
        return NULL;
    worker_free(question->worker);
    sd_bus_message_unref(question->message);
    json_object_put(question->report);
    json_object_put(question->diagnoses);
    free(question);
    return NULL;
}

Question *questions_free(Question *first)
{
    while (first) {
        Question *next = first->next;

        question_free(first);
        first = next;
    }
    return NULL;
}

static void unlink_question(Question *question)
{
    Question **link = &question->monitor->questions;

    while (*link && *link != question)
        link = &(*link)->next;
    if (*link)
        *link = question->next;
}

static void on_answer(json_object *object, void *userdata)
{
    Question *question = userdata;
    json_object *report = json_get(object, "report");

    if (report && !question->report)
        question->report = json_object_get(report);
    else if (question->only_denied && json_object_get_boolean(json_get(object, "allowed_now")))
        return;
    else if (json_length(question->diagnoses) >= EXPLAIN_DIAGNOSES_MAX)
        question->cut = true;
    else if (json_append(question->diagnoses, json_object_get(object)) < 0)
        question->failed = true;
}

static int reply(Question *question, const char *problem)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_json_ json_object *answer = NULL;
    int r;

    if (problem || !question->report || question->failed) {
        (void)bus_error_set_named(&error, BUS_ERROR_UNAVAILABLE,
                                  problem ? problem : "the analysis broke off");
        return sd_bus_reply_method_error(question->message, &error);
    }
    r = question->finish(question->report, question->diagnoses, &answer);
    if (r >= 0 && question->cut)
        r = json_add(answer, "truncated", json_object_new_boolean(true));
    if (r < 0) {
        (void)bus_error_set(&error, r, NULL);
        return sd_bus_reply_method_error(question->message, &error);
    }
    return sd_bus_reply_method_return(
        question->message, "s",
        json_object_to_json_string_ext(answer,
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void on_finished(const char *problem, void *userdata)
{
    Question *question = userdata;

    /* A caller that has gone is nobody's loss. */
    (void)reply(question, problem);
    unlink_question(question);
    question_free(question);
    (void)malloc_trim(0);
}

int question_ask(Monitor *monitor, sd_bus_message *message, WorkerMake make, void *userdata,
                 const NginxIntents *intents, bool only_denied, QuestionFinish finish,
                 sd_bus_error *ret_error)
{
    const WorkerOptions options = {
        .policy_path = monitor->policy_path,
        .domain = monitor->config.domains[0],
        .denied_booleans = monitor->config.denied_booleans,
        .intents = intents,
        .make = make,
        .make_userdata = userdata,
    };
    size_t n = 0, of_user = 0;
    Question *question;
    uid_t uid;
    int r = bus_caller_uid(message, &uid);

    if (r < 0)
        return r;

    for (question = monitor->questions; question; question = question->next) {
        n++;
        of_user += question->uid == uid;
    }
    if (n >= QUESTIONS_MAX || of_user >= QUESTIONS_PER_USER_MAX)
        return bus_error_set_named(ret_error, BUS_ERROR_LIMIT_EXCEEDED,
                                   "Other questions are being answered: try again in a moment.");
    question = calloc(1, sizeof(*question));
    if (!question)
        return -ENOMEM;
    question->monitor = monitor;
    question->uid = uid;
    question->finish = finish;
    question->only_denied = only_denied;
    question->message = sd_bus_message_ref(message);
    question->diagnoses = json_object_new_array();
    r = question->diagnoses ? worker_start(monitor->event, NULL, 0, &options,
                                           &(const WorkerHandler){
                                               .answer = on_answer,
                                               .finished = on_finished,
                                               .userdata = question,
                                           },
                                           &question->worker)
                            : -ENOMEM;
    if (r < 0) {
        question_free(question);
        return r;
    }
    question->next = monitor->questions;
    monitor->questions = question;
    return 0;
}
