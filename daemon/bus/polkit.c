/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sys/types.h>

#include "daemon/bus/connect.h"
#include "daemon/bus/errors.h"
#include "daemon/bus/polkit.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags */
#define POLKIT_FLAG_ALLOW_USER_INTERACTION 1u

typedef struct PolkitCheck PolkitCheck;

struct PolkitCheck {
    Polkit *polkit;
    PolkitCheck *next;
    sd_bus_message *message;
    uid_t uid;
    char **actions;
    size_t current; /* index into actions: the one polkit is being asked about */
    char **details;
    PolkitCallback callback;
    void *userdata;
    sd_bus_slot *call;
    sd_bus_track *caller;
    char cancellation_id[40];
};

struct Polkit {
    sd_bus *bus;
    PolkitCheck *checks;
    size_t n_checks;
    uint64_t serial; /* of the last cancellation id */
};

static PolkitCheck *check_free(PolkitCheck *check)
{
    if (!check)
        return NULL;
    sd_bus_slot_unref(check->call);
    sd_bus_track_unref(check->caller);
    sd_bus_message_unref(check->message);
    strv_free(check->actions);
    strv_free(check->details);
    free(check);
    return NULL;
}

DEFINE_POINTER_CLEANUP(PolkitCheck, check_free, check_cleanup);

/* Takes the check off the list, tells its owner, frees it. */
static void check_finish(PolkitCheck *check, PolkitAnswer answer, const char *problem)
{
    Polkit *polkit = check->polkit;

    for (PolkitCheck **link = &polkit->checks; *link; link = &(*link)->next)
        if (*link == check) {
            *link = check->next;
            polkit->n_checks--;
            break;
        }
    check->callback(check->message, answer, check->actions[check->current], problem,
                    check->userdata);
    check_free(check);
}

/* Tells polkit to take its question off the screen. Nobody waits for the reply. */
static void check_withdraw(PolkitCheck *check)
{
    (void)sd_bus_call_method_async(check->polkit->bus, NULL, POLKIT_NAME, POLKIT_PATH,
                                   POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL, "s",
                                   check->cancellation_id);
}

static int on_caller_gone(sd_bus_track *track _unused_, void *userdata)
{
    PolkitCheck *check = userdata;

    check_withdraw(check);
    check_finish(check, POLKIT_CANCELLED, "The caller has left the bus.");
    return 0;
}

static int check_ask(PolkitCheck *check);

/* The reply of CheckAuthorization as an answer. */
static PolkitAnswer reply_to_answer(PolkitCheck *check, sd_bus_message *reply, char **ret_problem)
{
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    bool interactive = sd_bus_message_get_allow_interactive_authorization(check->message) > 0;
    bool dismissed = false;
    const char *key, *value;
    int authorized = 0, challenge = 0;
    int r;

    if (error) {
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
            *ret_problem = strdup("polkit is not available on this system, so nobody can be "
                                  "authorized.");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
                 sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT)) {
            check_withdraw(check);
            *ret_problem = strdup("polkit did not answer in time.");
        } else
            *ret_problem = format_string("polkit could not decide: %s", strempty(error->message));
        return POLKIT_UNAVAILABLE;
    }

    r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
    if (r >= 0)
        r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "{ss}");
    while (r >= 0 && (r = sd_bus_message_read(reply, "{ss}", &key, &value)) > 0)
        if (streq(key, "polkit.dismissed") && *value)
            dismissed = true;
    if (r < 0) {
        *ret_problem = strdup("polkit gave an answer that could not be read.");
        return POLKIT_UNAVAILABLE;
    }

    if (authorized)
        return POLKIT_AUTHORIZED;
    if (challenge && !interactive) {
        *ret_problem = strdup("An administrator has to authenticate for this, and the call did "
                              "not allow asking.");
        return POLKIT_CHALLENGE;
    }
    if (dismissed)
        *ret_problem = strdup("The question for authentication was dismissed.");
    else if (challenge)
        *ret_problem = strdup("Authentication is needed and did not succeed, or no "
                              "authentication agent was there to ask.");
    else
        *ret_problem = strdup("The system's policy does not allow it for this user.");
    return POLKIT_DENIED;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    PolkitCheck *check = userdata;
    _cleanup_free_ char *problem = NULL;
    PolkitAnswer answer = reply_to_answer(check, reply, &problem);

    check->call = sd_bus_slot_unref(check->call);
    if (answer == POLKIT_AUTHORIZED && check->actions[check->current + 1]) {
        check->current++;
        if (check_ask(check) >= 0)
            return 0;
        answer = POLKIT_UNAVAILABLE;
        problem = strdup("polkit could not be asked.");
    }
    check_finish(check, answer, problem);
    return 0;
}

static int check_ask(PolkitCheck *check)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
    bool interactive = sd_bus_message_get_allow_interactive_authorization(check->message) > 0;
    int r;

    (void)snprintf(check->cancellation_id, sizeof(check->cancellation_id), "selguard-%" PRIu64,
                   ++check->polkit->serial);
    r = sd_bus_message_new_method_call(check->polkit->bus, &call, POLKIT_NAME, POLKIT_PATH,
                                       POLKIT_INTERFACE, "CheckAuthorization");
    if (r < 0)
        return r;
    r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                              sd_bus_message_get_sender(check->message),
                              check->actions[check->current]);
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(call, 'a', "{ss}");
    if (r < 0)
        return r;
    for (char **detail = check->details; detail && detail[0] && detail[1]; detail += 2) {
        r = sd_bus_message_append(call, "{ss}", detail[0], detail[1]);
        if (r < 0)
            return r;
    }
    r = sd_bus_message_close_container(call);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call, "us", interactive ? POLKIT_FLAG_ALLOW_USER_INTERACTION : 0,
                              check->cancellation_id);
    if (r < 0)
        return r;
    return sd_bus_call_async(check->polkit->bus, &check->call, call, on_answer, check,
                             interactive ? POLKIT_TIMEOUT_INTERACTIVE_USEC : POLKIT_TIMEOUT_USEC);
}

static int check_new(PolkitCheck **ret_check, Polkit *polkit, sd_bus_message *message,
                     const char *const *action_ids, const char *const *details)
{
    _cleanup_(check_cleanup) PolkitCheck *check = calloc(1, sizeof(*check));
    size_t of_user = 0;
    int r;

    if (!check)
        return -ENOMEM;
    check->polkit = polkit;
    check->message = sd_bus_message_ref(message);

    r = bus_caller_uid(message, &check->uid);
    if (r < 0)
        return r;
    for (const PolkitCheck *other = polkit->checks; other; other = other->next)
        of_user += other->uid == check->uid;
    if (polkit->n_checks >= POLKIT_CHECKS_MAX || of_user >= POLKIT_CHECKS_PER_USER_MAX)
        return -EDQUOT;

    check->actions = strv_copy((char *const *)action_ids);
    if (!check->actions)
        return -ENOMEM;
    if (details) {
        check->details = strv_copy((char *const *)details);
        if (!check->details)
            return -ENOMEM;
    }
    r = sd_bus_track_new(polkit->bus, &check->caller, on_caller_gone, check);
    if (r < 0)
        return r;
    r = sd_bus_track_add_sender(check->caller, message);
    if (r < 0)
        return r;
    *ret_check = TAKE_POINTER(check);
    return 0;
}

int polkit_check(Polkit *polkit, sd_bus_message *message, const char *const *action_ids,
                 const char *const *details, PolkitCallback callback, void *userdata)
{
    _cleanup_(check_cleanup) PolkitCheck *check = NULL;
    int r;

    if (!action_ids[0] || !sd_bus_message_get_sender(message))
        return -EINVAL;
    r = check_new(&check, polkit, message, action_ids, details);
    if (r < 0)
        return r;
    check->callback = callback;
    check->userdata = userdata;
    r = check_ask(check);
    if (r < 0)
        return r;

    check->next = polkit->checks;
    polkit->checks = TAKE_POINTER(check);
    polkit->n_checks++;
    return 0;
}

size_t polkit_pending(const Polkit *polkit)
{
    return polkit ? polkit->n_checks : 0;
}

int polkit_new(Polkit **ret_polkit, sd_bus *bus)
{
    Polkit *polkit = calloc(1, sizeof(*polkit));

    if (!polkit)
        return -ENOMEM;
    polkit->bus = sd_bus_ref(bus);
    *ret_polkit = polkit;
    return 0;
}

Polkit *polkit_free(Polkit *polkit)
{
    if (!polkit)
        return NULL;
    while (polkit->checks) {
        check_withdraw(polkit->checks);
        check_finish(polkit->checks, POLKIT_CANCELLED, "The service is stopping.");
    }
    sd_bus_unref(polkit->bus);
    free(polkit);
    return NULL;
}

int polkit_answer_to_error(PolkitAnswer answer, const char *action_id, const char *problem,
                           sd_bus_error *ret_error)
{
    const char *name =
        answer == POLKIT_CHALLENGE ? BUS_ERROR_INTERACTION_REQUIRED : BUS_ERROR_ACCESS_DENIED;
    _cleanup_free_ char *text =
        format_string("Not authorized (%s): %s", action_id, problem ? problem : "polkit refused.");

    return bus_error_set_named(ret_error, name, text);
}
