/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/permissions.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/permission-advice.h"
#include "daemon/diagnose/permission-words.h"

static int note(Diagnosis *diagnosis, const char *text)
{
    return text ? diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), text)
                : -ENOMEM;
}

PathNeed permissions_need(const PathFacts *path, const PathOperation *operation)
{
    if (operation->may_create && operation->need == PATH_NEED_READ && path->missing_last)
        return PATH_NEED_CREATE;
    return operation->need;
}

/* "For nginx (uid 33): may not pass through /root (…)." */
static int note_refusals(Diagnosis *diagnosis, const HostFacts *facts,
                         const PermissionResult *result)
{
    _cleanup_free_ char *user = words_of_user(facts->view, facts->subject.uid);
    int r = user ? 0 : -ENOMEM;

    for (size_t i = 0; r >= 0 && i < result->n_refusals; i++) {
        _cleanup_free_ char *refusal = words_of_refusal(facts, &result->refusals[i]);
        _cleanup_free_ char *text = refusal ? format_string("%s %s.", user, refusal) : NULL;

        r = note(diagnosis, text);
    }
    return r;
}

static int note_subject(Diagnosis *diagnosis, const HostFacts *facts)
{
    _cleanup_free_ char *user = words_of_user(facts->view, facts->subject.uid);
    _cleanup_free_ char *text =
        user ? format_string("User, groups and capabilities (%s) are those of %s.", user,
                             subject_source_to_words(facts->source))
             : NULL;

    return facts->source == SUBJECT_PROCESS ? 0 : note(diagnosis, text);
}

static int note_unknown(Diagnosis *diagnosis, const HostFacts *facts,
                        const PermissionResult *result)
{
    _cleanup_free_ char *text = NULL;

    if (result->unknown >= 0) {
        const PathComponent *component = &facts->path.components[result->unknown];
        _cleanup_free_ char *path = escape_for_terminal(component->path);

        text = path ? format_string(
                          "Whether file modes refuse cannot be told: %s has mode %04o%s, and %s.",
                          path, component->mode & 07777, component->acl ? " and a list" : "",
                          facts->path.owners_unknown ? "the tree was unpacked without its owners"
                                                     : "its access control list could not be read")
                    : NULL;
    } else {
        text = words_of_end(&facts->path);
    }
    return note(diagnosis, text);
}

int permissions_analyze(Diagnosis *diagnosis, const HostFacts *facts,
                        const PathOperation *operation, const NginxIntents *intents,
                        PermissionAnswer *ret_answer)
{
    PermissionResult result;
    PathNeed need;
    int r = 0;

    *ret_answer = PERMISSION_NOT_KNOWN;
    if (!facts->have_path)
        return 0;
    if (facts->source == SUBJECT_UNKNOWN)
        return note(diagnosis, "File modes were not held against it: the user that nginx runs as "
                               "is not known.");
    need = permissions_need(&facts->path, operation);
    permission_check_path(&facts->path, &facts->subject, need, &result);
    switch (result.answer) {
    case PERMISSION_REFUSED:
        r = note_refusals(diagnosis, facts, &result);
        if (r >= 0)
            r = obstacle_of_refusal(facts, &result.refusals[0], &diagnosis->obstacle);
        if (r >= 0)
            r = note_subject(diagnosis, facts);
        if (r >= 0)
            r = permission_advice_add(diagnosis, facts, need, &result, intents);
        break;
    case PERMISSION_NOT_KNOWN:
        r = note_unknown(diagnosis, facts, &result);
        if (r >= 0 && result.n_refusals > 0)
            r = note_refusals(diagnosis, facts, &result);
        break;
    case PERMISSION_MISSING: {
        _cleanup_free_ char *text = words_of_end(&facts->path);

        r = note(diagnosis, text);
        break;
    }
    case PERMISSION_ALLOWED:
        break;
    }
    if (r >= 0)
        *ret_answer = result.answer;
    return r;
}
