/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether nginx has to be told: a worker that was refused asks again with the next request, but
 * what nginx was refused while it started, or read its configuration anew, it asks for once. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"

/* nginx was refused at its start or reload: a port or socket to listen on, or anything that it
 * called an emergency (then it did not take the configuration). What only another program in its
 * domain was refused is no matter of nginx's. */
bool reload_is_needed(const Diagnosis *diagnosis);

/* Ends each fix that the remedy service can apply with reload-nginx, if that is needed. To be
 * called after ranking. 0 or -ENOMEM. */
int reload_append(Diagnosis *diagnosis);
