/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <systemd/sd-daemon.h>

#include "daemon/bus/idle.h"
#include "daemon/core/macro.h"

DEFINE_POINTER_CLEANUP(sd_bus_slot, sd_bus_slot_unref, slot_cleanup);

/* The bus confirmed that the name is no longer ours. Everything it had queued for us
 * arrived before this reply, so nothing can come after it. */
static int on_name_released(sd_bus_message *reply _unused_, void *userdata,
                            sd_bus_error *ret_error _unused_)
{
    bool *released = userdata;

    *released = true;
    return 0;
}

int bus_run_until_idle(sd_event *event, sd_bus *bus, const char *name, uint64_t timeout_usec,
                       IdleIsBusy is_busy, void *userdata)
{
    _cleanup_(slot_cleanup) sd_bus_slot *slot = NULL;
    bool released = false;

    for (;;) {
        uint64_t wait = slot ? UINT64_MAX : timeout_usec;
        int code = 0;
        int r;

        r = sd_event_get_state(event);
        if (r < 0)
            return r;
        if (r == SD_EVENT_FINISHED) {
            (void)sd_event_get_exit_code(event, &code);
            return code;
        }

        /* Once the name is gone only what is already here is left to answer. */
        if (released && !is_busy(userdata))
            wait = 0;
        r = sd_event_run(event, wait);
        if (r < 0)
            return r;
        if (r > 0 || is_busy(userdata))
            continue;

        if (released) {
            r = sd_event_exit(event, 0);
            if (r < 0)
                return r;
        } else if (!slot) {
            (void)sd_notify(/* unset_environment= */ 0, "STOPPING=1");
            r = sd_bus_release_name_async(bus, &slot, name, on_name_released, &released);
            if (r < 0)
                return r;
        }
    }
}
