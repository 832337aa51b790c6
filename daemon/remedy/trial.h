/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A trial: a change that is in force for a limited time and then taken back.
 *
 *   running ──▶ keeping ──▶ kept     made permanent: from then on a change like any other
 *      │           │
 *      └───────────┴──────▶ over     taken back, or left alone because somebody else changed it
 *
 * `keeping` is on disk while the permanent records are being made: found after a crash, the
 * trial still ends at its time, whichever of the two the store has.
 *
 * Time is CLOCK_BOOTTIME of the boot in which the trial began. It goes on while the machine sleeps
 * and nobody can set it, so that a step of the wall clock makes no trial longer. Another boot
 * has ended it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum TrialState {
    TRIAL_NONE, /* no trial */
    TRIAL_RUNNING,
    TRIAL_KEEPING,
    TRIAL_KEPT,
    TRIAL_OVER,
    TRIAL_STATE_COUNT,
} TrialState;

/* As sd_id128_to_string() has it. */
#define BOOT_ID_SIZE 33u

typedef struct Trial {
    TrialState state;
    uint32_t seconds;       /* asked for */
    uint64_t deadline_usec; /* CLOCK_BOOTTIME; 0 until it is applied */
    char boot_id[BOOT_ID_SIZE];
} Trial;

typedef struct TrialClock {
    uint64_t boottime_usec;
    char boot_id[BOOT_ID_SIZE];
} TrialClock;

const char *trial_state_to_string(TrialState state); /* "" for NONE */
int trial_state_from_string(const char *text, TrialState *ret_state);

/* 0 or a negative errno: without a boot id there are no trials. */
int trial_clock_read(TrialClock *ret_clock);

/* Sets the deadline from now on. */
void trial_start(Trial *trial, const TrialClock *clock);
/* True while it is to end: running or keeping. */
bool trial_is_open(const Trial *trial);
bool trial_is_of_this_boot(const Trial *trial, const TrialClock *clock);
/* Until it is to end; 0 if it is past, or was begun in another boot. */
uint64_t trial_remaining_usec(const Trial *trial, const TrialClock *clock);
