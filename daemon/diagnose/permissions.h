/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain permissions held against a failure: what refuses, and the smallest changes that help, as
 * advice. Pure over what was looked up.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/diagnose/path-need.h"
#include "daemon/host/host-facts.h"

/* Needs facts->have_path and a known subject, else it is NOT_KNOWN. Adds notes, and for REFUSED
 * the obstacle and fixes; sets nothing else. 0 or -ENOMEM. */
int permissions_analyze(Diagnosis *diagnosis, const HostFacts *facts,
                        const PathOperation *operation, const NginxIntents *intents,
                        PermissionAnswer *ret_answer);

/* What is asked of the path really: a file that is not there is made, not read. */
PathNeed permissions_need(const PathFacts *path, const PathOperation *operation);
