/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/enum-table.h"
#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "daemon/remedy/action-state.h"

/* The third value means something else in each place where it may stand. */
static const char *setting_text(Setting setting, const char *none)
{
    return setting == SETTING_ON ? "on" : setting == SETTING_OFF ? "off" : none;
}

static int setting_from_text(const char *text, const char *none, Setting *ret_setting)
{
    if (streq(text, "on"))
        *ret_setting = SETTING_ON;
    else if (streq(text, "off"))
        *ret_setting = SETTING_OFF;
    else if (streq(text, none))
        *ret_setting = SETTING_NONE;
    else
        return -EBADMSG;
    return 0;
}

ActionState action_state_after(const Action *action, const ActionState *before)
{
    ActionState after = *before;

    if (action->kind == ACTION_SET_BOOLEAN) {
        after.local = setting_from_bool(action->value);
        after.policy = after.local;
        if (before->runtime != SETTING_NONE)
            after.runtime = after.local;
        return after;
    }
    if (action->kind == ACTION_RELABEL || action->kind == ACTION_RELOAD_NGINX)
        after.local = SETTING_ON;
    memcpy(after.record, before->wanted, sizeof(after.record));
    after.files = 0;
    return after;
}

ActionState action_state_after_trial(const Action *action, const ActionState *before)
{
    ActionState after = *before;

    if (action->kind != ACTION_SET_BOOLEAN)
        return action_state_after(action, before);
    if (before->runtime != SETTING_NONE)
        after.runtime = setting_from_bool(action->value);
    return after;
}

bool action_state_stored_equal(const Action *action, const ActionState *a, const ActionState *b)
{
    if (action->kind == ACTION_SET_BOOLEAN)
        return a->known == b->known && a->local == b->local;
    /* The store knows nothing of labels on disk, and of nginx. */
    return action->kind == ACTION_RELABEL || action->kind == ACTION_RELOAD_NGINX ||
           streq(a->record, b->record);
}

bool action_state_runtime_reached(const Action *action, const ActionState *target,
                                  const ActionState *now)
{
    if (action->kind == ACTION_SET_BOOLEAN)
        return target->runtime == SETTING_NONE || target->runtime == now->runtime;
    if (action->kind == ACTION_RELOAD_NGINX)
        return target->local != SETTING_ON || now->local == SETTING_ON;
    if (action->kind != ACTION_RELABEL)
        return true;
    /* What the default is may change with the plan itself, so it is judged by what is there. */
    if (target->local == SETTING_ON)
        return now->known && now->files == 0;
    return streq(target->record, now->record);
}

static const char *text_or_none(const char *text)
{
    return *text ? text : "none";
}

char *action_state_to_text(const Action *action, const ActionState *state)
{
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        if (!state->known)
            return strdup("unknown");
        return format_string("local=%s policy=%s runtime=%s", setting_text(state->local, "none"),
                             setting_text(state->policy, "none"),
                             setting_text(state->runtime, "unknown"));
    case ACTION_SET_PORT:
        return format_string("local=%s policy=%s", text_or_none(state->record),
                             text_or_none(state->effective));
    case ACTION_SET_FILE_CONTEXT:
        return format_string("local=%s%s%s", text_or_none(state->record),
                             *state->effective ? " as=" : "", state->effective);
    case ACTION_RELABEL:
        return format_string("label=%s default=%s", text_or_none(state->record),
                             text_or_none(state->wanted));
    case ACTION_INSTALL_MODULE:
        return format_string("module=%s", text_or_none(state->record));
    case ACTION_RELOAD_NGINX:
        return strdup(state->local == SETTING_ON ? "reload=done" : "reload=to-do");
    default:
        return strdup("unknown");
    }
}

/* --- JSON --------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
    size_t size;
} texts[] = {
    {"record", offsetof(ActionState, record), STATE_TEXT_MAX},
    {"wanted", offsetof(ActionState, wanted), STATE_TEXT_MAX},
    {"effective", offsetof(ActionState, effective), STATE_TEXT_MAX},
    {"obstacle", offsetof(ActionState, obstacle), STATE_OBSTACLE_MAX},
};

static int add_setting(json_object *object, const char *name, Setting setting, const char *none)
{
    return json_add(object, name, json_object_new_string(setting_text(setting, none)));
}

json_object *action_state_to_json(const Action *action, const ActionState *state)
{
    _cleanup_json_ json_object *object = json_object_new_object();

    if (!object || json_add(object, "known", json_object_new_boolean(state->known)) < 0 ||
        add_setting(object, "local", state->local, "none") < 0)
        return NULL;
    if (action->kind == ACTION_SET_BOOLEAN)
        if (add_setting(object, "policy", state->policy, "none") < 0 ||
            add_setting(object, "runtime", state->runtime, "unknown") < 0)
            return NULL;
    for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
        const char *text = (const char *)state + texts[i].offset;

        if (*text && json_add(object, texts[i].name, json_object_new_string(text)) < 0)
            return NULL;
    }
    if (action->kind == ACTION_RELABEL &&
        json_add(object, "files", json_object_new_int64(state->files)) < 0)
        return NULL;
    return TAKE_POINTER(object);
}

static int read_setting(json_object *object, const char *name, const char *none,
                        Setting *ret_setting)
{
    json_object *value = json_get(object, name);

    if (!json_object_is_type(value, json_type_string))
        return -EBADMSG;
    return setting_from_text(json_object_get_string(value), none, ret_setting);
}

static int read_texts(json_object *object, ActionState *state)
{
    for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
        json_object *value = json_get(object, texts[i].name);
        size_t length;

        if (!value)
            continue;
        if (!json_object_is_type(value, json_type_string))
            return -EBADMSG;
        length = (size_t)json_object_get_string_len(value);
        if (length >= texts[i].size || strlen(json_object_get_string(value)) != length)
            return -EBADMSG;
        memcpy((char *)state + texts[i].offset, json_object_get_string(value), length + 1);
    }
    return 0;
}

static int read_files(json_object *object, uint32_t *ret_files)
{
    json_object *value = json_get(object, "files");
    int64_t number;

    if (!json_object_is_type(value, json_type_int))
        return -EBADMSG;
    number = json_object_get_int64(value);
    if (number < 0 || number > UINT32_MAX)
        return -EBADMSG;
    *ret_files = (uint32_t)number;
    return 0;
}

int action_state_from_json(const Action *action, json_object *object, ActionState *ret_state)
{
    ActionState state = {0};
    json_object *known;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    known = json_get(object, "known");
    if (!json_object_is_type(known, json_type_boolean))
        return -EBADMSG;
    state.known = json_object_get_boolean(known);
    if (read_setting(object, "local", "none", &state.local) < 0)
        return -EBADMSG;
    if (action->kind == ACTION_SET_BOOLEAN) {
        if (read_setting(object, "policy", "none", &state.policy) < 0 ||
            read_setting(object, "runtime", "unknown", &state.runtime) < 0)
            return -EBADMSG;
    }
    if (read_texts(object, &state) < 0 ||
        (action->kind == ACTION_RELABEL && read_files(object, &state.files) < 0))
        return -EBADMSG;
    *ret_state = state;
    return 0;
}

json_object *action_states_to_json(const Plan *plan, const ActionState *states)
{
    _cleanup_json_ json_object *array = json_object_new_array();

    for (size_t i = 0; array && i < plan->n_actions; i++)
        if (json_append(array, action_state_to_json(&plan->actions[i], &states[i])) < 0)
            return NULL;
    return TAKE_POINTER(array);
}

int action_states_from_json(const Plan *plan, json_object *array, ActionState **ret_states)
{
    _cleanup_free_ ActionState *states = NULL;

    if (!json_object_is_type(array, json_type_array) ||
        json_object_array_length(array) != plan->n_actions)
        return -EBADMSG;
    states = calloc(plan->n_actions + 1, sizeof(*states));
    if (!states)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_actions; i++) {
        int r = action_state_from_json(&plan->actions[i], json_object_array_get_idx(array, i),
                                       &states[i]);

        if (r < 0)
            return r;
    }
    *ret_states = TAKE_POINTER(states);
    return 0;
}

char *action_object_key(const Action *action)
{
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        return format_string("boolean %s", action->name);
    case ACTION_SET_PORT:
        return format_string("port %s %u-%u", action->protocol, action->low, action->high);
    case ACTION_SET_FILE_CONTEXT:
        return format_string("file context %s %s", action->file_type, action->regex);
    case ACTION_RELABEL:
        return format_string("label of %s", action->path);
    case ACTION_INSTALL_MODULE:
        return format_string("module %s", action->name);
    case ACTION_RELOAD_NGINX:
        return strdup("nginx");
    default:
        return strdup(strempty(action_kind_to_string(action->kind)));
    }
}

int plan_common_object(const Plan *a, const Plan *b, char **ret_key)
{
    for (size_t i = 0; i < a->n_actions; i++) {
        _cleanup_free_ char *key = action_object_key(&a->actions[i]);

        if (!key)
            return -ENOMEM;
        for (size_t j = a == b ? i + 1 : 0; j < b->n_actions; j++) {
            _cleanup_free_ char *other = action_object_key(&b->actions[j]);

            if (!other)
                return -ENOMEM;
            if (!streq(key, other))
                continue;
            if (ret_key)
                *ret_key = TAKE_POINTER(key);
            return 1;
        }
    }
    return 0;
}
