/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/stored-values.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis-internal.h"
#include "daemon/selinux/decide.h"

static int set_stored(Hypothesis *hypothesis, const StoredBoolean *stored, size_t n)
{
    int r = 0;

    for (size_t i = 0; i < n && r >= 0; i++)
        r = hypothesis_set_boolean_value(hypothesis, stored[i].boolean, stored[i].value);
    return r;
}

/* Whether this one makes the difference: with its value in force alone put back, the answer is
 * that of now. */
static int matters(const Policy *policy, const Access *access, bool allowed,
                   const StoredBoolean *stored, size_t n, size_t which)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    int r = hypothesis ? set_stored(hypothesis, stored, n) : -ENOMEM;

    if (r >= 0)
        r = hypothesis_set_boolean_value(hypothesis, stored[which].boolean, !stored[which].value);
    if (r >= 0)
        r = decide_is_allowed(hypothesis, access);
    return r < 0 ? r : (r > 0) == allowed;
}

static int note(Diagnosis *diagnosis, const char *name, bool allowed, bool stored)
{
    _cleanup_free_ char *text =
        allowed ? format_string("This is allowed because the boolean %s is %s in the kernel; the "
                                "stored policy has it %s, so that it will be denied again after "
                                "the next boot. setsebool -P %s %s keeps it.",
                                name, stored ? "off" : "on", stored ? "on" : "off", name,
                                stored ? "off" : "on")
                : format_string("The boolean %s is %s in the kernel and %s in the stored policy, "
                                "which would allow this: it was set for this boot only "
                                "(setsebool without -P).",
                                name, stored ? "off" : "on", stored ? "on" : "off");

    return analysis_note(diagnosis, text);
}

int stored_values_note(Diagnosis *diagnosis, const Policy *policy, const Access *access,
                       bool allowed, const StoredBoolean *stored, size_t n_stored)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = NULL;
    int r;

    if (n_stored == 0)
        return 0;
    hypothesis = hypothesis_new(policy);
    r = hypothesis ? set_stored(hypothesis, stored, n_stored) : -ENOMEM;
    if (r >= 0)
        r = decide_is_allowed(hypothesis, access);
    if (r < 0)
        return r == -ENOMEM ? r : 0; /* the policy cannot be asked: said elsewhere */
    if ((r > 0) == allowed)
        return 0;
    for (size_t i = 0; i < n_stored; i++) {
        r = matters(policy, access, allowed, stored, n_stored, i);
        if (r > 0)
            r = note(diagnosis, policy_boolean_name(policy, stored[i].boolean), allowed,
                     stored[i].value);
        if (r == -ENOMEM)
            return r;
    }
    return 0;
}
