/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a revert needs and a change record is too small for: an earlier module of the same name,
 * the labels of many files. One file for each action that has such, beside the change records
 * (root, mode 0600): "undo-<change>-<action>". Whole or not there: written beside, synced,
 * renamed, the directory synced; before the first byte of what it is about is changed.
 */
#pragma once

#include <stddef.h>

/* The file of an action of a change. NULL if out of memory. */
char *undo_path(const char *directory, const char *change_id, size_t action);

/* 0 or a negative errno. */
int undo_write(const char *path, const void *data, size_t size);
/* 0 with *ret_data (to be freed, with a NUL behind it that is not counted); -ENOENT, -EFBIG
 * past REMEDY_UNDO_SIZE_MAX, or another negative errno. */
int undo_read(const char *path, char **ret_data, size_t *ret_size);

/* Removes all of a change's. Best effort: one that stays is only in the way of nobody. */
void undo_forget(int directory_fd, const char *change_id, size_t n_actions);
