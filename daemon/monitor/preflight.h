/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nginx's configuration is meant to reach, as diagnoses of denials that have not happened:
 * the analysis then tells which of them the policy would refuse. Runs in the analysis worker.
 *
 * Ports by their label in the policy; files, directories and sockets by their label on disk, or by
 * the default one where the disk cannot be asked. Names and variables decided at run time are
 * listed as unknown, what is not there as missing.
 */
#pragma once

#include "daemon/monitor/worker.h"

/* A WorkerMake; no userdata. The report has
 *   asks      array of {id, kind, directive, value, server?, location?, file?, line, path?}: what
 * asks for the access of the diagnosis with that id checked   how many accesses there are missing
 * array of the same without id: a file that is not there unknown   array of the same: decided at
 * run time, or a label that cannot be seen truncated true if a limit was met */
int preflight_make(const WorkerSubject *subject, void *userdata, Diagnosis ***ret_diagnoses,
                   size_t *ret_n, json_object **ret_report);
