/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/intent.h"

#include "daemon/core/macro.h"
#include "daemon/selinux/type-traits.h"

/* What nginx may connect to that its configuration decides. */
static const NginxIntentKind connecting[] = {
    NGINX_INTENT_PASS,
    NGINX_INTENT_RESOLVER,
    NGINX_INTENT_SYSLOG,
};

static IntentMatch match_port(const Diagnosis *diagnosis, const NginxIntents *intents)
{
    const bool binding = strstr(diagnosis->access.permissions, "name_bind") != NULL;

    if (nginx_intent_find_port(intents, diagnosis->port, binding, NULL))
        return INTENT_ASKED;
    if (binding)
        return nginx_intent_any_unknown(intents, NGINX_INTENT_LISTEN) ? INTENT_NOT_KNOWN
                                                                      : INTENT_NOT_ASKED;
    for (size_t i = 0; i < ELEMENTS_OF(connecting); i++)
        if (nginx_intent_any_unknown(intents, connecting[i]))
            return INTENT_NOT_KNOWN;
    return INTENT_NOT_ASKED;
}

/* Paths are compared as written, and links may lead anywhere: only where the object holds
 * secrets is a path that nobody configured held against the process. */
static IntentMatch match_path(const Diagnosis *diagnosis, const NginxIntents *intents,
                              const Hypothesis *hypothesis)
{
    char type[256];
    TypeTraits traits;

    if (diagnosis->path && diagnosis->path[0] == '/' &&
        nginx_intent_find_path(intents, diagnosis->path, NULL))
        return INTENT_ASKED;
    if (context_type_copy(diagnosis->access.target_context, type, sizeof(type)) >= 0 &&
        type_traits_read(hypothesis, type, &traits) >= 0 && traits.is_file_type &&
        traits.holds_secrets)
        return INTENT_NOT_ASKED;
    return INTENT_NOT_KNOWN;
}

IntentMatch intent_match(const Diagnosis *diagnosis, const NginxIntents *intents,
                         const Hypothesis *hypothesis)
{
    /* php-fpm and Apache run in the same domain and have configurations of their own. */
    if (!intents || intents->truncated || intents->n_items == 0 || !diagnosis->program ||
        !streq(diagnosis->program, "nginx"))
        return INTENT_NOT_KNOWN;
    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        return match_port(diagnosis, intents);
    case TARGET_PATH:
        return match_path(diagnosis, intents, hypothesis);
    case TARGET_SOCKET:
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        break;
    }
    return INTENT_NOT_KNOWN;
}
