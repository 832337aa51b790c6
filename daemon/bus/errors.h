/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The D-Bus error names of both services, and how errno values become them.
 * Authorization uses the names of the D-Bus and polkit world, which clients and
 * their libraries already know; everything else is org.selguard.Error.*.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/core/macro.h"

/* polkit said no, or could not be asked. */
#define BUS_ERROR_ACCESS_DENIED SD_BUS_ERROR_ACCESS_DENIED
/* polkit would ask the person, but the call did not allow interaction. */
#define BUS_ERROR_INTERACTION_REQUIRED SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED

/* An argument is malformed: never meant to be sent. */
#define BUS_ERROR_INVALID_ARGUMENT "org.selguard.Error.InvalidArgument"
/* A plan is malformed; the text names the action's index and the argument. */
#define BUS_ERROR_INVALID_PLAN "org.selguard.Error.InvalidPlan"
/* A well-formed request that the service does not carry out; the text names the rule. */
#define BUS_ERROR_REFUSED "org.selguard.Error.Refused"
/* The system is no longer as the person saw it. */
#define BUS_ERROR_STATE_CHANGED "org.selguard.Error.StateChanged"
/* Something else is at work; the same call may succeed later. */
#define BUS_ERROR_BUSY "org.selguard.Error.Busy"
/* No such diagnosis, change, job. */
#define BUS_ERROR_NOT_FOUND "org.selguard.Error.NotFound"
/* A bound on size, number or rate was reached. */
#define BUS_ERROR_LIMIT_EXCEEDED "org.selguard.Error.LimitExceeded"
/* A part of the system that is needed is not there (SELinux, the store, a file). */
#define BUS_ERROR_UNAVAILABLE "org.selguard.Error.Unavailable"
/* It was tried and failed. */
#define BUS_ERROR_FAILED "org.selguard.Error.Failed"

/* The name that fits a negative errno: EINVAL, E2BIG, EBUSY, ENOENT, EACCES, EPERM,
 * ESTALE, EOPNOTSUPP, ENODEV; Failed for any other. Never NULL. */
const char *bus_error_name(int error);

/* Sets `ret_error` from a negative errno and a text (NULL: strerror's), and returns
 * `error`, so that a method handler may end with it. Control bytes in the text are
 * escaped: it may quote what a caller sent. */
int bus_error_set(sd_bus_error *ret_error, int error, const char *text);
int bus_error_setf(sd_bus_error *ret_error, int error, const char *format, ...) _printf_(3, 4);
/* The same with a name of the caller's choice; returns the negative errno that
 * sd_bus_error_set() maps it to. */
int bus_error_set_named(sd_bus_error *ret_error, const char *name, const char *text);
