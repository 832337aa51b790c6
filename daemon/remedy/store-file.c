/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File contexts: local records of the store; and the labels on disk that follow from them.
 *
 * A record for a path that an equivalence rule looks up elsewhere would never match: it is written
 * for the path that is looked up.
 */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/core/access.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-check.h"
#include "daemon/remedy/relabel.h"
#include "daemon/remedy/store-internal.h"
#include "daemon/remedy/undo.h"
#include "daemon/selinux/equivalence.h"

DEFINE_POINTER_CLEANUP(semanage_fcontext_key_t, semanage_fcontext_key_free, key_cleanup);
DEFINE_POINTER_CLEANUP(semanage_fcontext_t, semanage_fcontext_free, record_cleanup);
DEFINE_POINTER_CLEANUP(semanage_context_t, semanage_context_free, context_cleanup);

/* --- equivalence rules ------------------------------------------------------ */

static int apply_equivalence(const PolicyStore *store, const char *path, char **ret_path)
{
    _cleanup_free_ char *contexts = format_string("%s/etc/selinux/%s/contexts/files/file_contexts",
                                                  store_root(store), store->type);

    return contexts ? equivalence_apply(contexts, path, ret_path) : -ENOMEM;
}

/* The expression to write: 1, or 0 if it stays as it is. Its literal beginning alone is a path. */
static int find_equivalent(const PolicyStore *store, const char *regex, char **ret_regex)
{
    const char *tree = strstr(regex, "(/.*)?");
    _cleanup_free_ char *path = strndup(regex, tree ? (size_t)(tree - regex) : strlen(regex));
    _cleanup_free_ char *original = NULL;
    int r = path ? apply_equivalence(store, path, &original) : -ENOMEM;

    if (r <= 0)
        return r;
    *ret_regex = format_string("%s%s", original, strempty(tree));
    return *ret_regex ? 1 : -ENOMEM;
}

/* --- records ---------------------------------------------------------------- */

static int file_type_number(const char *file_type)
{
    static const struct {
        const char *name;
        int number;
    } file_types[] = {
        {"file", SEMANAGE_FCONTEXT_REG},    {"dir", SEMANAGE_FCONTEXT_DIR},
        {"char", SEMANAGE_FCONTEXT_CHAR},   {"block", SEMANAGE_FCONTEXT_BLOCK},
        {"socket", SEMANAGE_FCONTEXT_SOCK}, {"symlink", SEMANAGE_FCONTEXT_LINK},
        {"pipe", SEMANAGE_FCONTEXT_PIPE},
    };

    for (size_t i = 0; i < ELEMENTS_OF(file_types); i++)
        if (streq(file_types[i].name, file_type))
            return file_types[i].number;
    return SEMANAGE_FCONTEXT_ALL;
}

static int create_key(PolicyStore *store, const Action *action, char **ret_regex,
                      semanage_fcontext_key_t **ret_key)
{
    _cleanup_free_ char *regex = NULL;
    int r = find_equivalent(store, action->regex, &regex);

    if (r < 0)
        return r;
    if (r == 0) {
        regex = strdup(action->regex);
        if (!regex)
            return -ENOMEM;
    }
    if (semanage_fcontext_key_create(store->handle, regex, file_type_number(action->file_type),
                                     ret_key) < 0)
        return -ENOMEM;
    *ret_regex = TAKE_POINTER(regex);
    return 0;
}

static int read_record(PolicyStore *store, const semanage_fcontext_key_t *key, ActionState *state)
{
    _cleanup_(record_cleanup) semanage_fcontext_t *record = NULL;
    _cleanup_free_ char *context = NULL;
    int exists = 0, r;

    if (semanage_fcontext_exists_local(store->handle, key, &exists) < 0)
        return -EIO;
    if (!exists)
        return 0;
    if (semanage_fcontext_query_local(store->handle, key, &record) < 0)
        return -EIO;
    r = store_context_to_text(store, semanage_fcontext_get_con(record), &context);
    if (r >= 0)
        state_set_text(state, state->record, context);
    return r;
}

int store_file_context_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    const Action *action = &store->plan->actions[index];
    _cleanup_(key_cleanup) semanage_fcontext_key_t *key = NULL;
    _cleanup_free_ char *regex = NULL, *wanted = NULL;
    PolicyView *view = store_view(store, ret_state);
    int r = 0;

    ret_state->known = true;
    if (view)
        r = policy_view_check_file_context(view, action, ret_state->obstacle);
    if (r >= 0)
        r = create_key(store, action, &regex, &key);
    if (r >= 0)
        r = read_record(store, key, ret_state);
    if (r >= 0)
        r = store_format_context(store, action->type, &wanted);
    if (r < 0)
        return r;
    state_set_text(ret_state, ret_state->wanted, wanted);
    if (!streq(regex, action->regex))
        state_set_text(ret_state, ret_state->effective, regex);
    return 0;
}

int store_file_context_stage(PolicyStore *store, size_t index, const ActionState *target)
{
    const Action *action = &store->plan->actions[index];
    _cleanup_(key_cleanup) semanage_fcontext_key_t *key = NULL;
    _cleanup_(record_cleanup) semanage_fcontext_t *record = NULL;
    _cleanup_(context_cleanup) semanage_context_t *context = NULL;
    _cleanup_free_ char *regex = NULL;
    int exists = 0;
    int r = create_key(store, action, &regex, &key);

    if (r < 0)
        return r;
    if (*target->record == '\0') {
        if (semanage_fcontext_exists_local(store->handle, key, &exists) < 0)
            return -EIO;
        return exists && semanage_fcontext_del_local(store->handle, key) < 0 ? -EIO : 0;
    }
    if (semanage_fcontext_create(store->handle, &record) < 0 ||
        semanage_fcontext_set_expr(store->handle, record, regex) < 0)
        return -ENOMEM;
    semanage_fcontext_set_type(record, file_type_number(action->file_type));
    /* A record without a context says "<<none>>". */
    if (!streq(target->record, "<<none>>") &&
        (semanage_context_from_string(store->handle, target->record, &context) < 0 ||
         semanage_fcontext_set_con(store->handle, record, context) < 0))
        return -ENOMEM;
    return semanage_fcontext_modify_local(store->handle, key, record) < 0 ? -EIO : 0;
}

/* --- labels ----------------------------------------------------------------- */

typedef struct Survey {
    PolicyStore *store;
    ActionState *state;
    const Action *rule; /* of the plan, about the path; NULL if there is none */
} Survey;

/* To take a label away that keeps something secret is not a repair of a web server. */
static bool takes_secrecy(PolicyView *view, const char *old, const char *wanted)
{
    return *old && policy_view_holds_secrets(view, old) > 0 &&
           policy_view_holds_secrets(view, wanted) <= 0;
}

/* Notes that something goes from one type to another. */
static void note_types(PolicyStore *store, const char *old, const char *new_type)
{
    RelabelledType pair = {};

    if (context_type_copy(old, pair.old_type, sizeof(pair.old_type)) < 0 ||
        strlen(new_type) >= sizeof(pair.new_type))
        return; /* an object without a type is reachable to nobody */
    memcpy(pair.new_type, new_type, strlen(new_type) + 1);
    if (streq(pair.old_type, pair.new_type))
        return;
    for (size_t i = 0; i < store->n_relabelled; i++)
        if (streq(store->relabelled[i].old_type, pair.old_type) &&
            streq(store->relabelled[i].new_type, pair.new_type))
            return;
    if (store->n_relabelled < RELABELLED_TYPES_MAX)
        store->relabelled[store->n_relabelled++] = pair;
    else
        store->relabelled_overflow = true;
}

static int survey_object(const char *path, const char *old, const char *wanted, void *userdata)
{
    Survey *survey = userdata;
    PolicyView *view = store_view(survey->store, survey->state);

    char type[128] = "";

    survey->state->files++;
    if (survey->rule)
        note_types(survey->store, old, survey->rule->type);
    else if (context_type_copy(wanted, type, sizeof(type)) >= 0)
        note_types(survey->store, old, type);
    if (*survey->state->obstacle == '\0' &&
        plan_check_type_denied(type, survey->store->options->config))
        state_set_obstacle(survey->state, "the site does not permit %s (DeniedTypes=).", type);
    if (view && *survey->state->obstacle == '\0' && takes_secrecy(view, old, wanted))
        state_set_obstacle(survey->state, "%s holds secrets by its label (%s); it is left alone.",
                           path, old);
    return 0;
}

/* The same once more when it is done: something may have come into the tree since. */
static bool is_protected(const char *old, const char *wanted, void *userdata)
{
    PolicyStore *store = userdata;
    ActionState scratch = {};
    PolicyView *view = store_view(store, &scratch);

    return !view || takes_secrecy(view, old, wanted);
}

/* Whether the expression is about this very path, with or without what is below it. */
static bool regex_names(const char *regex, const char *path)
{
    for (; *regex && !streq(regex, "(/.*)?"); regex++) {
        if (*regex == '\\')
            continue;
        if (*regex != *path++)
            return false;
    }
    return *path == '\0';
}

/* The rule of the plan that is about this path, or NULL. */
static const Action *find_rule(const PolicyStore *store, const Action *relabel)
{
    const Plan *plan = store->plan;
    _cleanup_free_ char *original = NULL;

    if (apply_equivalence(store, relabel->path, &original) < 0)
        return NULL;
    for (size_t i = 0; i < plan->n_actions; i++) {
        const Action *action = &plan->actions[i];

        if (action->kind == ACTION_SET_FILE_CONTEXT && streq(strempty(action->file_type), "all") &&
            (regex_names(action->regex, relabel->path) ||
             (original && regex_names(action->regex, original))))
            return action;
    }
    return NULL;
}

static bool has_file_contexts(const Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++)
        if (plan->actions[i].kind == ACTION_SET_FILE_CONTEXT)
            return true;
    return false;
}

static int read_default(PolicyStore *store, const Action *action, char **ret_context)
{
    _cleanup_free_ char *path = format_string("%s%s", store_root(store), action->path);
    struct stat status;

    if (!path)
        return -ENOMEM;
    if (lstat(path, &status) < 0)
        return -errno;
    return file_contexts_lookup(store->contexts, action->path, status.st_mode, ret_context);
}

static void explain_path(ActionState *state, const Action *action, int error)
{
    if (error == -ENOENT || error == -ENOTDIR)
        state_set_obstacle(state, "there is no %s.", action->path);
    else if (error == -ELOOP)
        state_set_obstacle(state, "a symbolic link is on the way to %s; name the path it leads to.",
                           action->path);
    else if (error == -EFBIG)
        state_set_obstacle(state, "below %s are more than %u files, or they are nested too deeply.",
                           action->path, REMEDY_RELABEL_FILES_MAX);
    else
        state_set_obstacle(state, "the labels of %s cannot be read: %s.", action->path,
                           strerror(-error));
}

int store_label_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    const Action *action = &store->plan->actions[index];
    const RelabelTarget target = {
        .root = store_root(store), .path = action->path, .recursive = action->recursive};
    _cleanup_free_ char *label = NULL, *wanted = NULL;
    Survey survey = {.store = store, .state = ret_state};
    RelabelTarget walk = target;
    int r = store_open_contexts(store);

    if (r < 0)
        return r;
    walk.contexts = store->contexts;
    r = relabel_read(target.root, action->path, &label);
    if (r < 0 && r != -ENODATA) {
        explain_path(ret_state, action, r);
        return r == -ENOMEM ? r : 0;
    }
    ret_state->known = true;
    if (label)
        state_set_text(ret_state, ret_state->record, label);
    r = read_default(store, action, &wanted);
    if (r == -ENOMEM)
        return r;
    if (wanted)
        state_set_text(ret_state, ret_state->wanted, wanted);
    else if (!has_file_contexts(store->plan))
        state_set_obstacle(ret_state, "the policy has no label for %s.", action->path);
    survey.rule = find_rule(store, action);
    if (survey.rule && label)
        note_types(store, label, survey.rule->type);
    r = relabel_walk(&walk, survey_object, &survey);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        explain_path(ret_state, action, r);
    return 0;
}

/* True if the lookup gives what the plan's own rule says, or there is no such rule. */
static bool contexts_are_current(PolicyStore *store, const Action *action)
{
    const Action *rule = find_rule(store, action);
    _cleanup_free_ char *context = NULL;
    char type[256];

    return !rule ||
           (read_default(store, action, &context) >= 0 &&
            context_type_copy(context, type, sizeof(type)) >= 0 && streq(type, rule->type));
}

static int relabel_one(PolicyStore *store, const Action *action, const char *undo, bool forward)
{
    RelabelTarget target = {
        .root = store_root(store), .path = action->path, .recursive = action->recursive};
    uint32_t failed = 0;
    int r;

    if (!forward)
        return relabel_revert(target.root, undo, &failed);
    r = store_open_contexts(store);
    if (r >= 0 && !contexts_are_current(store, action)) {
        /* Right after a commit the compiled form of the rules was seen to be taken for current
         * while it was not: its time and the text's were the same second. */
        (void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100 * 1000 * 1000}, NULL);
        r = store_open_contexts(store);
    }
    if (r < 0)
        return r;
    target.contexts = store->contexts;
    target.is_protected = is_protected;
    target.userdata = store;
    r = relabel_apply(&target, undo, &failed);
    return r == -ENOENT ? 0 : r; /* gone meanwhile: read back, it shows */
}

bool policy_store_wants_relabel(const Plan *plan, PolicyStoreScope scope)
{
    if (scope == SCOPE_BOOLEANS)
        return false;
    for (size_t i = 0; i < plan->n_actions; i++)
        if (plan->actions[i].kind == ACTION_RELABEL)
            return true;
    return false;
}

int policy_store_relabel(PolicyStore *store, const char *change_id, const ActionState *targets)
{
    for (size_t i = 0; i < store->plan->n_actions; i++) {
        _cleanup_free_ char *undo = NULL;
        int r;

        if (store->plan->actions[i].kind != ACTION_RELABEL)
            continue;
        undo = undo_path(store->options->undo_directory, change_id, i);
        if (!undo)
            return -ENOMEM;
        r = relabel_one(store, &store->plan->actions[i], undo, targets[i].local == SETTING_ON);
        if (r < 0)
            return r;
    }
    return 0;
}
