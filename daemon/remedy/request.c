/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/bus/plan-arguments.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/request.h"

#define FOR(kind) (1u << (kind))
#define FOR_PLANS (FOR(REQUEST_APPLY) | FOR(REQUEST_TRIAL))

typedef enum Option {
    OPTION_DIAGNOSIS_ID,
    OPTION_REASON,
    OPTION_ACCESSES,
    OPTION_EXPECTED,
    OPTION_LIMIT,
} Option;

static const struct {
    const char *name;
    const char *signature;
    unsigned requests; /* where it may stand */
} options[] = {
    [OPTION_DIAGNOSIS_ID] = {"DiagnosisId", "s", FOR_PLANS},
    [OPTION_REASON] = {"Reason", "s", FOR_PLANS | FOR(REQUEST_KEEP) | FOR(REQUEST_REVERT)},
    [OPTION_ACCESSES] = {"Accesses", ACCESSES_BUS_SIGNATURE, FOR_PLANS},
    [OPTION_EXPECTED] = {"Expected", "as", FOR_PLANS},
    [OPTION_LIMIT] = {"Limit", "u", FOR(REQUEST_LIST_CHANGES)},
};

void request_clear(Request *request)
{
    plan_clear(&request->plan);
    free(request->change_id);
    free(request->diagnosis_id);
    free(request->reason);
    strv_free(request->expected);
    *request = (Request){0};
}

/* A malformed plan has its own name; everything else is by errno. */
static int plan_error(sd_bus_error *ret_error, int error, const char *problem)
{
    if (!problem)
        return bus_error_set(ret_error, error, NULL);
    if (error == -EINVAL)
        return bus_error_set_named(ret_error, BUS_ERROR_INVALID_PLAN, problem);
    return bus_error_set(ret_error, error, problem);
}

static int read_text(sd_bus_message *message, const char *name, size_t max, char **ret_text,
                     sd_bus_error *ret_error)
{
    const char *text = NULL;
    const char *fault = NULL;
    int error = 0;
    int r;

    r = sd_bus_message_read_basic(message, 's', &text);
    if (r < 0)
        return r;
    if (strlen(text) > max) {
        error = -E2BIG;
        fault = "is too long";
    } else if (*text)
        fault = argument_text_fault(FORM_STRING, text, &error);
    if (fault)
        return bus_error_setf(ret_error, error, "%s %s.", name, fault);
    return string_replace(ret_text, text);
}

/* An id goes into a signal that everybody gets, so it may not smuggle text. */
static bool diagnosis_id_is_valid(const char *id)
{
    return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           strlen(id);
}

static int read_expected(sd_bus_message *message, Request *request, sd_bus_error *ret_error)
{
    int r;

    r = sd_bus_message_enter_container(message, 'a', "s");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_at_end(message, /* complete= */ false)) == 0) {
        _cleanup_free_ char *text = NULL;

        if (strv_length(request->expected) >= PLAN_ACTIONS_MAX)
            return bus_error_set(ret_error, -E2BIG, "Expected has too many elements.");
        r = read_text(message, "Expected", PLAN_STRING_MAX, &text, ret_error);
        if (r >= 0)
            r = strv_append(&request->expected, text);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    request->have_expected = true;
    return sd_bus_message_exit_container(message);
}

static int read_option(sd_bus_message *message, Option option, Request *request,
                       sd_bus_error *ret_error)
{
    _cleanup_free_ char *problem = NULL;
    int r;

    switch (option) {
    case OPTION_DIAGNOSIS_ID:
        r = read_text(message, "DiagnosisId", REMEDY_DIAGNOSIS_ID_MAX, &request->diagnosis_id,
                      ret_error);
        if (r >= 0 && !diagnosis_id_is_valid(strempty(request->diagnosis_id)))
            return bus_error_set(ret_error, -EINVAL,
                                 "DiagnosisId has a character it may not have.");
        return r;
    case OPTION_REASON:
        return read_text(message, "Reason", REMEDY_REASON_MAX, &request->reason, ret_error);
    case OPTION_ACCESSES:
        r = plan_bus_read_accesses(message, &request->plan, &problem);
        return r < 0 ? plan_error(ret_error, r, problem) : 0;
    case OPTION_EXPECTED:
        return read_expected(message, request, ret_error);
    case OPTION_LIMIT:
        return sd_bus_message_read_basic(message, 'u', &request->limit);
    }
    return -EINVAL;
}

static int read_one(sd_bus_message *message, RequestKind kind, unsigned *seen, Request *request,
                    sd_bus_error *ret_error)
{
    const char *name = NULL;
    const char *contents = NULL;
    size_t option;
    int r;

    r = sd_bus_message_read_basic(message, 's', &name);
    if (r < 0)
        return r;
    for (option = 0; option < ELEMENTS_OF(options); option++)
        if (streq(options[option].name, name) && (options[option].requests & FOR(kind)))
            break;
    if (option == ELEMENTS_OF(options))
        return bus_error_setf(ret_error, -EINVAL, "There is no option \"%.64s\" here.", name);
    if (*seen & 1u << option)
        return bus_error_setf(ret_error, -EINVAL, "%s is given twice.", name);
    *seen |= 1u << option;

    r = sd_bus_message_peek_type(message, NULL, &contents);
    if (r < 0)
        return r;
    if (!contents || !streq(contents, options[option].signature))
        return bus_error_setf(ret_error, -EINVAL, "%s must be of type %s.", name,
                              options[option].signature);
    r = sd_bus_message_enter_container(message, 'v', contents);
    if (r < 0)
        return r;
    r = read_option(message, (Option)option, request, ret_error);
    if (r < 0)
        return r;
    return sd_bus_message_exit_container(message);
}

static int read_options(sd_bus_message *message, RequestKind kind, Request *request,
                        sd_bus_error *ret_error)
{
    unsigned seen = 0;
    int r;

    r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_one(message, kind, &seen, request, ret_error);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

int request_read(sd_bus_message *message, RequestKind kind, Request *ret_request,
                 sd_bus_error *ret_error)
{
    _cleanup_(request_clear) Request request = {0};
    _cleanup_free_ char *problem = NULL;
    const char *change_id = NULL;
    int r;

    if (kind == REQUEST_CHECK || kind == REQUEST_APPLY || kind == REQUEST_TRIAL) {
        r = plan_bus_read_actions(message, &request.plan, &problem);
        if (r < 0)
            return plan_error(ret_error, r, problem);
    }
    if (kind == REQUEST_TRIAL) {
        r = sd_bus_message_read_basic(message, 'u', &request.seconds);
        if (r < 0)
            return r;
        if (request.seconds < REMEDY_TRIAL_SECONDS_MIN ||
            request.seconds > REMEDY_TRIAL_SECONDS_MAX)
            return bus_error_setf(ret_error, -EINVAL, "A trial lasts %u to %u seconds.",
                                  REMEDY_TRIAL_SECONDS_MIN, REMEDY_TRIAL_SECONDS_MAX);
    }
    if (kind == REQUEST_REVERT || kind == REQUEST_KEEP) {
        r = sd_bus_message_read_basic(message, 's', &change_id);
        if (r >= 0)
            r = string_replace(&request.change_id, change_id);
        if (r < 0)
            return r;
    }
    r = read_options(message, kind, &request, ret_error);
    if (r < 0)
        return r;
    *ret_request = request;
    request = (Request){0};
    return 0;
}
