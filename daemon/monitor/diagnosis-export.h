/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer of Diagnosis.Export. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/core/diagnosis.h"

/* Reads format and options from the message and replies. A negative errno, with *ret_error set
 * where the caller is to blame. */
int diagnosis_export_reply(sd_bus_message *message, const Diagnosis *diagnosis,
                           sd_bus_error *ret_error);
