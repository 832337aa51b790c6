/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/trial.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

static const char *const trial_states[TRIAL_STATE_COUNT] = {
    [TRIAL_NONE] = "",     [TRIAL_RUNNING] = "running", [TRIAL_KEEPING] = "keeping",
    [TRIAL_KEPT] = "kept", [TRIAL_OVER] = "over",
};

DEFINE_ENUM_STRINGS(trial_state, TrialState, trial_states)

int trial_clock_read(TrialClock *ret_clock)
{
    TrialClock clock = {};
    struct timespec now;
    sd_id128_t boot;
    int r = sd_id128_get_boot(&boot);

    if (r < 0)
        return r;
    if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
        return -errno;
    (void)sd_id128_to_string(boot, clock.boot_id);
    clock.boottime_usec = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
    *ret_clock = clock;
    return 0;
}

void trial_start(Trial *trial, const TrialClock *clock)
{
    trial->deadline_usec = clock->boottime_usec + trial->seconds * USEC_PER_SEC;
    memcpy(trial->boot_id, clock->boot_id, sizeof(trial->boot_id));
}

bool trial_is_open(const Trial *trial)
{
    return trial->state == TRIAL_RUNNING || trial->state == TRIAL_KEEPING;
}

bool trial_is_of_this_boot(const Trial *trial, const TrialClock *clock)
{
    return streq(trial->boot_id, clock->boot_id);
}

uint64_t trial_remaining_usec(const Trial *trial, const TrialClock *clock)
{
    if (!trial_is_of_this_boot(trial, clock) || trial->deadline_usec <= clock->boottime_usec)
        return 0;
    return trial->deadline_usec - clock->boottime_usec;
}
