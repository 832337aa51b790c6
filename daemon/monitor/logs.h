/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nginx's configuration as the monitor needs it: what it asks for, and which error logs to follow
 * (those that selguard.conf names, else those that it does). Read again when it changes on disk.
 * Other nginx that run with configurations of their own (nginx -c) count like it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/config.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/nginx/follower.h"

typedef struct LogFinder LogFinder;

/* `start` is how logs found at the first look are taken up; later ones are read from their
 * beginning. Does not own the follower, and copies what it needs of the config. */
int log_finder_new(LogFinder **ret_finder, const Config *config, Follower *follower,
                   FollowerStart start);
LogFinder *log_finder_free(LogFinder *finder);

/* Looks if anything changed since the last time: cheap, some stat() calls. Returns 1 if logs
 * were looked up, 0 if nothing changed, or a negative errno of reading the configuration, with
 * *ret_problem a sentence for the caller to free; logs followed before stay. One that nginx's
 * configuration lost is followed for as long as it can be read: nginx may not be reloaded yet. */
int log_finder_update(LogFinder *finder, char **ret_problem);

/* Logs that are not followed: more than NGINX_LOGS_MAX. */
size_t log_finder_count_refused(const LogFinder *finder);

/* What the configuration asks for, as last read; NULL if it could not be. */
const NginxIntents *log_finder_intents(const LogFinder *finder);
