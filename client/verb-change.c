/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apply, trial, keep, revert: what goes to the remedy service. */
#include <errno.h>

#include "client/diagnoses.h"
#include "client/job.h"
#include "client/variant-json.h"
#include "client/verbs.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static int new_call(Session *session, const char *member, sd_bus_message **ret_call)
{
    return sd_bus_message_new_method_call(session->bus, ret_call, REMEDY1_NAME, REMEDY1_PATH,
                                          REMEDY1_MANAGER, member);
}

/* What is for people to do is no part of what is sent. */
static int split_advice(Plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->n_actions; i++) {
        Action *action = &plan->actions[i];

        if (action->kind == ACTION_ADVISE) {
            _cleanup_free_ char *text = escape_for_terminal(strempty(action->text));

            (void)fprintf(stderr, "To be done by hand: %s\n", strempty(text));
            action_clear(action);
        } else {
            plan->actions[kept++] = *action;
        }
    }
    plan->n_actions = kept;
    if (kept > 0)
        return 0;
    (void)fputs("There is nothing in this fix that can be applied for you.\n", stderr);
    return -EOPNOTSUPP;
}

static int check(Session *session, const Plan *plan, json_object **ret_results)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    int r = new_call(session, "Check", &call);

    if (r >= 0)
        r = plan_bus_append_actions(call, plan);
    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "check the plan", &reply);
    return r < 0 ? r : variant_json_read(reply, ret_results);
}

static void print_check(json_object *results)
{
    for (size_t i = 0; i < json_length(results); i++) {
        json_object *result = json_object_array_get_idx(results, i);
        _cleanup_free_ char *words = escape_for_terminal(json_get_text(result, "words"));
        /* That of a module carries its whole text. */
        _cleanup_free_ char *command =
            streq(json_get_text(result, "kind"), "install-module")
                ? strdup("semodule -i, with what selguardctl export writes")
                : escape_for_terminal(json_get_text(result, "command"));

        (void)printf("  %s\n    by hand: %s\n", strempty(words), strempty(command));
        if (json_get(result, "old"))
            (void)printf("    now %s (in the running kernel: %s), afterwards %s\n",
                         json_get_text(result, "old"), json_get_text(result, "runtime_old"),
                         json_get_text(result, "new"));
        if (!json_object_get_boolean(json_get(result, "permitted"))) {
            _cleanup_free_ char *refusal = escape_for_terminal(json_get_text(result, "refusal"));

            (void)printf("    refused: %s\n", strempty(refusal));
        }
    }
}

static int append_expected(sd_bus_message *call, json_object *results)
{
    int r = sd_bus_message_open_container(call, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(call, "s", "Expected");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "s");
    for (size_t i = 0; r >= 0 && i < json_length(results); i++)
        r = sd_bus_message_append(call, "s",
                                  json_get_text(json_object_array_get_idx(results, i), "state"));
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(call);
    return r;
}

static int append_accesses(sd_bus_message *call, const Plan *plan)
{
    int r = sd_bus_message_open_container(call, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(call, "s", "Accesses");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'v', ACCESSES_BUS_SIGNATURE);
    if (r >= 0)
        r = plan_bus_append_accesses(call, plan);
    for (int i = 0; i < 2 && r >= 0; i++)
        r = sd_bus_message_close_container(call);
    return r;
}

/* Every action's state is known: the person saw it, so it is what is expected. */
static bool states_are_known(json_object *results)
{
    for (size_t i = 0; i < json_length(results); i++)
        if (!json_get(json_object_array_get_idx(results, i), "state"))
            return false;
    return true;
}

static int append_reason(Session *session, sd_bus_message *call)
{
    return session->reason ? sd_bus_message_append(call, "{sv}", "Reason", "s", session->reason)
                           : 0;
}

/* seconds 0: for good; else it is a trial. */
static int send_apply(Session *session, const Plan *plan, const char *diagnosis_id,
                      json_object *results, uint64_t seconds, sd_bus_message **ret_reply)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
    int r = new_call(session, seconds ? "Trial" : "Apply", &call);

    if (r >= 0)
        r = plan_bus_append_actions(call, plan);
    if (r >= 0 && seconds)
        r = sd_bus_message_append(call, "u", (uint32_t)seconds);
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(call, "{sv}", "DiagnosisId", "s", diagnosis_id);
    if (r >= 0)
        r = append_reason(session, call);
    if (r >= 0 && plan->n_accesses > 0)
        r = append_accesses(call, plan);
    if (r >= 0 && states_are_known(results))
        r = append_expected(call, results);
    if (r >= 0)
        r = sd_bus_message_close_container(call);
    return r < 0 ? r : session_call(session, call, "apply the fix", ret_reply);
}

/* What can be done about a change, whether it helped or not. */
static void print_next(const Session *session, const char *change_id, const char *diagnosis_id,
                       uint64_t seconds, bool helped)
{
    if (!helped)
        (void)printf("The change is in force and does not help. Take it back: selguardctl revert "
                     "%s\n",
                     change_id);
    else if (seconds)
        (void)printf("It takes itself back after %ju s. To end it now: selguardctl revert %s\n"
                     "To make it stay: selguardctl keep %s\n",
                     (uintmax_t)seconds, change_id, change_id);
    else
        (void)printf("To take it back: selguardctl revert %s\n", change_id);
    if (helped && !session->machine && !session->host)
        (void)printf("To see whether it works: selguardctl verify %.8s\n", diagnosis_id);
}

/* diagnosis_id NULL: nothing more is to be said at the end. */
static int follow_job(Session *session, JobWatch *watch, sd_bus_message *reply,
                      const char *diagnosis_id, uint64_t seconds)
{
    _cleanup_free_ char *change_id = NULL;
    const char *path;
    int r = sd_bus_message_read(reply, "o", &path);

    if (r >= 0)
        r = job_watch_run(watch, path, &change_id);
    if (r < 0 && !change_id)
        return r;
    if (session->json)
        (void)printf("{\"change\": \"%s\"}\n", strempty(change_id));
    else if (diagnosis_id && change_id && *change_id)
        print_next(session, change_id, diagnosis_id, seconds, r >= 0);
    return r;
}

static bool all_permitted(json_object *results)
{
    for (size_t i = 0; i < json_length(results); i++)
        if (!json_object_get_boolean(json_get(json_object_array_get_idx(results, i), "permitted")))
            return false;
    return true;
}

static int apply_plan(Session *session, const char *diagnosis_id, const Plan *plan,
                      uint64_t seconds)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_json_ json_object *results = NULL;
    JobWatch *watch = NULL;
    int r = check(session, plan, &results);

    if (r < 0)
        return r;
    if (!session->json)
        print_check(results);
    else if (session->dry_run)
        (void)puts(json_object_to_json_string_ext(results, JSON_C_TO_STRING_PRETTY));
    if (!all_permitted(results)) {
        (void)fputs("Nothing was changed: the remedy service refuses this plan.\n", stderr);
        return -EPERM;
    }
    if (session->dry_run) {
        (void)fputs("Nothing was changed: this was a dry run.\n", session->json ? stderr : stdout);
        return 0;
    }
    r = job_watch_new(session, &watch);
    if (r >= 0)
        r = send_apply(session, plan, diagnosis_id, results, seconds, &reply);
    if (r >= 0)
        r = follow_job(session, watch, reply, diagnosis_id, seconds);
    job_watch_free(watch);
    return r;
}

static int apply_fix(Session *session, const char *id, uint64_t seconds)
{
    _cleanup_free_ char *path = NULL, *summary = NULL;
    Plan plan = {};
    int r = diagnoses_find(session, id, &path);

    if (r >= 0)
        r = diagnoses_get_fix(session, path, session->fix, &plan, &summary);
    if (r >= 0)
        r = split_advice(&plan);
    if (r >= 0 && !session->json) {
        (void)printf("Fix %ju", (uintmax_t)session->fix);
        if (seconds)
            (void)printf(", on trial for %ju s", (uintmax_t)seconds);
        (void)printf(": %s\n", summary);
    }
    if (r >= 0)
        r = apply_plan(session, diagnosis_path_id(path), &plan, seconds);
    plan_clear(&plan);
    return r;
}

int verb_apply(Session *session, char **arguments)
{
    return apply_fix(session, arguments[0], /* seconds= */ 0);
}

int verb_trial(Session *session, char **arguments)
{
    return apply_fix(session, arguments[0], session->seconds);
}

/* Revert and Keep: a method of a change's id. */
static int call_for_change(Session *session, const char *method, const char *id, const char *what)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    JobWatch *watch = NULL;
    int r = job_watch_new(session, &watch);

    if (r >= 0)
        r = new_call(session, method, &call);
    if (r >= 0)
        r = sd_bus_message_append(call, "s", id);
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "{sv}");
    if (r >= 0)
        r = append_reason(session, call);
    if (r >= 0)
        r = sd_bus_message_close_container(call);
    if (r >= 0)
        r = session_call(session, call, what, &reply);
    if (r >= 0)
        r = follow_job(session, watch, reply, /* diagnosis_id= */ NULL, /* seconds= */ 0);
    job_watch_free(watch);
    return r;
}

int verb_revert(Session *session, char **arguments)
{
    return call_for_change(session, "Revert", arguments[0], "revert the change");
}

int verb_keep(Session *session, char **arguments)
{
    return call_for_change(session, "Keep", arguments[0], "keep the change");
}
