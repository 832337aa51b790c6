/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one sentence that says what a diagnosis is about. Pure. */
#pragma once

#include "daemon/core/diagnosis.h"

/* Writes diagnosis->summary from the rest of it. 0 or -ENOMEM. */
int summary_update(Diagnosis *diagnosis);
