/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A diagnosis as the monitor keeps it across restarts: everything but what the policy is asked
 * for anew (fixes, refusals, notes). A format of its own, since what people read rounds times
 * and leaves out what only the monitor needs.
 */
#pragma once

#include <json-c/json_object.h>

#include "daemon/core/diagnosis.h"

/* 0 with a new object for the caller to json_object_put(), or -ENOMEM. */
int diagnosis_keep(const Diagnosis *diagnosis, json_object **ret_object);

/* Reads such an object, which may be anything: -EBADMSG for what does not fit (a type, a length,
 * an id that is none, text that is not UTF-8). The result is not analyzed. Or -ENOMEM. */
int diagnosis_restore(json_object *object, Diagnosis **ret_diagnosis);
