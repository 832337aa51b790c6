/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `nginx-selguard analyze`: the same engine on recorded files, without bus and privilege.
 */
#pragma once

/* argv[0] is "analyze". Returns the exit status: 0, 1 (could not be done), 2 (usage). */
int analyze_main(int argc, char **argv);
