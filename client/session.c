/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/session.h"

#include <errno.h>

#include "daemon/bus/connect.h"
#include "daemon/bus/errors.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

int session_connect(Session *session)
{
    int r;

    if (session->host)
        r = sd_bus_open_system_remote(&session->bus, session->host);
    else if (session->machine)
        r = sd_bus_open_system_machine(&session->bus, session->machine);
    else
        r = bus_connect(/* address= */ NULL, "selguardctl", /* event= */ NULL, &session->bus);
    if (r >= 0)
        r = sd_bus_set_allow_interactive_authorization(session->bus, true);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(session->bus, CALL_TIMEOUT_USEC);
    if (r < 0)
        (void)fprintf(stderr, "The system bus cannot be reached: %s\n", strerror(-r));
    return r;
}

static const char *advice(const char *name)
{
    if (!name)
        return NULL;
    if (streq(name, SD_BUS_ERROR_SERVICE_UNKNOWN) || streq(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        return "The service is not running and the bus cannot start it: "
               "systemctl status nginx-selguard nginx-selguard-remedy";
    if (streq(name, BUS_ERROR_ACCESS_DENIED))
        return "Members of the group selguard may read; changing takes an administrator. Try "
               "with sudo, or as a user that polkit accepts";
    if (streq(name, BUS_ERROR_INTERACTION_REQUIRED))
        return "polkit would ask for a password, but has nobody to ask: run it in a terminal, or "
               "with sudo";
    if (streq(name, SD_BUS_ERROR_NO_REPLY) || streq(name, SD_BUS_ERROR_TIMEOUT))
        return "The service did not answer: journalctl -u nginx-selguard -u nginx-selguard-remedy";
    return NULL;
}

void session_print_error(const char *what, const sd_bus_error *error, int r)
{
    _cleanup_free_ char *message =
        escape_for_terminal(error && error->message ? error->message : strerror(r < 0 ? -r : r));
    const char *hint = advice(error ? error->name : NULL);

    (void)fprintf(stderr, "Cannot %s: %s\n", what, strempty(message));
    if (hint)
        (void)fprintf(stderr, "%s.\n", hint);
}

int session_call(Session *session, sd_bus_message *call, const char *what,
                 sd_bus_message **ret_reply)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int r;

    r = sd_bus_message_set_allow_interactive_authorization(call, true);
    if (r >= 0)
        r = sd_bus_call(session->bus, call, CALL_TIMEOUT_USEC, &error, ret_reply);
    if (r < 0)
        session_print_error(what, &error, r);
    return r;
}
