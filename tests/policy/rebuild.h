/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy's source with a plan carried out in it, compiled with secilc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/plan.h"

/* The source as lines: one statement that may change (boolean, portcon) a line. */
typedef struct Source {
    char **lines; /* NULL-terminated */
} Source;

/* Reads CIL files (separated by spaces), one after another. */
bool source_read(Source *source, const char *paths);
/* Takes a compiled policy back to CIL. */
bool source_from_image(Source *source, const char *path);
void source_clear(Source *source);

bool source_set_boolean(Source *source, const char *name, bool value);

/* Writes what the source is with the plan, and compiles it to `image`. What a plan does to
 * labels on disk is not in a policy. */
bool source_compile(const Source *source, const Plan *plan, const char *image);
