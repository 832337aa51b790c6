/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of the Manager's methods, read strictly from a message: options that are not
 * known, twice there, or of the wrong type are an error, so that nobody relies on one that is
 * ignored.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/core/plan.h"

typedef struct Request {
    Plan plan;        /* Check, Apply, Trial; the option Accesses is in it */
    uint32_t seconds; /* Trial */
    char *change_id;
    char *diagnosis_id;
    char *reason;
    char **expected;
    bool have_expected;
    uint32_t limit; /* ListChanges; 0: all */
} Request;

typedef enum RequestKind {
    REQUEST_CHECK,
    REQUEST_APPLY,
    REQUEST_TRIAL,
    REQUEST_KEEP,
    REQUEST_REVERT,
    REQUEST_LIST_CHANGES,
    REQUEST_CANCEL,
} RequestKind;

/* 0, or a negative errno with *ret_error set to what the caller is to be told. */
int request_read(sd_bus_message *message, RequestKind kind, Request *ret_request,
                 sd_bus_error *ret_error);
void request_clear(Request *request);
