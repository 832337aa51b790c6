/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy image. One that is taken must answer questions without a stumble; one that is not
 * must give a reason.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void ask(const Policy *policy)
{
    static const char *const contexts[] = {
        "u:r:a_t",
        "u:r:b_t:s0",
        "system_u:system_r:httpd_t:s0",
        "system_u:object_r:ntop_port_t:s0",
    };
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    require(hypothesis != NULL);
    for (size_t i = 0; i < ELEMENTS_OF(contexts); i++)
        for (size_t j = 0; j < ELEMENTS_OF(contexts); j++) {
            const Access access = {(char *)contexts[i], (char *)contexts[j], (char *)"file",
                                   (char *)"open read"};
            Decision decision = {};

            require(decide_access(hypothesis, &access, &decision) == 0);
            decision_clear(&decision);
        }
    for (uint32_t i = 0; i < policy_n_conditions(policy); i++) {
        _cleanup_free_ char *text = policy_condition_to_string(policy, i);

        require(text != NULL);
    }
    for (uint32_t i = 1; i <= policy_n_types(policy); i++)
        (void)policy_attributes_of(policy, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Policy *policy = NULL;
    char *message = NULL;
    int r = policy_load_memory(data, size, &policy, &message);

    if (r == 0) {
        require(policy && !message);
        ask(policy);
    } else {
        require(!policy && message && *message);
    }
    policy_free(policy);
    free(message);
    return 0;
}
