/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <pwd.h>

#include "daemon/bus/connect.h"
#include "daemon/core/text.h"

/* getpwuid_r() wants its caller to guess; entries beyond this have no business here. */
#define PASSWD_BUFFER_SIZE 16384

DEFINE_POINTER_CLEANUP(sd_bus, sd_bus_unref, bus_cleanup);
DEFINE_POINTER_CLEANUP(sd_bus_creds, sd_bus_creds_unref, creds_cleanup);

int bus_connect(const char *address, const char *description, sd_event *event, sd_bus **ret_bus)
{
    _cleanup_(bus_cleanup) sd_bus *bus = NULL;
    int r;

    if (!address) {
        r = sd_bus_open_system_with_description(&bus, description);
        if (r < 0)
            return r;
    } else {
        r = sd_bus_new(&bus);
        if (r < 0)
            return r;
        r = sd_bus_set_description(bus, description);
        if (r < 0)
            return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
            return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
            return r;
        r = sd_bus_set_trusted(bus, false);
        if (r < 0)
            return r;
        r = sd_bus_start(bus);
        if (r < 0)
            return r;
    }
    if (event) {
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
            return r;
    }
    *ret_bus = TAKE_POINTER(bus);
    return 0;
}

int bus_own_name(sd_bus *bus, const char *name)
{
    int r = sd_bus_request_name(bus, name, 0);

    return r < 0 ? r : 0;
}

int bus_caller_uid(sd_bus_message *message, uid_t *ret_uid)
{
    _cleanup_(creds_cleanup) sd_bus_creds *creds = NULL;
    uid_t uid;
    int r;

    r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds);
    if (r < 0)
        return r;
    r = sd_bus_creds_get_euid(creds, &uid);
    if (r < 0)
        return r;
    *ret_uid = uid;
    return 0;
}

char *user_name(uid_t uid)
{
    _cleanup_free_ char *buffer = malloc(PASSWD_BUFFER_SIZE);
    struct passwd entry;
    struct passwd *found = NULL;

    if (!buffer)
        return NULL;
    if (getpwuid_r(uid, &entry, buffer, PASSWD_BUFFER_SIZE, &found) == 0 && found)
        return strdup(found->pw_name);
    return format_string("uid %lu", (unsigned long)uid);
}
