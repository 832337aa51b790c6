/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and groups, from the text of passwd(5) and group(5). Only these files: what a directory
 * service knows is not asked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"
#include "daemon/host/permission.h"

typedef struct Accounts Accounts;

/* Either text may be NULL. Lines that are none are left out. 0 or -ENOMEM. */
int accounts_parse(const char *passwd, const char *group, Accounts **ret_accounts);
/* Reads /etc/passwd and /etc/group beneath root_fd; one that is not there is empty. 0 or -ENOMEM.
 */
int accounts_read(int root_fd, Accounts **ret_accounts);
Accounts *accounts_free(Accounts *accounts); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(Accounts, accounts_free, accounts_cleanup);

/* Names belong to the accounts; NULL where there is none. */
const char *accounts_user_name(const Accounts *accounts, uint32_t uid);
const char *accounts_group_name(const Accounts *accounts, uint32_t gid);
/* The user's home directory; NULL where there is no such user. */
const char *accounts_home(const Accounts *accounts, uint32_t uid);
/* How many users have it as primary group or are listed in it. */
size_t accounts_group_size(const Accounts *accounts, uint32_t gid);

/* The process that nginx makes of itself for its workers with `user NAME [GROUP]`: the user's
 * groups, and GROUP (NULL: that of the user's name) as its own; no capabilities. 0, -ENOENT (no
 * such user or group), or -E2BIG past SUBJECT_GROUPS_MAX. */
int accounts_make_subject(const Accounts *accounts, const char *user, const char *group,
                          Subject *ret_subject);
