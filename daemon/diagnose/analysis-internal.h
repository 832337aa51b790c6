/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's parts among themselves: analysis.c runs it, analysis-failure.c is for failures that
 * came without a denial. Each returns 0 or -ENOMEM, save where it says more. */
#pragma once

#include "daemon/diagnose/analysis.h"
#include "daemon/selinux/hypothesis.h"

/* Adds a note; NULL is -ENOMEM. */
int analysis_note(Diagnosis *diagnosis, const char *text);
/* What the policy says of diagnosis->access, and what would change that. */
int analysis_of_access(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                       const AnalysisOptions *options);
/* `policy` and `current` may be NULL. */
int analysis_of_failure(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                        const AnalysisOptions *options);
/* Of a denied capability that makes up for modes: which modes. */
int analysis_of_override(Diagnosis *diagnosis, const AnalysisOptions *options);
/* Of a denial: whether modes would refuse as well, once the policy allows. */
int analysis_of_modes_behind(Diagnosis *diagnosis, const AnalysisOptions *options);
