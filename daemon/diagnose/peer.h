/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who listens on a Unix socket, as one diagnosis can tell another: the denial of connectto names
 * the peer's domain, and the denials before it, on the way to the same socket, do not.
 */
#pragma once

#include "daemon/core/diagnosis.h"

/* 1 if `diagnosis` learned its peer from `other`, 0 if there was nothing to learn, or -ENOMEM. */
int diagnosis_learn_peer(Diagnosis *diagnosis, const Diagnosis *other);
