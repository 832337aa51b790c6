/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one moment of libsemanage's commit after which nobody can work with a store any more:
 * "active" has become "previous", and what is to be the next one has not become "active" yet
 * (semanage_commit_sandbox() in libsemanage's semanage_store.c). Whoever is killed there, or loses
 * power, leaves a store that libsemanage does not open.
 */
#pragma once

/* Puts "previous" back where a store has no "active" and nobody holds its lock. `root`: "" or the
 * directory in front of every path; `type`: the store's name. 1 if it did, 0 if there was nothing
 * to do, or a negative errno. */
int store_repair(const char *root, const char *type);
