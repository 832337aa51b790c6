/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/analysis.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/path.h"
#include "daemon/core/text.h"
#include "daemon/correlate/match.h"
#include "daemon/diagnose/analysis-internal.h"
#include "daemon/diagnose/candidates.h"
#include "daemon/diagnose/fix.h"
#include "daemon/diagnose/fixed-label.h"
#include "daemon/diagnose/intent.h"
#include "daemon/diagnose/neighbours.h"
#include "daemon/diagnose/operation.h"
#include "daemon/diagnose/place.h"
#include "daemon/diagnose/program.h"
#include "daemon/diagnose/reload.h"
#include "daemon/diagnose/stored-values.h"
#include "daemon/diagnose/summary.h"
#include "daemon/selinux/decide-ioctl.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"

int analysis_note(Diagnosis *diagnosis, const char *text)
{
    return text ? diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), text)
                : -ENOMEM;
}

/* Names what stands in the way, the deepest obstacle first: what a boolean cannot move. */
static Cause cause_of_blocks(const Diagnosis *diagnosis, unsigned blocks)
{
    if (blocks & (BLOCK_CONSTRAINT | BLOCK_ROLE_TRANSITION))
        return CAUSE_CONSTRAINT;
    if (blocks & BLOCK_BOUNDS)
        return CAUSE_BOUNDS;
    if (blocks & BLOCK_CONDITION)
        return CAUSE_BOOLEAN;
    if (streq(diagnosis->access.target_class, "unix_stream_socket") &&
        strstr(diagnosis->access.permissions, "connectto"))
        return CAUSE_PEER_DOMAIN;
    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        return CAUSE_PORT_LABEL;
    case TARGET_PATH:
    case TARGET_SOCKET:
        return CAUSE_FILE_LABEL;
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        break;
    }
    return CAUSE_MISSING_RULE;
}

static int note_conditions(Diagnosis *diagnosis, const Policy *policy,
                           const DecidePermission *permission)
{
    int r = 0;

    for (size_t i = 0; i < permission->n_conditions && r >= 0; i++) {
        const DecideCondition *condition = &permission->conditions[i];
        _cleanup_free_ char *expression = policy_condition_to_string(policy, condition->condition);
        _cleanup_free_ char *text =
            expression ? format_string("The policy allows %s only if %s%s%s.", permission->name,
                                       condition->branch ? "" : "not (", expression,
                                       condition->branch ? "" : ")")
                       : NULL;

        r = analysis_note(diagnosis, text);
    }
    return r;
}

static int note_constraints(Diagnosis *diagnosis, const DecidePermission *permission)
{
    int r = 0;

    STRV_FOREACH (constraint, permission->constraints) {
        _cleanup_free_ char *text =
            format_string("A constraint forbids %s: %s.", permission->name, *constraint);

        r = analysis_note(diagnosis, text);
        if (r < 0)
            break;
    }
    return r;
}

static int take_decision(Diagnosis *diagnosis, const Policy *policy, const Decision *decision)
{
    unsigned blocks = 0;
    int r = 0;

    for (size_t i = 0; i < decision->n_permissions && r >= 0; i++) {
        blocks |= decision->permissions[i].blocks;
        r = note_conditions(diagnosis, policy, &decision->permissions[i]);
        if (r >= 0)
            r = note_constraints(diagnosis, &decision->permissions[i]);
    }
    if (r < 0)
        return r;
    diagnosis->allowed_now = decision->allowed;
    if (!decision->allowed)
        diagnosis->cause = cause_of_blocks(diagnosis, blocks);
    if (decision->permissive)
        r = analysis_note(diagnosis,
                          "The domain is permissive: SELinux logs this and lets it through.");
    return r;
}

/* Where `ioctl` is allowed for listed commands only. A fix that gives the plain permission would
 * change nothing, so none is put forward. Returns whether the command passes. */
static int judge_ioctl(Diagnosis *diagnosis, const Hypothesis *current, const Access *access)
{
    _cleanup_free_ char *listed = NULL, *text = NULL;
    bool known = diagnosis->ioctl_command > 0;
    int passes =
        decide_ioctl(current, access, known ? (unsigned)diagnosis->ioctl_command : 0, &listed);

    if (passes < 0 || (passes && known))
        return passes;
    diagnosis->allowed_now = false;
    diagnosis->cause = CAUSE_MISSING_RULE;
    text = !known ? format_string("The policy allows ioctl here for listed commands only "
                                  "(allowxperm), %s, and which one was denied is not recorded: no "
                                  "fix is put forward for it.",
                                  strempty(listed))
                  : format_string("The policy allows ioctl here for listed commands only "
                                  "(allowxperm), %s, and 0x%04x is not one of them: no boolean or "
                                  "label changes that, and no fix is put forward for it.",
                                  strempty(listed), (unsigned)diagnosis->ioctl_command);
    return analysis_note(diagnosis, text);
}

static mode_t class_mode(const char *class)
{
    static const struct {
        const char *class;
        mode_t mode;
    } modes[] = {
        {"file", S_IFREG},       {"dir", S_IFDIR},       {"lnk_file", S_IFLNK},
        {"sock_file", S_IFSOCK}, {"fifo_file", S_IFIFO}, {"chr_file", S_IFCHR},
        {"blk_file", S_IFBLK},
    };

    for (size_t i = 0; i < ELEMENTS_OF(modes); i++)
        if (streq(modes[i].class, class))
            return modes[i].mode;
    return 0;
}

/* The context that an object should have by its path (the caller frees it; NULL where that is not
 * known), and its type, "" likewise. */
static char *find_default(const char *path, const char *class, FileContexts *contexts,
                          char *ret_type, size_t size)
{
    _cleanup_free_ char *context = NULL;

    ret_type[0] = '\0';
    if (!contexts || !path || path[0] != '/' ||
        file_contexts_lookup(contexts, path, class_mode(class), &context) < 0 ||
        context_type_copy(context, ret_type, size) < 0)
        return NULL;
    return TAKE_POINTER(context);
}

/* An object whose label may be all that is wrong, and nobody knows where it is. */
static bool is_lost(const Diagnosis *diagnosis)
{
    return (diagnosis->target_kind == TARGET_PATH || diagnosis->target_kind == TARGET_SOCKET) &&
           !streq(diagnosis->access.target_class, "unix_stream_socket") &&
           !candidates_know_path(diagnosis);
}

/* A module is for what nothing else can do: it stays when its reason is long gone. A rule for
 * everything that has a type is no answer to one object with a wrong label. */
static bool need_module(const Diagnosis *diagnosis)
{
    return !is_lost(diagnosis) && diagnosis->n_fixes == 0 && diagnosis->cause != CAUSE_CONSTRAINT &&
           diagnosis->cause != CAUSE_BOUNDS && diagnosis->target_kind != TARGET_PROCESS;
}

/* Labels of files, or of the mount that has one for all of them. */
static int add_labels(Diagnosis *diagnosis, const CandidateContext *context, const HostFacts *host)
{
    const Mount *mount = fixed_label_find(diagnosis, host);
    _cleanup_free_ char *text = NULL;
    bool failed = false;
    int r;

    text = mount ? fixed_label_explain(mount) : fixed_label_remark(diagnosis, host, &failed);
    if (failed || (mount && !text))
        return -ENOMEM;
    r = text ? analysis_note(diagnosis, text) : 0;
    if (r < 0)
        return r;
    return mount ? candidates_add_mount(diagnosis, context, mount)
                 : candidates_add_files(diagnosis, context);
}

static int add_candidates(Diagnosis *diagnosis, const Hypothesis *current,
                          const Operation *operation, const AnalysisOptions *options)
{
    _cleanup_free_ char *default_context = NULL;
    char default_type[256], behind[256];
    CandidateContext context = {
        .operation = operation,
        .current = current,
        .denied_booleans = options->denied_booleans,
        .file_contexts = options->file_contexts,
        .intents = options->intents,
    };
    int r;

    default_context = find_default(operation->object, diagnosis->access.target_class,
                                   options->file_contexts, default_type, sizeof(default_type));
    free(find_default(operation->path,
                      diagnosis->target_kind == TARGET_SOCKET ? "sock_file" : "file",
                      options->file_contexts, behind, sizeof(behind)));
    context.default_context = default_context;
    context.default_type = *default_type ? default_type : NULL;
    context.default_type_behind = *behind ? behind : NULL;
    r = candidates_add_booleans(diagnosis, &context);
    if (r >= 0)
        r = candidates_add_ports(diagnosis, &context);
    if (r >= 0)
        r = add_labels(diagnosis, &context, options->host);
    if (r >= 0 && need_module(diagnosis))
        r = candidates_add_module(diagnosis, &context);
    if (r < 0)
        return r;
    fixes_rank(diagnosis->fixes, diagnosis->n_fixes);
    /* A boolean would do, but the label is what is wrong. */
    if (diagnosis->n_fixes > 0 && diagnosis->fixes[0].evidence != EVIDENCE_NONE &&
        diagnosis->cause != CAUSE_CONSTRAINT)
        diagnosis->cause = CAUSE_FILE_LABEL;
    if (diagnosis->n_fixes == 0 && !diagnosis->withheld && !is_lost(diagnosis))
        return analysis_note(diagnosis, diagnosis->n_refusals > 0
                                            ? "Every change found would open more than nginx needs."
                                            : "No change was found that would allow it.");
    return 0;
}

/* Without the disk at hand, what is there is taken to have its default label. */
static char *read_default_label(const char *path, const char *class, void *userdata)
{
    char *context = NULL;

    return file_contexts_lookup(userdata, path, class_mode(class), &context) >= 0 ? context : NULL;
}

/* What listens now counts more than what an older denial named. */
static int update_peer(Diagnosis *diagnosis, const AnalysisOptions *options)
{
    _cleanup_free_ char *peer = NULL;

    if (options->host && options->host->peer && diagnosis->target_kind == TARGET_SOCKET &&
        !streq(diagnosis->access.target_class, "unix_stream_socket")) {
        int r = analysis_note(diagnosis, peer_source_to_words(options->host->peer_source));

        return r < 0 ? r : string_replace(&diagnosis->peer_context, options->host->peer);
    }
    if (!options->read_peer || diagnosis->target_kind != TARGET_SOCKET || !diagnosis->path ||
        diagnosis->path[0] != '/' || streq(diagnosis->access.target_class, "unix_stream_socket"))
        return 0;
    peer = options->read_peer(diagnosis->path, options->userdata);
    return peer ? string_replace(&diagnosis->peer_context, peer) : 0;
}

/* Where nginx's path leads on the host: labels go to what is there, not to a link on the way. Of
 * what does not exist, its directory counts. NULL where that is not known, or if the link itself
 * was refused. */
static int find_real_path(const Diagnosis *diagnosis, const HostFacts *host, char **ret_path)
{
    const PathFacts *facts = host && host->have_path ? &host->path : NULL;
    const char *parent, *name;

    *ret_path = NULL;
    if (!facts || streq(diagnosis->access.target_class, "lnk_file"))
        return 0;
    if (facts->object >= 0)
        return string_replace(ret_path, facts->components[facts->object].path);
    name = diagnosis->path ? strrchr(diagnosis->path, '/') : NULL;
    if (!facts->missing_last || facts->parent < 0 || !name || !name[1] || path_has_dots(name))
        return 0;
    parent = facts->components[facts->parent].path;
    *ret_path = format_string("%s%s", streq(parent, "/") ? "" : parent, name);
    return *ret_path ? 0 : -ENOMEM;
}

static int make_operation(const Diagnosis *diagnosis, const Hypothesis *current,
                          const AnalysisOptions *options, Operation *ret_operation)
{
    const bool on_disk = options->read_label || !options->file_contexts;
    _cleanup_free_ char *real_path = NULL;
    int r = find_real_path(diagnosis, options->host, &real_path);

    if (r < 0)
        return r;
    return operation_from_diagnosis(diagnosis, current, real_path, options->intents,
                                    on_disk ? options->read_label : read_default_label,
                                    on_disk ? options->userdata : options->file_contexts,
                                    ret_operation);
}

/* A site that was taken away since is no intruder. */
static bool was_asked_for(const Diagnosis *diagnosis)
{
    return diagnosis->asked_usec > 0 && diagnosis->last_seen_usec <= diagnosis->asked_usec;
}

/* Says who was denied, and whether anything asks for it. If nothing does, what would allow it is
 * worked out all the same, and withheld. */
static int judge_intent(Diagnosis *diagnosis, const Hypothesis *current,
                        const AnalysisOptions *options)
{
    _cleanup_free_ char *reason = NULL, *remark = NULL;
    IntentMatch match = INTENT_NOT_KNOWN;
    int r = program_remark(diagnosis, &remark);

    if (r >= 0 && remark)
        r = analysis_note(diagnosis, remark);
    if (r >= 0)
        match = intent_match(diagnosis, options->intents, current, &reason);
    diagnosis->asked_for = match == INTENT_ASKED;
    if (match == INTENT_NOT_ASKED && was_asked_for(diagnosis)) {
        free(reason);
        reason = strdup("nginx's configuration asked for this when it was denied, and does so no "
                        "longer.");
        if (!reason)
            return -ENOMEM;
    } else if (match == INTENT_NOT_ASKED) {
        diagnosis->verdict = VERDICT_UNEXPECTED_ACCESS;
        diagnosis->withheld = true;
        r = analysis_note(
            diagnosis, "Nothing is known to ask for this: it may be the trace of an intrusion, or "
                       "of a configuration that was changed since. No fix is put forward.");
    }
    return r >= 0 && reason ? analysis_note(diagnosis, reason) : r;
}

int analysis_of_access(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
                       const AnalysisOptions *options)
{
    Operation operation = {};
    Decision decision = {};
    Access access = {};
    int r;

    r = update_peer(diagnosis, options);
    if (r < 0)
        return r;
    r = make_operation(diagnosis, current, options, &operation);
    if (r >= 0)
        r = operation_resolve(&operation.questions[0], current, &access);
    if (r >= 0)
        r = decide_access(current, &access, &decision);
    if (r < 0)
        goto finish;
    if (decision.status != DECIDE_OK) {
        diagnosis->verdict = VERDICT_UNDETERMINED;
        r = analysis_note(diagnosis, decision.problem);
        goto finish;
    }
    r = take_decision(diagnosis, policy, &decision);
    if (r >= 0 && decision.allowed && decision.ioctl_filtered)
        r = judge_ioctl(diagnosis, current, &access);
    if (r >= 0)
        r = stored_values_note(diagnosis, policy, &access, decision.allowed,
                               options->stored_booleans, options->n_stored_booleans);
    if (r >= 0 && !diagnosis->allowed_now)
        r = judge_intent(diagnosis, current, options);
    if (r >= 0 && !diagnosis->allowed_now && !decision.ioctl_filtered)
        r = add_candidates(diagnosis, current, &operation, options);
finish:
    decision_clear(&decision);
    access_clear(&access);
    operation_clear(&operation);
    if (r == -ENODATA || r == -EINVAL) {
        diagnosis->verdict = VERDICT_UNDETERMINED;
        return analysis_note(diagnosis, "The loaded policy cannot be asked about this access.");
    }
    return r;
}

/* What a client wrote into nginx's line, beside what the kernel says. */
static int note_text(Diagnosis *diagnosis)
{
    if (diagnosis->disagreement)
        return analysis_note(diagnosis, diagnosis->disagreement);
    if (diagnosis->ambiguous)
        return analysis_note(diagnosis,
                             "A line of nginx can be read in more than one way, because a client "
                             "wrote into it. The kernel's word counts.");
    return 0;
}

/* What was seen to be refused once, and is no longer, was mended: it stays what it was. Where
 * nothing was ever seen to refuse it, that it is allowed explains nothing. */
static void keep_refusal(Diagnosis *diagnosis, Verdict before)
{
    if (diagnosis->have_access || !diagnosis->allowed_now)
        return;
    diagnosis->allowed_now = before == VERDICT_BLOCKED_BY_PERMISSIONS;
    if (!diagnosis->allowed_now)
        return;
    diagnosis->verdict = before;
    diagnosis->cause = CAUSE_FILE_MODE;
}

static int run(Diagnosis *diagnosis, const Policy *policy, const Hypothesis *current,
               const AnalysisOptions *options)
{
    const Verdict before = diagnosis->verdict;
    int r = 0;

    if (diagnosis->denied) {
        diagnosis->verdict = VERDICT_BLOCKED_BY_SELINUX;
        if (note_text(diagnosis) < 0)
            return -ENOMEM;
        if (current)
            r = analysis_of_access(diagnosis, policy, current, options);
        if (r >= 0)
            r = analysis_of_override(diagnosis, options);
        return r < 0 ? r : analysis_of_modes_behind(diagnosis, options);
    }
    /* A failure alone: what an earlier analysis took for its access is asked anew. */
    access_clear(&diagnosis->access);
    diagnosis->have_access = false;
    if (!error_is_refusal(diagnosis->error))
        return neighbours_explain(diagnosis, current, options->domain, options->host);
    diagnosis->verdict = VERDICT_UNDETERMINED;
    if (diagnosis->ambiguous)
        return analysis_note(
            diagnosis, "nginx's line can be read in more than one way, because a client wrote "
                       "into it, and the kernel recorded no denial: nothing is concluded "
                       "from it.");
    r = analysis_of_failure(diagnosis, policy, current, options);
    keep_refusal(diagnosis, before);
    return r;
}

int analysis_run(Diagnosis *diagnosis, const Policy *policy, const AnalysisOptions *options)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *current = policy ? hypothesis_new(policy) : NULL;
    int r;

    if (policy && !current)
        return -ENOMEM;
    diagnosis_clear_analysis(diagnosis);
    r = run(diagnosis, policy, current, options);
    if (r >= 0)
        r = reload_append(diagnosis);
    if (r >= 0)
        r = places_find(diagnosis, options->intents);
    if (r < 0)
        return r;
    diagnosis->analyzed = policy != NULL;
    return summary_update(diagnosis);
}
