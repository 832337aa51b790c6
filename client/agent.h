/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * polkit's agent for terminals (pkttyagent), so that a person at a plain shell can be asked for
 * a password. Without a terminal, as root, or without the program, there is none.
 */
#pragma once

#include <sys/types.h>

/* Starts it and waits until it is registered. Returns its pid, or 0 for none. */
pid_t agent_start(void);
/* Ends it. Accepts 0. */
void agent_stop(pid_t pid);
