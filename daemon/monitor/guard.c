/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/guard.h"

#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/core/macro.h"

typedef struct Guarded {
    GuardedHandler handler;
    void *userdata;
} Guarded;

static void on_answer(sd_bus_message *message, PolkitAnswer answer, const char *action_id,
                      const char *problem, void *userdata)
{
    _cleanup_free_ Guarded *guarded = userdata;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int r;

    if (answer == POLKIT_CANCELLED)
        return;
    if (answer == POLKIT_AUTHORIZED) {
        r = sd_bus_message_rewind(message, /* complete= */ true);
        if (r >= 0)
            r = guarded->handler(message, guarded->userdata, &error);
    } else {
        r = polkit_answer_to_error(answer, action_id, problem, &error);
    }
    if (r >= 0)
        return;
    if (!sd_bus_error_is_set(&error))
        (void)bus_error_set(&error, r, NULL);
    (void)sd_bus_reply_method_error(message, &error);
}

int guard_method(Polkit *polkit, sd_bus_message *message, const char *action,
                 GuardedHandler handler, void *userdata, sd_bus_error *ret_error)
{
    const char *const actions[] = {action, NULL};
    Guarded *guarded = malloc(sizeof(*guarded));
    int r;

    if (!guarded)
        return -ENOMEM;
    *guarded = (Guarded){.handler = handler, .userdata = userdata};
    r = polkit_check(polkit, message, actions, /* details= */ NULL, on_answer, guarded);
    if (r >= 0)
        return 1;
    free(guarded);
    if (r == -EDQUOT)
        return bus_error_set_named(ret_error, BUS_ERROR_LIMIT_EXCEEDED,
                                   "Too many requests of this user wait for authorization.");
    return bus_error_set(ret_error, r, NULL);
}
