/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several verbs print. */
#pragma once

#include <json-c/json_object.h>
#include <stdio.h>

/* Indented, to standard output. 0 or -EIO. */
int output_json(json_object *object);
/* With everything that a terminal would act on escaped; an empty string for NULL. */
void output_escaped(FILE *stream, const char *text);
