/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A dry run: what of a plan would be refused, and what the rest would change. The reading
 * happens in a worker.
 */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/remedy/plan-check.h"
#include "daemon/remedy/policy-store.h"

typedef struct CheckRow {
    char *refusal; /* NULL: permitted */
    bool have_state;
    ActionState state;
} CheckRow;

typedef struct CheckRun CheckRun;

/* `error` 0: one row for each action of the plan; else a negative errno with a sentence or NULL.
 * The run is freed when the handler returns. */
typedef void (*CheckRunFinished)(CheckRun *run, int error, const char *text, void *userdata);

/* Copies the plan. `finished` runs once, later, from the event loop. */
int check_run_start(CheckRun **ret_run, sd_event *event, const Plan *plan, const Config *config,
                    const PolicyStoreOptions *options, CheckRunFinished finished, void *userdata);
const Plan *check_run_plan(const CheckRun *run);
const CheckRow *check_run_rows(const CheckRun *run);
/* The handler will not run. Accepts and returns NULL. */
CheckRun *check_run_free(CheckRun *run);
