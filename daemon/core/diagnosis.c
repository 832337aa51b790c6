/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/diagnosis.h"

#include <errno.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static const char *const verdicts[VERDICT_COUNT] = {
    [VERDICT_UNDETERMINED] = "undetermined",
    [VERDICT_BLOCKED_BY_SELINUX] = "blocked-by-selinux",
    [VERDICT_BLOCKED_SILENTLY] = "blocked-silently",
    [VERDICT_BLOCKED_BY_PERMISSIONS] = "blocked-by-permissions",
    [VERDICT_NOT_A_PERMISSION_PROBLEM] = "not-a-permission-problem",
    [VERDICT_UNEXPECTED_ACCESS] = "unexpected-access",
};

static const char *const causes[CAUSE_COUNT] = {
    [CAUSE_NONE] = "none",
    [CAUSE_BOOLEAN] = "boolean",
    [CAUSE_PORT_LABEL] = "port-label",
    [CAUSE_FILE_LABEL] = "file-label",
    [CAUSE_PEER_DOMAIN] = "peer-domain",
    [CAUSE_MISSING_RULE] = "missing-rule",
    [CAUSE_CONSTRAINT] = "constraint",
    [CAUSE_BOUNDS] = "bounds",
    [CAUSE_DONTAUDIT] = "dontaudit",
    [CAUSE_FILE_MODE] = "file-mode",
};

static const char *const states[DIAGNOSIS_STATE_COUNT] = {
    [DIAGNOSIS_OPEN] = "open",         [DIAGNOSIS_APPLIED] = "applied",
    [DIAGNOSIS_VERIFIED] = "verified", [DIAGNOSIS_RECURRED] = "recurred",
    [DIAGNOSIS_RESOLVED] = "resolved", [DIAGNOSIS_DISMISSED] = "dismissed",
};

static const char *const target_kinds[TARGET_KIND_COUNT] = {
    [TARGET_OTHER] = "other",   [TARGET_PORT] = "port",       [TARGET_PATH] = "path",
    [TARGET_SOCKET] = "socket", [TARGET_PROCESS] = "process",
};

DEFINE_ENUM_STRINGS(verdict, Verdict, verdicts)
DEFINE_ENUM_STRINGS(cause, Cause, causes)
DEFINE_ENUM_STRINGS(diagnosis_state, DiagnosisState, states)
DEFINE_ENUM_STRINGS(target_kind, TargetKind, target_kinds)

Diagnosis *diagnosis_new(void)
{
    Diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));

    if (diagnosis)
        diagnosis->port = -1;
    return diagnosis;
}

void access_change_clear(AccessChange *change)
{
    free(change->domain);
    free(change->target_type);
    free(change->target_class);
    free(change->permissions);
    *change = (AccessChange){};
}

void obstacle_clear(Obstacle *obstacle)
{
    free(obstacle->user);
    free(obstacle->path);
    free(obstacle->mode);
    free(obstacle->missing);
    free(obstacle->rule);
    *obstacle = (Obstacle){};
}

void exposure_clear(Exposure *exposure)
{
    strv_free(exposure->domains);
    strv_free(exposure->types);
    free(exposure->ports);
    for (size_t i = 0; i < exposure->n_gains; i++)
        access_change_clear(&exposure->gains[i]);
    free(exposure->gains);
    *exposure = (Exposure){};
}

void fix_clear(Fix *fix)
{
    free(fix->summary);
    plan_clear(&fix->plan);
    for (size_t i = 0; i < fix->n_proofs; i++)
        access_clear(&fix->proofs[i].access);
    free(fix->proofs);
    exposure_clear(&fix->exposure);
    for (size_t i = 0; i < fix->n_breaks; i++)
        access_change_clear(&fix->breaks[i]);
    free(fix->breaks);
    free(fix->caveat);
    *fix = (Fix){};
}

void config_place_clear(ConfigPlace *place)
{
    free(place->directive);
    free(place->value);
    free(place->context);
    free(place->server);
    free(place->location);
    free(place->upstream);
    free(place->file);
    *place = (ConfigPlace){};
}

static void clear_strings(char **list, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        free(list[i]);
        list[i] = NULL;
    }
}

void diagnosis_clear_analysis(Diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        fix_clear(&diagnosis->fixes[i]);
    free(diagnosis->fixes);
    diagnosis->fixes = NULL;
    diagnosis->n_fixes = 0;
    for (size_t i = 0; i < diagnosis->n_refusals; i++) {
        free(diagnosis->refusals[i].action);
        free(diagnosis->refusals[i].reason);
    }
    free(diagnosis->refusals);
    diagnosis->refusals = NULL;
    diagnosis->n_refusals = 0;
    clear_strings(diagnosis->notes, ELEMENTS_OF(diagnosis->notes));
    obstacle_clear(&diagnosis->obstacle);
    for (size_t i = 0; i < diagnosis->n_places; i++)
        config_place_clear(&diagnosis->places[i]);
    diagnosis->n_places = diagnosis->places_total = 0;
    diagnosis->withheld = false;
    diagnosis->cause = CAUSE_NONE;
    diagnosis->allowed_now = false;
    diagnosis->analyzed = false;
}

Diagnosis *diagnosis_free(Diagnosis *diagnosis)
{
    if (!diagnosis)
        return NULL;
    diagnosis_clear_analysis(diagnosis);
    free(diagnosis->id);
    free(diagnosis->summary);
    access_clear(&diagnosis->access);
    free(diagnosis->operation);
    free(diagnosis->log_level);
    free(diagnosis->program);
    free(diagnosis->exe);
    free(diagnosis->disagreement);
    free(diagnosis->protocol);
    free(diagnosis->path);
    free(diagnosis->component);
    free(diagnosis->peer_context);
    clear_strings(diagnosis->servers, ELEMENTS_OF(diagnosis->servers));
    clear_strings(diagnosis->hosts, ELEMENTS_OF(diagnosis->hosts));
    clear_strings(diagnosis->requests, ELEMENTS_OF(diagnosis->requests));
    clear_strings(diagnosis->upstreams, ELEMENTS_OF(diagnosis->upstreams));
    clear_strings(diagnosis->lines, ELEMENTS_OF(diagnosis->lines));
    clear_strings(diagnosis->evidence, ELEMENTS_OF(diagnosis->evidence));
    free(diagnosis);
    return NULL;
}

int diagnosis_add_fix(Diagnosis *diagnosis, Fix *fix)
{
    Fix *grown;

    if (diagnosis->n_fixes >= DIAGNOSIS_FIXES_MAX) {
        fix_clear(fix);
        return -E2BIG;
    }
    grown = reallocarray(diagnosis->fixes, diagnosis->n_fixes + 1, sizeof(*grown));
    if (!grown) {
        fix_clear(fix);
        return -ENOMEM;
    }
    diagnosis->fixes = grown;
    diagnosis->fixes[diagnosis->n_fixes++] = *fix;
    *fix = (Fix){};
    return 0;
}

int diagnosis_add_refusal(Diagnosis *diagnosis, const char *action, const char *reason)
{
    Refusal refusal = {.action = strdup(action), .reason = strdup(reason)};
    Refusal *grown = NULL;

    if (refusal.action && refusal.reason && diagnosis->n_refusals < DIAGNOSIS_FIXES_MAX)
        grown = reallocarray(diagnosis->refusals, diagnosis->n_refusals + 1, sizeof(*grown));
    if (!grown) {
        free(refusal.action);
        free(refusal.reason);
        return diagnosis->n_refusals < DIAGNOSIS_FIXES_MAX ? -ENOMEM : -E2BIG;
    }
    diagnosis->refusals = grown;
    diagnosis->refusals[diagnosis->n_refusals++] = refusal;
    return 0;
}

int fix_add_proof(Fix *fix, const Access *access, bool before, bool after)
{
    Proof *grown = reallocarray(fix->proofs, fix->n_proofs + 1, sizeof(*grown));
    int r;

    if (!grown)
        return -ENOMEM;
    fix->proofs = grown;
    grown += fix->n_proofs;
    *grown = (Proof){.before = before, .after = after};
    r = access_copy(&grown->access, access);
    if (r < 0)
        return r;
    fix->n_proofs++;
    return 0;
}

int diagnosis_remember(char **list, size_t size, const char *text)
{
    size_t used = 0;
    char *copy;

    if (!text || !*text)
        return 0;
    for (; used < size && list[used]; used++)
        if (streq(list[used], text))
            return 0;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    if (used == size) {
        free(list[0]);
        memmove(list, list + 1, (size - 1) * sizeof(*list));
        used--;
    }
    list[used] = copy;
    return 0;
}
