/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records of all changes: a directory (root, mode 0700) with one JSON file a change,
 * "change-<id>.json", all of them also in memory. A file is replaced as a whole: written
 * beside, synced, renamed, the directory synced. What cannot be read is renamed to
 * "….corrupt" and reported, never deleted.
 *
 * In its directory "pending" an empty file of the same name stands for each record that is not
 * settled: unfinished, or a trial. It is there before the record says so and goes after. As long
 * as there is one, systemd starts the service whenever it does not run, also after a reboot
 * (nginx-selguard-remedy.path).
 *
 * Past REMEDY_CHANGES_MAX records the oldest that no revert can need goes: failed or reverted
 * ones first, then the oldest applied.
 */
#pragma once

#include <stddef.h>

#include "daemon/remedy/change-record.h"

typedef struct ChangeStore {
    int directory_fd;
    int pending_fd;
    ChangeRecord **records; /* ascending ids */
    size_t n_records;
    uint64_t last_id; /* highest ever seen here */
    char **set_aside; /* file names of corrupt records met at opening; NULL if none */
} ChangeStore;

/* Creates the directory if it is not there. 0 or a negative errno; -EPERM if others than its
 * owner, which must be us, may write there. */
int change_store_open(ChangeStore *ret_store, const char *path);
void change_store_close(ChangeStore *store);

/* Gives the record its id, writes it and takes ownership. On an error the caller keeps it. */
int change_store_add(ChangeStore *store, ChangeRecord *record);
/* Writes a record of the store again. */
int change_store_update(ChangeStore *store, const ChangeRecord *record);

/* By the text of an id. NULL if there is none. */
ChangeRecord *change_store_find(const ChangeStore *store, const char *id);

/* Whether a revert of this record may begin. 0; or -EPERM with *ret_why a sentence (not
 * applied, or a later change still in force touched the same); or -ENOMEM. */
int change_store_can_revert(const ChangeStore *store, const ChangeRecord *record, char **ret_why);

/* Whether a trial may be made permanent. 0; -EPERM with *ret_why a sentence; or -ENOMEM. */
int change_store_can_keep(const ChangeRecord *record, char **ret_why);

/* A record, unfinished or on trial, that touches something the plan touches, or NULL. */
const ChangeRecord *change_store_conflict(const ChangeStore *store, const Plan *plan);
