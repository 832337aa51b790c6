/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/policy-exposure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "daemon/selinux/exposure.h"

static char *const file_classes[] = {
    (char *)"file",      (char *)"dir",       (char *)"lnk_file",
    (char *)"sock_file", (char *)"fifo_file", NULL,
};

bool policy_exposure_is_limited(const Config *config)
{
    return config && (config->maximum_domains.set || config->maximum_ports.set ||
                      config->maximum_accesses.set);
}

static int add_module(Hypothesis *hypothesis, const Action *action)
{
    _cleanup_free_ char *problem = NULL;
    CilModule module = {};
    int r = cil_read(strempty(action->cil), &module, &problem);

    if (r < 0)
        return r;
    if (module.type) {
        r = hypothesis_add_type(hypothesis, module.type, module.attributes);
        r = r == -EEXIST ? 0 : r;
    }
    for (size_t i = 0; r >= 0 && i < module.n_rules; i++) {
        const CilRule *rule = &module.rules[i];
        _cleanup_free_ char *permissions = strv_join(rule->permissions, " ");

        r = permissions ? hypothesis_add_allow(hypothesis, rule->source, rule->target,
                                               rule->target_class, permissions)
                        : -ENOMEM;
    }
    cil_module_clear(&module);
    return r;
}

static int add_port(Hypothesis *hypothesis, const Action *action)
{
    PortProtocol protocol;
    int r = port_protocol_from_string(action->protocol, &protocol);

    return r < 0
               ? r
               : hypothesis_set_port(hypothesis, protocol, action->low, action->high, action->type);
}

/* Types first: ports refer to them. */
static int carry_out(Hypothesis *hypothesis, const Plan *plan)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->n_actions; i++)
        if (plan->actions[i].kind == ACTION_INSTALL_MODULE)
            r = add_module(hypothesis, &plan->actions[i]);
    for (size_t i = 0; r >= 0 && i < plan->n_actions; i++) {
        const Action *action = &plan->actions[i];

        if (action->kind == ACTION_SET_BOOLEAN)
            r = hypothesis_set_boolean(hypothesis, action->name, action->value);
        else if (action->kind == ACTION_SET_PORT)
            r = add_port(hypothesis, action);
    }
    return r;
}

static int measure(const Policy *policy, const Plan *plan, const char *focus,
                   const RelabelledType *types, size_t n_types, Exposure *ret_exposure)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *before = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_new(policy);
    ExposureRelabel relabels[RELABELLED_TYPES_MAX];
    int r;

    if (!before || !after)
        return -ENOMEM;
    for (size_t i = 0; i < n_types; i++)
        relabels[i] = (ExposureRelabel){
            .old_type = types[i].old_type, .new_type = types[i].new_type, .classes = file_classes};
    r = carry_out(after, plan);
    if (r < 0)
        return r;
    r = exposure_compute_relabels(before, after, focus, relabels, n_types, ret_exposure, NULL);
    return r == -ENOENT && focus ? exposure_compute_relabels(before, after, NULL, relabels, n_types,
                                                             ret_exposure, NULL)
                                 : r;
}

static bool exceeds(const ExposureLimit *limit, size_t value)
{
    return limit->set && value > limit->value;
}

static void judge(const Exposure *exposure, const Config *config,
                  char ret_obstacle[STATE_OBSTACLE_MAX])
{
    const struct {
        const ExposureLimit *limit;
        size_t value;
        const char *key, *what;
    } rows[] = {
        {&config->maximum_domains, strv_length(exposure->domains), "MaximumDomains", "domains"},
        {&config->maximum_ports, exposure->ports_count, "MaximumPorts", "ports"},
        {&config->maximum_accesses, exposure->gains_total, "MaximumAccesses", "accesses"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        if (exceeds(rows[i].limit, rows[i].value)) {
            (void)snprintf(ret_obstacle, STATE_OBSTACLE_MAX,
                           "the plan opens %zu %s, and the site permits %" PRIu32 " (%s=).",
                           rows[i].value, rows[i].what, rows[i].limit->value, rows[i].key);
            return;
        }
}

int policy_exposure_check(const Policy *policy, const Plan *plan, const Config *config,
                          const RelabelledType *relabels, size_t n_relabels,
                          char ret_obstacle[STATE_OBSTACLE_MAX])
{
    Exposure exposure = {};
    int r = measure(policy, plan, config->domains ? config->domains[0] : NULL, relabels, n_relabels,
                    &exposure);

    ret_obstacle[0] = '\0';
    if (r == -ENOENT || r == -EINVAL)
        return 0;
    if (r < 0)
        return r;
    judge(&exposure, config, ret_obstacle);
    exposure_clear(&exposure);
    return 0;
}
