/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/plan-arguments.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-json.h"

/* --- writing ------------------------------------------------------------ */

static json_object *strings_to_json(char *const *list)
{
    _cleanup_json_ json_object *array = json_object_new_array();

    for (size_t i = 0; array && list && list[i]; i++)
        if (json_append(array, json_object_new_string(list[i])) < 0)
            return NULL;
    return TAKE_POINTER(array);
}

static json_object *argument_to_json(const Argument *argument, const Action *action)
{
    const void *member = action_argument_member(argument, action);

    switch (argument->form) {
    case FORM_BOOLEAN:
        return json_object_new_boolean(*(const bool *)member);
    case FORM_PORT:
        return json_object_new_int(*(const uint16_t *)member);
    case FORM_LIST:
        return strings_to_json(*(char *const *const *)member);
    default:
        return json_object_new_string(strempty(*(const char *const *)member));
    }
}

static json_object *action_to_json(const Action *action)
{
    _cleanup_json_ json_object *object = json_object_new_object();

    if (!object ||
        json_add(object, "kind", json_object_new_string(action_kind_to_string(action->kind))) < 0)
        return NULL;
    for (const Argument *a = action_arguments(action->kind); a->name; a++)
        if (json_add(object, a->name, argument_to_json(a, action)) < 0)
            return NULL;
    return TAKE_POINTER(object);
}

static json_object *access_to_json(const Access *access)
{
    _cleanup_json_ json_object *array = json_object_new_array();

    if (!array || json_append(array, json_object_new_string(access->source_context)) < 0 ||
        json_append(array, json_object_new_string(access->target_context)) < 0 ||
        json_append(array, json_object_new_string(access->target_class)) < 0 ||
        json_append(array, json_object_new_string(access->permissions)) < 0)
        return NULL;
    return TAKE_POINTER(array);
}

json_object *plan_to_json(const Plan *plan)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *actions = json_object_new_array();
    json_object *accesses = json_object_new_array();

    if (!object) {
        json_object_put(actions);
        json_object_put(accesses);
        return NULL;
    }
    if (json_add(object, "actions", actions) < 0) {
        json_object_put(accesses);
        return NULL;
    }
    if (json_add(object, "accesses", accesses) < 0)
        return NULL;
    for (size_t i = 0; i < plan->n_actions; i++)
        if (json_append(actions, action_to_json(&plan->actions[i])) < 0)
            return NULL;
    for (size_t i = 0; i < plan->n_accesses; i++)
        if (json_append(accesses, access_to_json(&plan->accesses[i])) < 0)
            return NULL;
    return TAKE_POINTER(object);
}

/* --- reading ------------------------------------------------------------ */

/* Copies a string that the form allows. */
static int read_text(json_object *value, ArgumentForm form, char **ret_text)
{
    const char *text;
    char *copy;
    int r;

    if (!json_object_is_type(value, json_type_string))
        return -EBADMSG;
    text = json_object_get_string(value);
    /* A NUL inside would end the string before what was checked. */
    if (strlen(text) != (size_t)json_object_get_string_len(value) ||
        argument_text_fault(form, text, &r))
        return -EBADMSG;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*ret_text);
    *ret_text = copy;
    return 0;
}

static int read_list(json_object *value, char ***ret_list)
{
    _cleanup_strv_ char **list = calloc(1, sizeof(*list));
    int r;

    if (!json_object_is_type(value, json_type_array) ||
        json_object_array_length(value) > PLAN_ACTIONS_MAX)
        return -EBADMSG;
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        _cleanup_free_ char *text = NULL;

        r = read_text(json_object_array_get_idx(value, i), FORM_LIST, &text);
        if (r < 0)
            return r;
        r = strv_append(&list, text);
        if (r < 0)
            return r;
    }
    strv_free(*ret_list);
    *ret_list = TAKE_POINTER(list);
    return 0;
}

static int read_argument(json_object *value, const Argument *argument, Action *action)
{
    void *member = action_argument_member(argument, action);
    int64_t number;

    switch (argument->form) {
    case FORM_BOOLEAN:
        if (!json_object_is_type(value, json_type_boolean))
            return -EBADMSG;
        *(bool *)member = json_object_get_boolean(value);
        return 0;
    case FORM_PORT:
        if (!json_object_is_type(value, json_type_int))
            return -EBADMSG;
        number = json_object_get_int64(value);
        if (number < 0 || number > UINT16_MAX)
            return -EBADMSG;
        *(uint16_t *)member = (uint16_t)number;
        return 0;
    case FORM_LIST:
        return read_list(value, member);
    default:
        return read_text(value, argument->form, member);
    }
}

static int read_action(json_object *object, Action *action)
{
    json_object *kind;
    size_t n_arguments = 0;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    kind = json_object_object_get(object, "kind");
    if (!json_object_is_type(kind, json_type_string) ||
        action_kind_from_string(json_object_get_string(kind), &action->kind) < 0)
        return -EBADMSG;
    for (const Argument *a = action_arguments(action->kind); a->name; a++, n_arguments++) {
        int r = read_argument(json_object_object_get(object, a->name), a, action);

        if (r < 0)
            return r;
    }
    return (size_t)json_object_object_length(object) == n_arguments + 1 ? 0 : -EBADMSG;
}

static int read_access(json_object *array, Plan *plan)
{
    const char *parts[4];
    Access access; /* only a view */

    if (!json_object_is_type(array, json_type_array) ||
        json_object_array_length(array) != ELEMENTS_OF(parts))
        return -EBADMSG;
    for (size_t i = 0; i < ELEMENTS_OF(parts); i++) {
        json_object *part = json_object_array_get_idx(array, i);
        int r;

        if (!json_object_is_type(part, json_type_string))
            return -EBADMSG;
        parts[i] = json_object_get_string(part);
        if (argument_text_fault(FORM_STRING, parts[i], &r))
            return -EBADMSG;
    }
    access = (Access){(char *)parts[0], (char *)parts[1], (char *)parts[2], (char *)parts[3]};
    return plan_add_access(plan, &access);
}

int plan_from_json(json_object *object, Plan *ret_plan)
{
    _cleanup_(plan_clear) Plan plan = {0};
    json_object *actions, *accesses;
    int r;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    actions = json_object_object_get(object, "actions");
    accesses = json_object_object_get(object, "accesses");
    if (!json_object_is_type(actions, json_type_array) ||
        !json_object_is_type(accesses, json_type_array) ||
        json_object_array_length(actions) > PLAN_ACTIONS_MAX ||
        json_object_array_length(accesses) > PLAN_ACCESSES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < json_object_array_length(actions); i++) {
        _cleanup_(action_clear) Action action = {0};

        r = read_action(json_object_array_get_idx(actions, i), &action);
        if (r < 0)
            return r;
        r = plan_add_action(&plan, &action);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < json_object_array_length(accesses); i++) {
        r = read_access(json_object_array_get_idx(accesses, i), &plan);
        if (r < 0)
            return r;
    }
    *ret_plan = plan;
    plan = (Plan){0};
    return 0;
}
