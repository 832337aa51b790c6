/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/fix.h"

#include <errno.h>

#include "daemon/core/boolean-rules.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"

static int ask(const Question *question, const Hypothesis *hypothesis, Access *ret_access)
{
    Access access = {};
    int r = operation_resolve(question, hypothesis, &access);

    if (r < 0)
        return r;
    r = decide_is_allowed(hypothesis, &access);
    if (r < 0)
        access_clear(&access);
    else
        *ret_access = access;
    return r;
}

static int prove(Fix *fix, const Question *question, const Hypothesis *before,
                 const Hypothesis *after)
{
    Access access_before = {}, access_after = {};
    int allowed_before, allowed_after, r;

    allowed_before = ask(question, before, &access_before);
    access_clear(&access_before);
    if (allowed_before < 0)
        return allowed_before;
    allowed_after = ask(question, after, &access_after);
    if (allowed_after < 0)
        return allowed_after;
    r = fix_add_proof(fix, &access_after, allowed_before > 0, allowed_after > 0);
    if (r >= 0)
        r = plan_add_access(&fix->plan, &access_after);
    access_clear(&access_after);
    if (r >= 0 && allowed_after == 0)
        fix->proven = false;
    return r;
}

/* Lists are samples with a count; what goes over the wire is bounded. */
static void truncate_list(char **list, size_t limit)
{
    size_t length = strv_length(list);

    for (size_t i = limit; i < length; i++) {
        free(list[i]);
        list[i] = NULL;
    }
}

static void take_losses(Fix *fix, ExposureLosses *losses)
{
    fix->breaks = TAKE_POINTER(losses->changes);
    fix->n_breaks = losses->n_changes;
    fix->breaks_total = losses->total;
    losses->n_changes = 0;
    while (fix->n_breaks > EXPOSURE_GAINS_MAX)
        access_change_clear(&fix->breaks[--fix->n_breaks]);
}

static int measure(Fix *fix, const char *focus, const Hypothesis *before, const Hypothesis *after,
                   const ExposureRelabel *relabels, size_t n_relabels)
{
    Exposure *exposure = &fix->exposure;
    ExposureLosses losses = {};
    int r =
        exposure_compute_relabels(before, after, focus, relabels, n_relabels, exposure, &losses);

    if (r < 0)
        return r;
    take_losses(fix, &losses);
    exposure_losses_clear(&losses);
    exposure->n_domains = strv_length(exposure->domains);
    truncate_list(exposure->domains, EXPOSURE_TYPES_MAX);
    truncate_list(exposure->types, EXPOSURE_TYPES_MAX);
    while (exposure->n_gains > EXPOSURE_GAINS_MAX)
        access_change_clear(&exposure->gains[--exposure->n_gains]);
    if (exposure->n_ports > EXPOSURE_PORTS_MAX)
        exposure->n_ports = EXPOSURE_PORTS_MAX;
    return 0;
}

int fix_evaluate(Fix *fix, const Operation *operation, const Hypothesis *before,
                 const Hypothesis *after, const ExposureRelabel *relabels, size_t n_relabels)
{
    char focus[256];
    int r;

    fix->proven = true;
    for (size_t i = 0; i < operation->n_questions; i++) {
        r = prove(fix, &operation->questions[i], before, after);
        if (r < 0)
            return r;
    }
    r = context_type_copy(operation->questions[0].access.source_context, focus, sizeof(focus));
    return r < 0 ? r : measure(fix, focus, before, after, relabels, n_relabels);
}

/* A port label opens one port to whoever may use the label; only a boolean opens things that
 * have nothing to do with what was asked for. */
static bool only_booleans(const Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (plan->actions[i].kind != ACTION_SET_BOOLEAN)
            return false;
    return true;
}

char *fix_find_refusal(const Fix *fix, char *const *denied_booleans, bool *ret_failed)
{
    char *reason = NULL;

    *ret_failed = false;
    for (size_t i = 0; i < fix->plan.n_actions && !reason; i++) {
        const Action *action = &fix->plan.actions[i];
        const char *rule;

        if (action->kind != ACTION_SET_BOOLEAN)
            continue;
        rule = boolean_rules_find_denied(action->name, action->value, denied_booleans);
        if (rule) {
            reason = format_string("%s is on the deny-list: %s", action->name, rule);
            *ret_failed = !reason;
        }
    }
    if (!reason && !*ret_failed && fix->exposure.known && only_booleans(&fix->plan) &&
        fix->exposure.n_domains > EXPOSURE_DOMAINS_OFFERED_MAX) {
        reason =
            format_string("it opens %zu accesses for %zu domains, nginx being only one of them",
                          fix->exposure.gains_total, fix->exposure.n_domains);
        *ret_failed = !reason;
    }
    return reason;
}

static int compare_gains(const Exposure *a, const Exposure *b)
{
    if (a->gains_total != b->gains_total)
        return a->gains_total < b->gains_total ? -1 : 1;
    if (a->n_domains != b->n_domains)
        return a->n_domains < b->n_domains ? -1 : 1;
    return 0;
}

/* All that it opens is between the web server's own domains ("httpd_…" for httpd_t) and what they
 * connect to. */
static bool stays_in_family(const Fix *fix)
{
    const Exposure *exposure = &fix->exposure;
    char domain[256];
    const char *underscore;
    size_t length;

    if (fix->plan.n_accesses == 0 || exposure->ports_count == 0 ||
        exposure->gains_total > exposure->n_gains ||
        context_type_copy(fix->plan.accesses[0].source_context, domain, sizeof(domain)) < 0)
        return false;
    underscore = strrchr(domain, '_');
    length = underscore ? (size_t)(underscore - domain) + 1 : strlen(domain) + 1;
    for (size_t i = 0; i < exposure->n_gains; i++)
        if (strncmp(exposure->gains[i].domain, domain, length) != 0 &&
            strncmp(exposure->gains[i].target_type, domain, length) != 0)
            return false;
    return true;
}

static size_t count_modules(const Fix *fix)
{
    size_t n = 0;

    for (size_t i = 0; i < fix->plan.n_actions; i++)
        n += fix->plan.actions[i].kind == ACTION_INSTALL_MODULE;
    return n;
}

/* Ports weigh first: reaching another service is what a compromised web server would want. What
 * opens the same number of them, and to nobody but the web server's own domains, is equal: then the
 * standard action comes before a module. */
static int compare_exposure(const Fix *a, const Fix *b)
{
    const bool a_stays = stays_in_family(a), b_stays = stays_in_family(b);

    if (a->exposure.known != b->exposure.known)
        return a->exposure.known ? -1 : 1;
    if (a->exposure.ports_count != b->exposure.ports_count)
        return a->exposure.ports_count < b->exposure.ports_count ? -1 : 1;
    if (a_stays != b_stays)
        return a_stays ? -1 : 1;
    if (a_stays && count_modules(a) != count_modules(b))
        return count_modules(a) < count_modules(b) ? -1 : 1;
    return compare_gains(&a->exposure, &b->exposure);
}

static int compare_fixes(const void *left, const void *right)
{
    const Fix *a = left, *b = right;
    int c;

    if (a->proven != b->proven)
        return a->proven ? -1 : 1;
    if (a->evidence != b->evidence)
        return a->evidence > b->evidence ? -1 : 1;
    if ((a->caveat != NULL) != (b->caveat != NULL))
        return a->caveat ? 1 : -1;
    if ((a->n_breaks > 0) != (b->n_breaks > 0))
        return a->n_breaks > 0 ? 1 : -1;
    c = compare_exposure(a, b);
    if (c != 0)
        return c;
    if (count_modules(a) != count_modules(b))
        return count_modules(a) < count_modules(b) ? -1 : 1;
    if (a->plan.n_actions != b->plan.n_actions)
        return a->plan.n_actions < b->plan.n_actions ? -1 : 1;
    return strcmp(a->summary, b->summary);
}

void fixes_rank(Fix *fixes, size_t n_fixes)
{
    if (n_fixes > 1)
        qsort(fixes, n_fixes, sizeof(*fixes), compare_fixes);
}
