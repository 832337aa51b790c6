/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/output.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

int output_json(json_object *object)
{
    return puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE)) < 0
               ? -EIO
               : 0;
}

void output_escaped(FILE *stream, const char *text)
{
    _cleanup_free_ char *escaped = escape_for_terminal(strempty(text));

    (void)fputs(strempty(escaped), stream);
}
