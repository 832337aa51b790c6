/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Evidence in the words of the kernel: a denial as one line in the format of an AVC record,
 * decoded and escaped. Pure.
 */
#pragma once

#include "daemon/core/denial.h"

/* "audit(1795379754.628:52): avc:  denied  { name_connect } for  pid=352 …"; the caller
 * frees it. NULL if out of memory. */
char *evidence_of_denial(const Denial *denial);
