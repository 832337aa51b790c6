/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <selinux/selinux.h>

#include "daemon/core/text.h"
#include "daemon/remedy/verify.h"
#include "daemon/selinux/kernel.h"

void verification_clear(Verification *verification)
{
    free(verification->text);
    *verification = (Verification){0};
}

static int ask_kernel(const Access *access)
{
    return kernel_ask(access, /* ret_permissive= */ NULL);
}

VerifyAsk verify_kernel(void)
{
    return is_selinux_enabled() == 1 ? ask_kernel : NULL;
}

/* Appends a sentence to a list that becomes the text. */
static int say(char ***sentences, char *sentence)
{
    int r = sentence ? strv_append(sentences, sentence) : -ENOMEM;

    free(sentence);
    return r;
}

static int verify_accesses(const Plan *plan, VerifyAsk ask, char ***sentences,
                           Verification *verification)
{
    for (size_t i = 0; i < plan->n_accesses; i++) {
        const Access *access = &plan->accesses[i];
        int answer = ask(access);
        int r = 0;

        verification->accesses_asked++;
        if (answer > 0) {
            verification->accesses_allowed++;
            continue;
        }
        verification->outcome = VERIFY_INEFFECTIVE;
        if (answer == 0)
            r = say(sentences,
                    format_string("The kernel still denies %s to %s for %s.", access->permissions,
                                  access->target_context, access->source_context));
        else
            r = say(sentences, format_string("The kernel could not judge %s to %s for %s: %s.",
                                             access->permissions, access->target_context,
                                             access->source_context, strerror(-answer)));
        if (r < 0)
            return r;
    }
    return 0;
}

int verify_change(const Plan *plan, const ActionState *target, const ActionState *now,
                  bool want_accesses, VerifyAsk ask, Verification *ret_verification)
{
    _cleanup_(verification_clear) Verification verification = {.outcome = VERIFY_CONFIRMED};
    _cleanup_strv_ char **sentences = NULL;
    int r;

    for (size_t i = 0; i < plan->n_actions; i++) {
        const Action *action = &plan->actions[i];
        _cleanup_free_ char *key = action_object_key(action);
        _cleanup_free_ char *state = action_state_to_text(action, &now[i]);

        if (!key || !state)
            return -ENOMEM;
        if (action_state_stored_equal(action, &target[i], &now[i]) &&
            (!ask || action_state_runtime_reached(action, &target[i], &now[i])))
            continue;
        verification.outcome = VERIFY_INEFFECTIVE;
        r = say(&sentences, format_string("Read back, %s is not as intended: %s.", key, state));
        if (r < 0)
            return r;
    }

    if (!ask) {
        if (verification.outcome == VERIFY_CONFIRMED)
            verification.outcome = VERIFY_IMPOSSIBLE;
        r = say(&sentences, strdup("Not verifiable in the kernel: SELinux is not enabled here."));
    } else if (want_accesses)
        r = verify_accesses(plan, ask, &sentences, &verification);
    else
        r = 0;
    if (r < 0)
        return r;
    if (!sentences) {
        r = say(&sentences, want_accesses && plan->n_accesses > 0
                                ? strdup("The kernel confirms it and allows what was denied.")
                                : strdup("The kernel confirms it."));
        if (r < 0)
            return r;
    }

    verification.text = strv_join(sentences, " ");
    if (!verification.text)
        return -ENOMEM;
    *ret_verification = verification;
    verification.text = NULL;
    return 0;
}
