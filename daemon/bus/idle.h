/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main loop of a bus-activated service: it ends when there was nothing to do for
 * a while, and no request can be lost over that. The name is given back first, so that
 * a later call starts a new process; what was queued for us before is still answered.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/* True while there is work that must not be interrupted. */
typedef bool (*IdleIsBusy)(void *userdata);

/* Runs until sd_event_exit() is called, or nothing happened for `timeout_usec`
 * (UINT64_MAX: for ever) while not busy. Returns the exit code given to
 * sd_event_exit(), 0 on idle exit, or a negative errno. */
int bus_run_until_idle(sd_event *event, sd_bus *bus, const char *name, uint64_t timeout_usec,
                       IdleIsBusy is_busy, void *userdata);
