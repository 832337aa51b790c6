/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Candidates for files, directories and socket files: the label that the policy's own
 * file_contexts has for the path, or a rule for the path with a type that fits what nginx
 * wants there.
 */
#include <errno.h>
#include <inttypes.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-file-internal.h"
#include "daemon/selinux/type-traits.h"

static char class_file[] = "file", class_dir[] = "dir", class_link[] = "lnk_file",
            class_socket[] = "sock_file";
char *const file_tree_classes[] = {class_file, class_dir, class_link, class_socket, NULL};

/* --- the plans ------------------------------------------------------------ */

int file_plan_add_relabel(Plan *plan, const TargetPath *target)
{
    Action action = {.kind = ACTION_RELABEL, .recursive = target->tree};
    int r = string_replace(&action.path, target->path);

    if (r >= 0)
        r = plan_add_action(plan, &action);
    action_clear(&action);
    return r;
}

int file_plan_add_rule(Plan *plan, const TargetPath *target, const char *file_type,
                       const char *type)
{
    Action action = {.kind = ACTION_SET_FILE_CONTEXT};
    int r = string_replace(&action.regex, target->regex);

    if (r >= 0)
        r = string_replace(&action.file_type, file_type);
    if (r >= 0)
        r = string_replace(&action.type, type);
    if (r >= 0)
        r = plan_add_action(plan, &action);
    action_clear(&action);
    return r;
}

void file_context_find_type(const FileContext *context, const char *path, const char *class,
                            char *ret_type, size_t size)
{
    const Operation *operation = context->base->operation;

    ret_type[0] = '\0';
    for (size_t i = 0; i < operation->n_questions; i++) {
        const Question *question = &operation->questions[i];

        if (streq_ptr(question->path, path) && streq(question->access.target_class, class) &&
            context_type_copy(question->access.target_context, ret_type, size) < 0)
            ret_type[0] = '\0';
    }
}

int file_context_find_caveat(const FileContext *context, char **ret_caveat)
{
    const char *caveat = NULL;

    if (context->purpose == PURPOSE_SOCKET && context->base->operation->peer_unknown)
        caveat = "Who listens on the socket is not known here: whether nginx may connect to that "
                 "domain is not part of the proof. If not, the next denial shows as a diagnosis "
                 "of its own.";
    else if (context->base->operation->directories_unknown)
        caveat = "The labels of the directories above are not known here: whether nginx may "
                 "search them is not part of the proof.";
    return string_replace(ret_caveat, caveat);
}

typedef struct Label {
    const TargetPath *target;
    const char *type;
    const char *context;     /* all of it, where that is known; else NULL */
    const char *type_before; /* of the target now, where that is not the denied one; may be NULL */
    const char *type_behind; /* of what nginx wanted, where that is another; may be NULL */
    bool with_rule;          /* a rule for the path; else its default label is restored */
    const PeerRule *peer;    /* a rule for the process that listens; may be NULL */
} Label;

static int write_plan(const FileContext *context, const Label *label, const BooleanSet *set,
                      Fix *fix)
{
    _cleanup_free_ char *booleans = NULL, *peer = NULL;
    const TargetPath *target = label->target;
    int r = file_context_find_caveat(context, &fix->caveat);

    if (r >= 0 && set)
        r = boolean_set_to_actions(set, &fix->plan, &booleans);
    if (r >= 0 && label->peer)
        r = peer_rule_to_action(label->peer, &fix->plan, &peer);
    if (r >= 0 && label->with_rule)
        r = file_plan_add_rule(&fix->plan, target, "all", label->type);
    if (r >= 0)
        r = file_plan_add_relabel(&fix->plan, target);
    if (r < 0)
        return r;
    fix->reversible = true;
    fix->evidence = label->with_rule ? EVIDENCE_FILE_CONTEXT : EVIDENCE_DEFAULT_LABEL;
    fix->summary = format_string(
        label->with_rule
            ? "label %s%s as %s%s%s%s%s"
            : "restore the label of %s%s, which is %s by the policy's own rules%s%s%s%s",
        target->path, target->tree ? " and what is below it" : "",
        /* where the type is right, the rest of the label is not */
        label->context && streq(label->type, context->type) ? label->context : label->type,
        set ? ", and turn " : "", set ? booleans : "", peer ? ", and " : "", strempty(peer));
    return fix->summary ? 0 : -ENOMEM;
}

static int submit(const FileContext *context, const Label *label, const Hypothesis *labelled,
                  const BooleanSet *set)
{
    char *const object_class[] = {context->diagnosis->access.target_class, NULL};
    const ExposureRelabel relabel = {
        .old_type = label->type_before ? label->type_before : context->type,
        .new_type = label->type,
        .classes = label->target->tree ? file_tree_classes : object_class,
    };
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(labelled);
    Fix fix = {};
    int r = after ? 0 : -ENOMEM;

    if (r >= 0 && set)
        r = boolean_set_apply(set, after);
    if (r >= 0)
        r = write_plan(context, label, set, &fix);
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    r = candidate_submit_labels(context->diagnosis, context->base, &fix, after, &relabel, 1);
    return r == -ENOENT ? 0 : r;
}

/* Every set of booleans that the label needs besides, on the way to the object; none if it
 * suffices. */
static int find_sets(const FileContext *context, const Hypothesis *labelled, BooleanSets *ret_sets)
{
    const Operation *operation = context->base->operation;
    Access accesses[OPERATION_QUESTIONS_MAX] = {};
    size_t n = 0;
    int r = 0;

    for (; r >= 0 && n < operation->n_questions; n++)
        r = operation_resolve(&operation->questions[n], labelled, &accesses[n]);
    if (r >= 0)
        r = boolean_sets_find(labelled, accesses, n, ret_sets);
    for (size_t i = 0; i < n; i++)
        access_clear(&accesses[i]);
    return r;
}

static int submit_sets(const FileContext *context, const Label *label, const Hypothesis *labelled)
{
    BooleanSets sets = {};
    int r = find_sets(context, labelled, &sets);

    if (r >= 0 && sets.already_allowed)
        r = submit(context, label, labelled, /* set= */ NULL);
    for (size_t i = 0; r >= 0 && i < sets.n_sets; i++)
        r = submit(context, label, labelled, &sets.sets[i]);
    boolean_sets_clear(&sets);
    return r;
}

static int try_label(const FileContext *context, const Label *label)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *labelled = hypothesis_copy(context->base->current);
    const TargetPath *target = label->target;
    const size_t n_fixes = context->diagnosis->n_fixes;
    Label with_peer = *label;
    PeerRule peer;
    int r = !labelled ? -ENOMEM
            : label->context
                ? hypothesis_set_file_context(labelled, target->path, target->tree, label->context)
                : hypothesis_set_file_type(labelled, target->path, target->tree, label->type);

    if (r >= 0 && label->type_behind)
        r = hypothesis_set_file_type(labelled, context->base->operation->path, false,
                                     label->type_behind);
    if (r < 0)
        return r == -ENOENT ? 0 : r; /* a type that this policy does not have */
    r = submit_sets(context, label, labelled);
    if (r < 0 || context->diagnosis->n_fixes > n_fixes ||
        !peer_rule_find(context->base, labelled, &peer))
        return r;
    with_peer.peer = &peer;
    r = peer_rule_assume(&peer, labelled);
    return r < 0 ? (r == -ENOENT ? 0 : r) : submit_sets(context, &with_peer, labelled);
}

/* The level of a context, "" where it has none. */
static const char *level_of(const char *context)
{
    for (int i = 0; i < 3; i++) {
        context = strchr(context, ':');
        if (!context)
            return "";
        context++;
    }
    return context;
}

/* A constraint refuses it, and the level is another than by the policy's rules: categories of a
 * container or a virtual machine, most often. */
static bool is_kept_by_level(const FileContext *context)
{
    const char *wanted = context->base->default_context;

    return wanted && context->diagnosis->cause == CAUSE_CONSTRAINT &&
           !streq(level_of(wanted), level_of(context->diagnosis->access.target_context));
}

static int try_default_label(const FileContext *context)
{
    const char *wanted = context->base->default_type;
    const char *object = context->base->operation->object;
    const bool on_the_way = object && context->on_the_way;
    _cleanup_free_ char *path = object ? strdup(object) : NULL;
    TargetPath target = {.path = path, .tree = on_the_way};

    if (object && !path)
        return -ENOMEM;
    if (!wanted || !object || (streq(wanted, context->type) && !is_kept_by_level(context)))
        return 0;
    return try_label(context,
                     &(Label){
                         .target = &target,
                         .type = wanted,
                         .context = context->base->default_context,
                         .type_behind = on_the_way ? context->base->default_type_behind : NULL,
                     });
}

static int refuse_label(const FileContext *context, const char *type, const char *objection)
{
    _cleanup_free_ char *words = format_string("give %s another label", context->diagnosis->path);
    _cleanup_free_ char *reason = format_string("%s %s", type, objection);

    return words && reason ? diagnosis_add_refusal(context->diagnosis, words, reason) : -ENOMEM;
}

int file_target_name_original(const FileContext *context, TargetPath *target)
{
    _cleanup_free_ char *original = NULL;
    int r = context->base->file_contexts
                ? file_contexts_equivalent(context->base->file_contexts, target->path, &original)
                : 0;

    return r > 0 ? target_path_set_rule(target, original) : r;
}

static int try_rule_at(const FileContext *context, TargetPath *target, const char *type,
                       const char *type_before)
{
    int r = file_target_name_original(context, target);

    return r < 0 ? r
                 : try_label(context, &(Label){.target = target,
                                               .type = type,
                                               .type_before = type_before,
                                               .with_rule = true});
}

/* A directory on the way was refused that is not to be labelled with all that is below it. One that
 * the policy has a rule for, as for people's homes, keeps its label: booleans may open it, and what
 * nginx wants in it gets a label that fits. */
static int try_way(const FileContext *context, const char *type)
{
    _cleanup_(target_path_clear) TargetPath target = {};
    const Diagnosis *diagnosis = context->diagnosis;
    const size_t n_fixes = diagnosis->n_fixes;
    char type_before[256];
    int r = file_candidates_add_way(context);

    file_context_find_type(context, context->base->operation->path, "file", type_before,
                           sizeof(type_before));
    if (r < 0 || diagnosis->n_fixes > n_fixes || type_before[0] == '\0' || streq(type_before, type))
        return r;
    r = target_path_choose(context->base->operation->path, context->purpose == PURPOSE_CERTIFICATE,
                           &target);
    return r < 0 ? r : try_rule_at(context, &target, type, type_before);
}

static int try_rule(const FileContext *context)
{
    _cleanup_(target_path_clear) TargetPath target = {};
    const char *type = file_context_choose_type(context);
    int r;

    /* The rules that the policy has say so already: nothing to add. */
    if (!type || streq_ptr(type, context->base->default_type))
        return 0;
    if (peer_needs_type(context->base, context->type, type))
        return refuse_label(context, context->type,
                            "is what the process that listens on the socket needs there");
    r = context->on_the_way && context->base->operation->object
            ? target_path_choose_directory(context->base->operation->object, &target)
            : target_path_choose(context->base->operation->path,
                                 context->purpose == PURPOSE_CERTIFICATE, &target);
    if (r == -EPERM) /* a directory that others share, with whatever else is in it */
        return try_way(context, type);
    return r < 0 ? r : try_rule_at(context, &target, type, /* type_before= */ NULL);
}

/* What is to be said of the type, if no label is put on the object for it; else NULL. */
static const char *find_objection(const FileContext *context)
{
    TypeTraits traits;

    if (type_traits_read(context->base->current, context->type, &traits) < 0)
        return NULL;
    if (traits.is_from_mount)
        return "is the label of a whole file system without labels of its own: it is given "
               "when that is mounted (mount -o context=…)";
    if (traits.holds_secrets && context->purpose != PURPOSE_CERTIFICATE)
        return "holds secrets: a web server has no business there";
    return NULL;
}

bool candidates_know_path(const Diagnosis *diagnosis)
{
    return diagnosis->path && diagnosis->path[0] == '/' && !strchr(diagnosis->path, '\\');
}

/* The kernel names the last component, and the object's number in its file system. */
static int note_unknown_path(Diagnosis *diagnosis)
{
    const char *name = diagnosis->path && !strchr(diagnosis->path, '\\') ? diagnosis->path : NULL;
    _cleanup_free_ char *quoted = name ? shell_quote(name) : NULL;
    _cleanup_free_ char *text =
        diagnosis->inode == 0
            ? strdup("The whole path is not known, so no label can be proposed.")
            : format_string("The whole path is not known, so no label can be proposed. find / "
                            "-inum %" PRIu64 "%s%s shows where it is: most likely it only lacks "
                            "its label, which restorecon -v -F PATH restores.",
                            diagnosis->inode, quoted ? " -name " : "", strempty(quoted));

    if ((name && !quoted) || !text)
        return -ENOMEM;
    return diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), text);
}

/* A plain restorecon would seem to do nothing. */
static int note_customizable(const FileContext *context)
{
    const FileContexts *contexts = context->base->file_contexts;
    Diagnosis *diagnosis = context->diagnosis;
    _cleanup_free_ char *text = NULL;

    if (diagnosis->n_fixes == 0 || !contexts ||
        !file_contexts_is_customizable(contexts, context->type))
        return 0;
    text = format_string("%s is one of the types that an administrator may give on purpose "
                         "(customizable_types): restorecon leaves it alone without -F.",
                         context->type);
    return text ? diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), text)
                : -ENOMEM;
}

int candidates_add_files(Diagnosis *diagnosis, const CandidateContext *base)
{
    FileContext context;
    const char *objection;
    int r;

    if ((diagnosis->target_kind != TARGET_PATH && diagnosis->target_kind != TARGET_SOCKET) ||
        streq(diagnosis->access.target_class, "unix_stream_socket"))
        return 0;
    if (!candidates_know_path(diagnosis))
        return note_unknown_path(diagnosis);
    r = file_context_init(&context, diagnosis, base);
    if (r < 0)
        return r;
    objection = find_objection(&context);
    if (objection)
        return refuse_label(&context, context.type, objection);
    r = try_default_label(&context);
    if (r >= 0)
        r = try_rule(&context);
    return r < 0 ? r : note_customizable(&context);
}
