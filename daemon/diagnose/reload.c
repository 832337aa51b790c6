/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/reload.h"

#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/diagnose/program.h"

static bool is_of_nginx(const Diagnosis *diagnosis)
{
    ProgramKind kind = program_of_diagnosis(diagnosis);

    return kind == PROGRAM_NGINX || kind == PROGRAM_UNKNOWN;
}

/* Only a master listens. The line may be missing, and the kernel's word is enough. */
static bool was_to_listen(const Diagnosis *diagnosis)
{
    return diagnosis->have_access && (strstr(diagnosis->access.permissions, "name_bind") ||
                                      strstr(diagnosis->access.permissions, "node_bind"));
}

bool reload_is_needed(const Diagnosis *diagnosis)
{
    if (!is_of_nginx(diagnosis))
        return false;
    return was_to_listen(diagnosis) || streq(strempty(diagnosis->operation), "bind") ||
           (!diagnosis->in_request && streq(strempty(diagnosis->log_level), "emerg"));
}

/* What a person has to do first comes before the reload, which is then theirs as well. */
static bool is_applied_by_service(const Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (plan->actions[i].kind == ACTION_ADVISE || plan->actions[i].kind == ACTION_RELOAD_NGINX)
            return false;
    return plan->n_actions > 0;
}

int reload_append(Diagnosis *diagnosis)
{
    if (!reload_is_needed(diagnosis))
        return 0;
    for (size_t i = 0; i < diagnosis->n_fixes; i++) {
        Action action = {.kind = ACTION_RELOAD_NGINX};
        int r;

        if (!is_applied_by_service(&diagnosis->fixes[i].plan))
            continue;
        r = plan_add_action(&diagnosis->fixes[i].plan, &action);
        /* A plan that is full is applied without. */
        if (r < 0 && r != -E2BIG)
            return r;
    }
    return 0;
}
