/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A diagnosis as JSON: what `analyze --format json` and `selguardctl show --json` print, and
 * what the analysis worker sends back. docs/json.md describes the members.
 */
#pragma once

#include <json-c/json_object.h>

#include "daemon/core/diagnosis.h"
#include "daemon/core/json.h"

/* 0 with a new object for the caller to json_object_put(), or -ENOMEM. */
int diagnosis_to_json(const Diagnosis *diagnosis, json_object **ret_object);

/* Fixes that are not put forward stand apart from the others, as "withheld". If `force`, they
 * become the object's fixes, with "forced"; else they are taken out. 0 or -ENOMEM. */
int diagnosis_json_force(json_object *object, bool force);

/* Reads what policy and configuration decide (verdict, cause, summary, allowed_now, fixes,
 * refusals, notes, places) from an object that diagnosis_to_json() made, replacing what *diagnosis
 * has of it. The object comes from a less trusted process: -EBADMSG for whatever does not fit, with
 * *diagnosis as it was; or -ENOMEM. */
int diagnosis_read_analysis(Diagnosis *diagnosis, json_object *object);

/* "2026-11-22T20:35:54.628Z". */
#define TIMESTAMP_SIZE 40u
void timestamp_format(uint64_t time_usec, char ret_text[TIMESTAMP_SIZE]);
