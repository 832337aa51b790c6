/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where nginx's configuration asks for what failed: the directive, its server and location. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/nginx/conf-intent.h"

/* Fills the diagnosis' places; `intents` may be NULL. Of several that fit, those of the server that
 * nginx's line names come first, then those whose location the request lies in, then the longest
 * path: only the best are kept, and all of them counted. 0 or -ENOMEM. */
int places_find(Diagnosis *diagnosis, const NginxIntents *intents);
