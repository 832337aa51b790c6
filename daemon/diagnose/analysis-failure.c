/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures that the kernel recorded no denial for: modes, or a policy that denies without a word,
 * or one whose record was lost.
 */
#include <errno.h>
#include <linux/capability.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/analysis-internal.h"
#include "daemon/diagnose/path-failure.h"
#include "daemon/diagnose/permission-words.h"
#include "daemon/diagnose/permissions.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"

/* The context that nginx is taken to run in; the caller frees it. */
static char *guess_source(const Hypothesis *current, const char *domain)
{
    return format_string("system_u:system_r:%s%s", domain,
                         policy_is_mls(hypothesis_policy(current)) ? ":s0" : "");
}

/* nginx's line says TCP nowhere, but connect() and bind() to an address are that, save for
 * resolvers and syslog, whose messages name other operations. */
static int guess_access(Diagnosis *diagnosis, const Hypothesis *current, const char *domain)
{
    _cleanup_free_ char *source = NULL, *target = NULL;
    bool binding = streq(diagnosis->operation, "bind");
    int r;

    target = port_context(current, PORT_TCP, (uint16_t)diagnosis->port);
    if (!target)
        return -ENODATA;
    source = guess_source(current, domain);
    if (!source)
        return -ENOMEM;
    r = access_init(&diagnosis->access, source, target, "tcp_socket",
                    binding ? "name_bind" : "name_connect");
    if (r < 0)
        return r;
    diagnosis->have_access = true;
    return string_replace(&diagnosis->protocol, "tcp");
}

/* After the modes: they let it through, or it is not known whether they do. */
static int blame_policy(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                        const AnalysisOptions *options, PathDenial *denial)
{
    int r = 0;

    access_clear(&diagnosis->access);
    diagnosis->access = denial->access;
    denial->access = (Access){};
    diagnosis->have_access = true;
    diagnosis->verdict = denial->dontaudit ? VERDICT_BLOCKED_SILENTLY : VERDICT_BLOCKED_BY_SELINUX;
    if (!denial->dontaudit)
        r = analysis_note(diagnosis,
                          "The kernel's record of the denial was not seen: it was lost, or "
                          "auditing was off. The verdict rests on the policy.");
    if (r >= 0)
        r = analysis_of_access(diagnosis, policy, current, options);
    if (r >= 0 && diagnosis->verdict == VERDICT_BLOCKED_SILENTLY)
        diagnosis->cause = CAUSE_DONTAUDIT;
    return r;
}

static int note_next_obstacle(Diagnosis *diagnosis, const PathFacts *path, const PathDenial *denial)
{
    const char *where = denial->component < path->n_components
                            ? path->components[denial->component].path
                            : "the process that listens";
    _cleanup_free_ char *shown = escape_for_terminal(where);
    char type[256] = "?";
    _cleanup_free_ char *text = NULL;

    (void)context_type_copy(denial->access.target_context, type, sizeof(type));
    text = shown ? format_string("Behind it stands SELinux: once the modes let nginx through, the "
                                 "policy denies %s on %s (%s %s)%s.",
                                 denial->access.permissions, shown, denial->access.target_class,
                                 type, denial->dontaudit ? ", silently" : "")
                 : NULL;
    return analysis_note(diagnosis, text);
}

static bool policy_is_in_force(const AnalysisOptions *options, const PathDenial *denial)
{
    return !options->not_enforcing && !denial->permissive;
}

/* nginx in another domain than the one expected: its binary has lost its label, say. */
static int note_domain(Diagnosis *diagnosis, const AnalysisOptions *options)
{
    const HostFacts *host = options->host;
    _cleanup_free_ char *text = NULL;
    char type[256];

    if (!host->context || context_type_copy(host->context, type, sizeof(type)) < 0 ||
        streq(type, options->domain))
        return 0;
    text = format_string("nginx runs in %s and not in %s: its rules, booleans and labels do not "
                         "apply. Most often the binary has lost its label: restorecon -v "
                         "/usr/sbin/nginx, then restart nginx.",
                         type, options->domain);
    return analysis_note(diagnosis, text);
}

static bool is_override(const Diagnosis *diagnosis)
{
    return diagnosis->have_access && strstr(diagnosis->access.target_class, "capability") &&
           (strstr(diagnosis->access.permissions, "dac_override") ||
            strstr(diagnosis->access.permissions, "dac_read_search"));
}

/* The kernel asks for the capability after the modes have refused: they are what is wrong. */
int analysis_of_override(Diagnosis *diagnosis, const AnalysisOptions *options)
{
    PathOperation operation;
    PermissionAnswer answer;
    HostFacts plain;
    int r;

    if (!is_override(diagnosis) || diagnosis->allowed_now)
        return 0;
    diagnosis->cause = CAUSE_FILE_MODE;
    r = analysis_note(diagnosis, "nginx's master, as root, was kept out by plain permissions, and "
                                 "SELinux does not let it override them: mend the permissions, "
                                 "not the policy.");
    if (r < 0 || !options->host || !options->host->have_path ||
        !path_operation_of(diagnosis, options->intents, &operation))
        return r;
    plain = *options->host;
    plain.subject.capabilities &=
        ~(UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH);
    return permissions_analyze(diagnosis, &plain, &operation, options->intents, &answer);
}

int analysis_of_modes_behind(Diagnosis *diagnosis, const AnalysisOptions *options)
{
    const HostFacts *host = options->host;
    PathOperation operation;
    PermissionResult result;

    if (!host || !host->have_path || host->source == SUBJECT_UNKNOWN || is_override(diagnosis) ||
        !path_operation_of(diagnosis, options->intents, &operation))
        return 0;
    permission_check_path(&host->path, &host->subject, permissions_need(&host->path, &operation),
                          &result);
    if (result.answer != PERMISSION_REFUSED)
        return 0;
    {
        _cleanup_free_ char *user = words_of_user(host->view, host->subject.uid);
        _cleanup_free_ char *refusal = words_of_refusal(host, &result.refusals[0]);
        _cleanup_free_ char *text =
            user && refusal
                ? format_string("Behind it stand plain permissions: %s %s.", user, refusal)
                : NULL;

        return analysis_note(diagnosis, text);
    }
}

/* Modes first, as in the kernel, then the policy. */
static int analyze_path(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                        const AnalysisOptions *options, const PathOperation *operation)
{
    const HostFacts *host = options->host;
    PermissionAnswer answer;
    PathDenial denial = {};
    int denied = -ENODATA;
    int r = permissions_analyze(diagnosis, host, operation, options->intents, &answer);

    if (r >= 0)
        r = note_domain(diagnosis, options);
    if (r >= 0 && current) {
        _cleanup_free_ char *source =
            host->context ? strdup(host->context) : guess_source(current, options->domain);

        denied = source ? path_denial_find(&host->path, permissions_need(&host->path, operation),
                                           source, host->peer, current, &denial)
                        : -ENOMEM;
        r = denied == -ENOMEM ? -ENOMEM : 0;
    }
    if (r < 0)
        return r;
    if (denied > 0 && !policy_is_in_force(options, &denial)) {
        r = analysis_note(diagnosis, options->not_enforcing
                                         ? "SELinux does not enforce: it logs, and keeps nobody "
                                           "from anything."
                                         : "nginx's domain is permissive: SELinux keeps it from "
                                           "nothing.");
        denied = 0;
    }
    if (r < 0) {
        path_denial_clear(&denial);
        return r;
    }
    if (answer == PERMISSION_REFUSED) {
        diagnosis->verdict = VERDICT_BLOCKED_BY_PERMISSIONS;
        diagnosis->cause = CAUSE_FILE_MODE;
        if (denied > 0)
            r = note_next_obstacle(diagnosis, &host->path, &denial);
    } else if (denied > 0) {
        r = blame_policy(diagnosis, policy, current, options, &denial);
    } else if (answer == PERMISSION_ALLOWED) {
        diagnosis->allowed_now = denied == 0;
        r = analysis_note(diagnosis, denied == 0
                                         ? "File modes and the policy both allow it as they are "
                                           "now: it may have been put right since."
                                         : "File modes allow it as they are now, and what could be "
                                           "asked of the policy does, too.");
    }
    path_denial_clear(&denial);
    return r;
}

static bool lacks_port_capability(const Diagnosis *diagnosis, const AnalysisOptions *options)
{
    return options->host && options->host->source != SUBJECT_UNKNOWN &&
           streq(diagnosis->operation, "bind") && diagnosis->port > 0 && diagnosis->port < 1024 &&
           !subject_is_capable(&options->host->subject, CAP_NET_BIND_SERVICE);
}

int analysis_of_failure(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                        const AnalysisOptions *options)
{
    PathOperation operation;
    Decision decision = {};
    int r;

    if (options->host && options->host->have_path && options->domain &&
        path_operation_of(diagnosis, options->intents, &operation))
        return analyze_path(diagnosis, policy, current, options, &operation);
    if (!current)
        return 0;
    if (diagnosis->target_kind != TARGET_PORT || diagnosis->port < 0 || !options->domain)
        return analysis_note(diagnosis,
                             "The kernel recorded no denial for it. It may be file permissions, "
                             "or a denial that was lost or is not logged.");
    r = guess_access(diagnosis, current, options->domain);
    if (r >= 0)
        r = decide_access(current, &diagnosis->access, &decision);
    if (r == -ENODATA || r == -EINVAL || (r >= 0 && decision.status != DECIDE_OK)) {
        r = analysis_note(diagnosis, r >= 0
                                         ? decision.problem
                                         : "The loaded policy cannot be asked about this access.");
        goto finish;
    }
    if (r < 0)
        goto finish;
    if (!decision.allowed && (decision.permissive || options->not_enforcing)) {
        r = analysis_note(diagnosis, "SELinux logs this and lets it through: it is not the cause.");
        goto finish;
    }
    if (decision.allowed) {
        diagnosis->verdict = VERDICT_BLOCKED_BY_PERMISSIONS;
        if (lacks_port_capability(diagnosis, options))
            r = analysis_note(diagnosis, "The process is not allowed to listen below port 1024 "
                                         "(CAP_NET_BIND_SERVICE): start nginx as root, or see "
                                         "CapabilityBoundingSet= and AmbientCapabilities= of its "
                                         "unit.");
        else
            r = analysis_note(
                diagnosis, "The loaded policy allows it: look at routes, the firewall, and for a "
                           "port below 1024 at nginx's capabilities.");
        goto finish;
    }
    if (decision.dontaudit) {
        diagnosis->verdict = VERDICT_BLOCKED_SILENTLY;
    } else {
        diagnosis->verdict = VERDICT_BLOCKED_BY_SELINUX;
        r = analysis_note(diagnosis,
                          "The kernel's record of the denial was not seen: it was lost, or "
                          "auditing was off. The verdict rests on the policy.");
    }
    if (r >= 0)
        r = analysis_of_access(diagnosis, policy, current, options);
    if (r >= 0 && diagnosis->verdict == VERDICT_BLOCKED_SILENTLY)
        diagnosis->cause = CAUSE_DONTAUDIT;
finish:
    decision_clear(&decision);
    return r;
}
