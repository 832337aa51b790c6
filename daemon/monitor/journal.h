/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the monitor writes to the journal: structured, each notable line with a MESSAGE_ID that
 * systemd/nginx-selguard.catalog explains. An id never changes its meaning. Without a journal
 * the lines go to standard error.
 */
#pragma once

#include "daemon/core/macro.h"

#define MESSAGE_STARTED         "09d82f23abcf43c49a582e8998e55804"
#define MESSAGE_PROBLEM         "9bd38299449c4e6282770dae1b68fa77"
#define MESSAGE_PROBLEM_SOLVED  "ae875a23187c4be1af4a74bde0f60556"
#define MESSAGE_DIAGNOSIS_NEW   "d4f37e6a5ab040ddb138651a822b057b"
#define MESSAGE_DIAGNOSIS_STATE "b5e2536bc5e54619a3a6d74a1a4c6461"
#define MESSAGE_GAP             "4c1f0d3f6f5b4a0b8a8b0d7a1c5e92d1"
#define MESSAGE_STATE_REFUSED   "e90e3c3f0c1e4f3b9a6f2c7d5b84a617"

/* `priority` as in syslog(3). `message_id` NULL: none. `diagnosis` is an id or NULL. */
void journal_log(int priority, const char *message_id, const char *diagnosis, const char *format,
                 ...) _printf_(4, 5);
