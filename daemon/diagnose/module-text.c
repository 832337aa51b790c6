/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/module-text.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

char *module_name(const char *source, const char *target, const char *class_name)
{
    char *name = format_string("selguard_%s_%s_%s", source, target, class_name);

    for (char *c = name; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
        else if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9'))
            *c = '_';
    }
    return name;
}

char *module_rule(const char *source, const char *target, const char *class_name,
                  const char *permissions)
{
    return format_string("(allow %s %s (%s (%s)))\n", source, target, class_name, permissions);
}

int module_to_action(const char *name, const char *cil, Plan *plan)
{
    Action action = {.kind = ACTION_INSTALL_MODULE};
    int r = string_replace(&action.name, name);

    if (r >= 0)
        r = string_replace(&action.cil, cil);
    if (r >= 0)
        r = plan_add_action(plan, &action);
    action_clear(&action);
    return r;
}
