/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Diagnoses for people, written from their JSON form, so that the client and `analyze`
 * say the same. Strings are escaped again here: the JSON may come from elsewhere.
 */
#pragma once

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct TextStyle {
    bool color;   /* ANSI colours */
    bool details; /* all requests and evidence, not only the newest */
} TextStyle;

/* Everything about one diagnosis, its ranked fixes last. */
void diagnosis_print(FILE *stream, json_object *diagnosis, const TextStyle *style);

/* One line of a list. */
void diagnosis_print_line(FILE *stream, json_object *diagnosis, const TextStyle *style);
