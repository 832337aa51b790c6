/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the engine share: the project's own policies, and looking into answers. */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/policy.h"
#include "tests/unit/test.h"

static inline Policy *load(const char *path)
{
    _cleanup_free_ char *message = NULL;
    Policy *policy = NULL;

    if (policy_load_file(path, &policy, &message) < 0)
        fail_msg("%s: %s", path, strempty(message));
    return policy;
}

static inline const Fix *find_fix(const Diagnosis *diagnosis, const char *summary)
{
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        if (strstr(diagnosis->fixes[i].summary, summary))
            return &diagnosis->fixes[i];
    return NULL;
}

static inline const Fix *need_fix(const Diagnosis *diagnosis, const char *summary)
{
    const Fix *fix = find_fix(diagnosis, summary);

    if (!fix) {
        fail_msg("no fix to %s", summary);
        abort(); /* not reached: cmocka does not say that it never returns */
    }
    return fix;
}

static inline const char *find_refusal(const Diagnosis *diagnosis, const char *action)
{
    for (size_t i = 0; i < diagnosis->n_refusals; i++)
        if (strstr(diagnosis->refusals[i].action, action))
            return diagnosis->refusals[i].reason;
    return "";
}

static inline bool notes_say(const Diagnosis *diagnosis, const char *text)
{
    for (size_t i = 0; i < ELEMENTS_OF(diagnosis->notes) && diagnosis->notes[i]; i++)
        if (strstr(diagnosis->notes[i], text))
            return true;
    return false;
}

/* What holds of every fix that is offered. */
static inline void check_fixes(const Diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->n_fixes; i++) {
        const Fix *fix = &diagnosis->fixes[i];

        assert_true(fix->proven);
        assert_true(fix->exposure.known);
        assert_true(fix->n_proofs > 0);
        assert_false(fix->proofs[0].before);
        for (size_t p = 0; p < fix->n_proofs; p++)
            assert_true(fix->proofs[p].after);
        assert_int_equal(fix->plan.n_accesses, fix->n_proofs);
        /* By rank: what breaks something stands behind what does not, unless it is a label. */
        assert_true(i == 0 || diagnosis->fixes[i - 1].n_breaks == 0 || fix->n_breaks > 0 ||
                    diagnosis->fixes[i - 1].evidence > fix->evidence);
    }
}
