/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an incident to a diagnosis, as far as it goes without the policy: the signature that
 * folds like incidents into one, the target, and the first verdict. Pure.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/diagnosis.h"
#include "daemon/correlate/incident.h"

/* 16 hex digits and a terminator. */
#define DIAGNOSIS_ID_SIZE 17u

/* False for a failure that is no business of ours: a file that is not there, a client that
 * went away. Such an incident gets no diagnosis. */
bool incident_is_relevant(const Incident *incident);

/* What makes incidents the same problem: for a denial the types, class, permissions, and port
 * or kernel path. Where the kernel named a component only and nginx's line the path, it is also the
 * directory: two of a kind elsewhere take a change of their own. For a failure alone it is the
 * operation, target and errno. */
void incident_signature(const Incident *incident, char ret_id[DIAGNOSIS_ID_SIZE]);
/* Whether nothing but the denial counts for that. */
bool incident_signature_is_of_denial(const Incident *incident);

/* A new diagnosis with the incident folded in. 0 or -ENOMEM. */
int incident_to_diagnosis(const Incident *incident, Diagnosis **ret_diagnosis);

/* Counts the incident (unless a half of it was counted before), and keeps its times, evidence
 * and request. 0 or -ENOMEM; then it was counted all the same. */
int diagnosis_fold_incident(Diagnosis *diagnosis, const Incident *incident);

/* Adds only what nginx's line tells: a late half of something counted. 0 or -ENOMEM. */
int diagnosis_add_context(Diagnosis *diagnosis, const Failure *failure);

/* Whether a denial that came without nginx's line is of this diagnosis, by what the kernel named.
 */
bool diagnosis_explains_denial(const Diagnosis *diagnosis, const Denial *denial);

/* Whether a failure that came without its denial speaks of this diagnosis: the same port in
 * the same direction, soon after. In a storm the halves may miss each other. */
bool diagnosis_explains_failure(const Diagnosis *diagnosis, const Failure *failure);

/* The time of the incident in microseconds since the epoch: the kernel's if it has one. */
uint64_t incident_time(const Incident *incident);
