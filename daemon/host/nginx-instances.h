/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which configurations the nginx processes of this host run with: the master's title is "nginx:
 * master process " and its arguments (ngx_process_cycle.c), among them -c FILE if one was given.
 */
#pragma once

/* The -c of a title, for the caller to free. 0, -ENOENT (no such title, no -c, or no absolute
 * path), or -ENOMEM. */
int nginx_title_configuration(const char *title, char **ret_path);

/* The configurations of running masters that were started with -c, each once, sorted; to be freed
 * with strv_free(). NULL if there are none. Only those of root and of files that root alone may
 * write: a process may call itself what it likes. 0 or a negative errno. */
int nginx_instances_find(char ***ret_paths);
