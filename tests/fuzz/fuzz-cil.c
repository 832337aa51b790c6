/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that the remedy service takes: whatever is read must be of the few shapes that are
 * documented, and within its bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "daemon/remedy/plan-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void require_name(const char *name)
{
    size_t length = strlen(name);

    require(length > 0 && length <= CIL_NAME_MAX && strspn(name, "()\"; \n") == 0);
}

static void check(const CilModule *module)
{
    require(module->n_rules > 0 && module->n_rules <= CIL_RULES_MAX);
    require(strv_length(module->attributes) <= CIL_ATTRIBUTES_MAX);
    require(!module->type || module->has_role);
    require(module->type || !module->attributes);
    for (size_t i = 0; i < module->n_rules; i++) {
        const CilRule *rule = &module->rules[i];

        require_name(rule->source);
        require_name(rule->target);
        require_name(rule->target_class);
        require(rule->permissions && rule->permissions[0]);
        STRV_FOREACH (permission, rule->permissions)
            require_name(*permission);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = strndup((const char *)data, size);
    _cleanup_free_ char *problem = NULL, *refusal = NULL;
    CilModule module = {};
    Action action = {.kind = ACTION_INSTALL_MODULE, .name = (char *)"selguard_x", .cil = text};

    if (!text)
        return 0;
    if (cil_read(text, &module, &problem) >= 0)
        check(&module);
    else
        require(!module.rules && !module.type);
    cil_module_clear(&module);
    (void)plan_check_action(&action, /* config= */ NULL, &refusal);
    return 0;
}
