/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The diagnoses that the monitor knows: incidents fold in, analyses and changes move their
 * state. Knows neither bus nor clock; an observer is told what changed.
 *
 * States: a new one is `open`. A change made for it makes it `applied`; if the policy then
 * allows the access, `verified`. If the policy allows it without that, or the file modes that
 * refused it no longer do, `resolved`. A denial after `applied`, `verified` or `resolved` makes it
 * `recurred`. `dismissed` stays, whatever comes, until a change is made for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json_object.h>

#include "daemon/core/diagnosis.h"
#include "daemon/correlate/incident.h"

typedef struct Store Store;

typedef struct StoreObserver {
    /* Each may be NULL. `removed` comes before the diagnosis is freed. */
    void (*added)(Diagnosis *diagnosis, void *userdata);
    void (*changed)(Diagnosis *diagnosis, void *userdata);
    void (*removed)(Diagnosis *diagnosis, void *userdata);
    /* The state is another than `before`; comes besides `changed`. */
    void (*moved)(Diagnosis *diagnosis, DiagnosisState before, void *userdata);
    void *userdata;
} StoreObserver;

typedef struct StoreStatistics {
    uint64_t incidents;
    uint64_t irrelevant; /* failures that are no business of ours */
    uint64_t evicted;
    uint64_t dropped; /* lost for lack of memory */
} StoreStatistics;

typedef enum StoreChange {
    STORE_CHANGE_APPLIED,
    STORE_CHANGE_REVERTED,
} StoreChange;

/* 0 or -ENOMEM. The observer is copied. */
int store_new(Store **ret_store, const StoreObserver *observer);
Store *store_free(Store *store); /* tells nobody; accepts and returns NULL */

/* Puts in one of an earlier run, which the store takes over, behind those that are there, and
 * tells nobody. `changed`: a change was made for it that no analysis has judged yet. -EEXIST, or
 * -E2BIG if the store is full; then it is freed. */
int store_restore(Store *store, Diagnosis *diagnosis, bool changed);
/* That flag, for keeping it. */
bool store_is_changed(const Store *store, size_t index);
/* Tells nobody from now on. */
void store_mute(Store *store);

/* Folds an incident in. 0, or -ENOMEM. */
int store_take_incident(Store *store, const Incident *incident);

/* The next one that waits for the policy to be asked, and marks it as asked; NULL if none. What
 * has no answer yet comes first, in the order it came; then what was seen last. An incident or a
 * change that comes meanwhile marks it again. */
Diagnosis *store_next_unanalyzed(Store *store);
/* How many wait that have no answer yet. */
size_t store_count_unanswered(const Store *store);
bool store_has_unanalyzed(const Store *store);
size_t store_count_unanalyzed(const Store *store);
/* Takes the answer for one diagnosis: an object from diagnosis_to_json(). 0, -ENOENT (it is
 * gone by now), -EBADMSG, -ENOMEM. */
int store_take_analysis(Store *store, const char *id, json_object *analysis);
/* The policy changed: all must be asked about again. */
void store_invalidate(Store *store);
/* Marks what plain permissions refused and may have been mended: soon at first, more seldom the
 * longer nothing failed for it. `now_usec` is CLOCK_REALTIME. Whether there is any. */
bool store_recheck(Store *store, uint64_t now_usec);

/* A change was made, or taken back, for a diagnosis. -ENOENT if there is none of that id. */
int store_take_change(Store *store, const char *id, StoreChange change);
int store_dismiss(Store *store, const char *id);

size_t store_count(const Store *store);
/* By index, oldest first; NULL past the end. Belongs to the store. */
Diagnosis *store_get(const Store *store, size_t index);
/* By id; NULL if there is none. */
Diagnosis *store_find(const Store *store, const char *id);
const StoreStatistics *store_statistics(const Store *store);
