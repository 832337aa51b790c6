/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One change record as a file, "change-<id>.json", JSON as change-record.h has it. Read as strictly
 * as if somebody else had written it; replaced as a whole.
 */
#pragma once

#include "daemon/remedy/change-record.h"

/* To be freed; NULL if out of memory. */
char *change_file_name(uint64_t id);
/* 0, -EINVAL if the name is not that of a record, or -ENOMEM. */
int change_file_id(const char *name, uint64_t *ret_id);

/* 0, -EBADMSG if it is no record, or another negative errno. */
int change_file_read(int directory_fd, const char *name, ChangeRecord **ret_record);
/* Written beside, synced, renamed, the directory synced. 0 or a negative errno, with the old file
 * as it was. */
int change_file_write(int directory_fd, const ChangeRecord *record);
