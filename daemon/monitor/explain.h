/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pasted text to diagnoses: audit records as logs, journal and people give them, and lines of
 * nginx's error log, in any mixture. Runs in the analysis worker, for the text is anybody's.
 */
#pragma once

#include "daemon/monitor/worker.h"

typedef struct ExplainText {
    const char *text;
    size_t length;
    char *const *domains; /* whose denials matter, NULL-terminated */
} ExplainText;

/* A WorkerMake; userdata is an ExplainText. The report has the counters records, events, denials,
 * other_denials, failures, skipped_records and left_out (problems past the limit). */
int explain_make(const WorkerSubject *subject, void *userdata, Diagnosis ***ret_diagnoses,
                 size_t *ret_n, json_object **ret_report);
