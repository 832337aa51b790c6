/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to a sound policy, as a log may hold them: the input is the source context, the
 * target context, the class and the permissions, one a line.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/security-context.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_decision(const Hypothesis *hypothesis, const Access *access)
{
    int allowed = decide_is_allowed(hypothesis, access);
    Decision decision = {};
    int r = decide_access(hypothesis, access, &decision);

    /* Blanks alone name no permission. */
    if (strspn(access->permissions, " ") == strlen(access->permissions)) {
        require(r == -EINVAL && allowed == -EINVAL);
        return;
    }
    require(r == 0);
    if (decision.status == DECIDE_OK) {
        bool all = true;

        require(allowed == (int)decision.allowed && !decision.problem);
        for (size_t i = 0; i < decision.n_permissions; i++) {
            all = all && decision.permissions[i].allowed;
            require(decision.permissions[i].allowed == (decision.permissions[i].blocks == 0));
        }
        require(all == decision.allowed);
    } else {
        require(allowed == -ENODATA && decision.problem && !decision.allowed);
    }
    decision_clear(&decision);
}

/* The canonical text of a context stands for the same context. */
static void check_context(const Policy *policy, const char *text)
{
    SecurityContext context = {}, again = {};
    _cleanup_free_ char *canonical = NULL, *second = NULL;

    if (security_context_parse(policy, NULL, text, &context) != CONTEXT_OK)
        return;
    canonical = security_context_to_string(policy, NULL, &context);
    require(canonical && security_context_parse(policy, NULL, canonical, &again) == CONTEXT_OK);
    second = security_context_to_string(policy, NULL, &again);
    require(second && streq(canonical, second));
    security_context_clear(&context);
    security_context_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Policy *policy;
    static Hypothesis *hypothesis;
    _cleanup_free_ char *text = strndup((const char *)data, size);
    char *parts[4], *rest = text;
    Access access = {};

    if (!policy) {
        require(policy_load_file(FUZZ_POLICY, &policy, NULL) == 0);
        hypothesis = hypothesis_new(policy);
        require(hypothesis != NULL);
    }
    if (!text)
        return 0;
    for (size_t i = 0; i < ELEMENTS_OF(parts); i++)
        parts[i] = rest ? strsep(&rest, "\n") : NULL;
    for (size_t i = 0; i < 2; i++)
        if (parts[i])
            check_context(policy, parts[i]);
    if (access_init(&access, parts[0], parts[1], parts[2], parts[3]) < 0)
        return 0;
    check_decision(hypothesis, &access);
    access_clear(&access);
    return 0;
}
