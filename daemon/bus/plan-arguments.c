/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/plan-arguments.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"

#define ARGUMENT(name, form, member)                                                               \
    {                                                                                              \
        name, form, offsetof(Action, member)                                                       \
    }

static const Argument arguments_of[ACTION_KIND_COUNT][ARGUMENTS_MAX + 1] = {
    [ACTION_SET_BOOLEAN] = {ARGUMENT("name", FORM_STRING, name),
                            ARGUMENT("value", FORM_BOOLEAN, value)},
    [ACTION_SET_PORT] = {ARGUMENT("protocol", FORM_STRING, protocol),
                         ARGUMENT("low", FORM_PORT, low), ARGUMENT("high", FORM_PORT, high),
                         ARGUMENT("type", FORM_STRING, type)},
    [ACTION_SET_FILE_CONTEXT] = {ARGUMENT("regex", FORM_STRING, regex),
                                 ARGUMENT("file_type", FORM_STRING, file_type),
                                 ARGUMENT("type", FORM_STRING, type)},
    [ACTION_RELABEL] = {ARGUMENT("path", FORM_STRING, path),
                        ARGUMENT("recursive", FORM_BOOLEAN, recursive)},
    [ACTION_INSTALL_MODULE] = {ARGUMENT("name", FORM_STRING, name),
                               ARGUMENT("cil", FORM_MODULE, cil)},
    [ACTION_ADVISE] = {ARGUMENT("text", FORM_TEXT, text),
                       ARGUMENT("commands", FORM_LIST, commands)},
};

const Argument *action_arguments(ActionKind kind)
{
    return arguments_of[kind];
}

const Argument *action_argument_find(ActionKind kind, const char *name, size_t *ret_index)
{
    for (size_t i = 0; arguments_of[kind][i].name; i++)
        if (streq(arguments_of[kind][i].name, name)) {
            *ret_index = i;
            return &arguments_of[kind][i];
        }
    return NULL;
}

void *action_argument_member(const Argument *argument, const Action *action)
{
    return (char *)action + argument->offset;
}

/* D-Bus itself guarantees UTF-8 and no NUL; looked at again because change records come
 * from a file. */
const char *argument_text_fault(ArgumentForm form, const char *text, int *ret_error)
{
    bool multi_line = form != FORM_STRING;
    size_t max = form == FORM_MODULE ? PLAN_CIL_MAX : PLAN_STRING_MAX;

    *ret_error = -EINVAL;
    if (text[0] == '\0' && (form == FORM_STRING || form == FORM_MODULE))
        return "must not be empty";
    if (strlen(text) > max) {
        *ret_error = -E2BIG;
        return "is too long";
    }
    for (const char *p = text; *p; p++) {
        unsigned char byte = (unsigned char)*p;

        if (multi_line && (byte == '\n' || byte == '\t'))
            continue;
        if (byte < 0x20 || byte == 0x7f)
            return "has a control character";
    }
    if (!utf8_is_valid(text))
        return "is not valid UTF-8";
    return NULL;
}
