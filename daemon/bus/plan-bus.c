/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/plan-arguments.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"

static const char *form_signature(ArgumentForm form)
{
    switch (form) {
    case FORM_BOOLEAN:
        return "b";
    case FORM_PORT:
        return "q";
    case FORM_LIST:
        return "as";
    default:
        return "s";
    }
}

/* --- writing ------------------------------------------------------------ */

static int append_argument(sd_bus_message *message, const Argument *argument, const Action *action)
{
    const void *member = action_argument_member(argument, action);
    int r;

    r = sd_bus_message_open_container(message, 'e', "sv");
    if (r < 0)
        return r;
    r = sd_bus_message_append_basic(message, 's', argument->name);
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(message, 'v', form_signature(argument->form));
    if (r < 0)
        return r;
    switch (argument->form) {
    case FORM_BOOLEAN: {
        int value = *(const bool *)member;

        r = sd_bus_message_append_basic(message, 'b', &value);
        break;
    }
    case FORM_PORT:
        r = sd_bus_message_append_basic(message, 'q', member);
        break;
    case FORM_LIST:
        r = sd_bus_message_append_strv(message, *(char **const *)member);
        break;
    default:
        r = sd_bus_message_append_basic(message, 's', strempty(*(const char *const *)member));
        break;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

static int append_action(sd_bus_message *message, const Action *action)
{
    int r;

    if ((unsigned)action->kind >= ACTION_KIND_COUNT)
        return -EINVAL;
    r = sd_bus_message_open_container(message, 'r', "sa{sv}");
    if (r < 0)
        return r;
    r = sd_bus_message_append_basic(message, 's', action_kind_to_string(action->kind));
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    for (const Argument *a = action_arguments(action->kind); a->name; a++) {
        r = append_argument(message, a, action);
        if (r < 0)
            return r;
    }
    r = sd_bus_message_close_container(message);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

int plan_bus_append_actions(sd_bus_message *message, const Plan *plan)
{
    int r;

    r = sd_bus_message_open_container(message, 'a', "(sa{sv})");
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_actions; i++) {
        r = append_action(message, &plan->actions[i]);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}

int plan_bus_append_accesses(sd_bus_message *message, const Plan *plan)
{
    int r;

    r = sd_bus_message_open_container(message, 'a', "(ssss)");
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_accesses; i++) {
        const Access *access = &plan->accesses[i];

        r = sd_bus_message_append(message, "(ssss)", access->source_context, access->target_context,
                                  access->target_class, access->permissions);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(message);
}

/* --- reading ------------------------------------------------------------ */

/* Reports what is wrong: the position, then the sentence. Returns `error`, or -ENOMEM. */
static int problem_set(char **ret_problem, int error, const char *what, size_t index,
                       const char *argument, const char *sentence)
{
    char *text;

    if (argument)
        text = format_string("%s %zu, argument \"%.64s\": %s", what, index, argument, sentence);
    else
        text = format_string("%s %zu: %s", what, index, sentence);
    if (!text)
        return -ENOMEM;
    free(*ret_problem);
    *ret_problem = text;
    return error;
}

static const char *read_text(sd_bus_message *message, ArgumentForm form, char **ret_text,
                             int *ret_error)
{
    const char *text = NULL;
    const char *fault;
    char *copy;

    *ret_error = sd_bus_message_read_basic(message, 's', &text);
    if (*ret_error < 0)
        return NULL;
    fault = argument_text_fault(form, text, ret_error);
    if (fault)
        return fault;
    copy = strdup(text);
    if (!copy) {
        *ret_error = -ENOMEM;
        return NULL;
    }
    free(*ret_text);
    *ret_text = copy;
    *ret_error = 0;
    return NULL;
}

static const char *read_list(sd_bus_message *message, char ***ret_list, int *ret_error)
{
    _cleanup_strv_ char **list = NULL;
    size_t count = 0;
    int r;

    r = sd_bus_message_enter_container(message, 'a', "s");
    if (r < 0) {
        *ret_error = r;
        return NULL;
    }
    while ((r = sd_bus_message_at_end(message, /* complete= */ false)) == 0) {
        _cleanup_free_ char *text = NULL;
        const char *fault;

        if (++count > PLAN_ACTIONS_MAX) {
            *ret_error = -E2BIG;
            return "has too many elements";
        }
        fault = read_text(message, FORM_LIST, &text, ret_error);
        if (*ret_error < 0)
            return fault;
        r = strv_append(&list, text);
        if (r < 0)
            break;
    }
    if (r > 0)
        r = sd_bus_message_exit_container(message);
    if (r < 0) {
        *ret_error = r;
        return NULL;
    }
    strv_free(*ret_list);
    *ret_list = TAKE_POINTER(list);
    *ret_error = 0;
    return NULL;
}

/* Reads the content of a variant that was found to have the right signature. Returns NULL
 * with *ret_error 0 on success, NULL with an errno on a failure that nobody can be told
 * about, or the sentence that tells what is wrong, with its errno. */
static const char *read_value(sd_bus_message *message, const Argument *argument, Action *action,
                              int *ret_error)
{
    void *member = action_argument_member(argument, action);

    switch (argument->form) {
    case FORM_BOOLEAN: {
        int value = 0;

        *ret_error = sd_bus_message_read_basic(message, 'b', &value);
        if (*ret_error >= 0)
            *(bool *)member = value != 0;
        return NULL;
    }
    case FORM_PORT:
        *ret_error = sd_bus_message_read_basic(message, 'q', member);
        return NULL;
    case FORM_LIST:
        return read_list(message, member, ret_error);
    default:
        return read_text(message, argument->form, member, ret_error);
    }
}

static int read_argument(sd_bus_message *message, Action *action, size_t index, unsigned *seen,
                         char **ret_problem)
{
    const Argument *argument;
    const char *name = NULL;
    const char *contents = NULL;
    const char *fault;
    size_t i = 0;
    int r;

    r = sd_bus_message_read_basic(message, 's', &name);
    if (r < 0)
        return r;
    argument = action_argument_find(action->kind, name, &i);
    if (!argument)
        return problem_set(ret_problem, -EINVAL, "action", index, name,
                           "this kind of action has no such argument");
    if (*seen & 1u << i)
        return problem_set(ret_problem, -EINVAL, "action", index, name, "is given twice");
    *seen |= 1u << i;

    r = sd_bus_message_peek_type(message, NULL, &contents);
    if (r < 0)
        return r;
    if (!contents || !streq(contents, form_signature(argument->form)))
        return problem_set(ret_problem, -EINVAL, "action", index, name, "has the wrong type");
    r = sd_bus_message_enter_container(message, 'v', contents);
    if (r < 0)
        return r;
    fault = read_value(message, argument, action, &r);
    if (fault)
        return problem_set(ret_problem, r, "action", index, name, fault);
    if (r < 0)
        return r;
    return sd_bus_message_exit_container(message);
}

static int read_action(sd_bus_message *message, Action *action, size_t index, char **ret_problem)
{
    const char *kind = NULL;
    unsigned seen = 0;
    int r;

    r = sd_bus_message_read_basic(message, 's', &kind);
    if (r < 0)
        return r;
    if (action_kind_from_string(kind, &action->kind) < 0)
        return problem_set(ret_problem, -EINVAL, "action", index, NULL,
                           "there is no such kind of action");

    r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_argument(message, action, index, &seen, ret_problem);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;

    for (size_t i = 0; action_arguments(action->kind)[i].name; i++)
        if (!(seen & 1u << i))
            return problem_set(ret_problem, -EINVAL, "action", index,
                               action_arguments(action->kind)[i].name, "is missing");
    return 0;
}

/* Appends everything of *from to *to and leaves *from empty; all or nothing. */
static int plan_move(Plan *to, Plan *from, char **ret_problem)
{
    if (to->n_actions + from->n_actions > PLAN_ACTIONS_MAX)
        return problem_set(ret_problem, -E2BIG, "action", (size_t)PLAN_ACTIONS_MAX, NULL,
                           "the plan has too many actions");
    if (to->n_accesses + from->n_accesses > PLAN_ACCESSES_MAX)
        return problem_set(ret_problem, -E2BIG, "access", (size_t)PLAN_ACCESSES_MAX, NULL,
                           "there are too many accesses");
    if (from->n_actions > 0) {
        Action *actions =
            realloc(to->actions, (to->n_actions + from->n_actions) * sizeof(*actions));

        if (!actions)
            return -ENOMEM;
        to->actions = actions;
        memcpy(to->actions + to->n_actions, from->actions, from->n_actions * sizeof(*actions));
        to->n_actions += from->n_actions;
        from->n_actions = 0;
    }
    if (from->n_accesses > 0) {
        Access *accesses =
            realloc(to->accesses, (to->n_accesses + from->n_accesses) * sizeof(*accesses));

        if (!accesses)
            return -ENOMEM;
        to->accesses = accesses;
        memcpy(to->accesses + to->n_accesses, from->accesses, from->n_accesses * sizeof(*accesses));
        to->n_accesses += from->n_accesses;
        from->n_accesses = 0;
    }
    return 0;
}

int plan_bus_read_actions(sd_bus_message *message, Plan *plan, char **ret_problem)
{
    _cleanup_(plan_clear) Plan read = {0};
    int r;

    r = sd_bus_message_enter_container(message, 'a', "(sa{sv})");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'r', "sa{sv}")) > 0) {
        _cleanup_(action_clear) Action action = {0};
        size_t index = read.n_actions;

        if (index >= PLAN_ACTIONS_MAX)
            return problem_set(ret_problem, -E2BIG, "action", index, NULL,
                               "the plan has too many actions");
        r = read_action(message, &action, index, ret_problem);
        if (r < 0)
            return r;
        r = plan_add_action(&read, &action);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    return plan_move(plan, &read, ret_problem);
}

int plan_bus_read_accesses(sd_bus_message *message, Plan *plan, char **ret_problem)
{
    static const char *const names[] = {"source context", "target context", "class", "permissions"};
    _cleanup_(plan_clear) Plan read = {0};
    int r;

    r = sd_bus_message_enter_container(message, 'a', "(ssss)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'r', "ssss")) > 0) {
        const char *parts[ELEMENTS_OF(names)] = {NULL};
        Access access; /* only a view of the message */
        size_t index = read.n_accesses;

        if (index >= PLAN_ACCESSES_MAX)
            return problem_set(ret_problem, -E2BIG, "access", index, NULL,
                               "there are too many accesses");
        for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
            const char *fault;

            r = sd_bus_message_read_basic(message, 's', &parts[i]);
            if (r < 0)
                return r;
            fault = argument_text_fault(FORM_STRING, parts[i], &r);
            if (fault)
                return problem_set(ret_problem, r, "access", index, names[i], fault);
        }
        for (size_t i = 0; i < 2; i++) {
            size_t length;

            if (!context_type(parts[i], &length))
                return problem_set(ret_problem, -EINVAL, "access", index, names[i],
                                   "is not an SELinux context");
        }
        access = (Access){(char *)parts[0], (char *)parts[1], (char *)parts[2], (char *)parts[3]};
        r = plan_add_access(&read, &access);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    return plan_move(plan, &read, ret_problem);
}
