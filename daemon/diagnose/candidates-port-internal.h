/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the candidates for a port share; for this folder only. */
#pragma once

#include "daemon/diagnose/candidates.h"
#include "daemon/selinux/ports.h"

typedef struct PortContext {
    const CandidateContext *base;
    const Question *question;
    const char *protocol;
    char domain[256];
    PortLabel label; /* what the port has now */
} PortContext;

/* Appends a set-port for this port. 0 or -ENOMEM. */
int port_label_to_action(const PortContext *context, const char *type, Plan *plan);

/* A type of its own for the port, in a small module. 0 or a negative errno. */
int candidates_add_own_port(Diagnosis *diagnosis, const PortContext *context);
