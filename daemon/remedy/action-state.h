/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of the thing that one action touches: what is read before a change, kept in its
 * record, compared, and put back by a revert. One struct serves for "as it was", "as it is to
 * become" and "as it is". Plain values; what does not fit into them (an earlier module's text,
 * the labels of many files) is kept beside the change record (undo.h).
 *
 * As text, for people and for comparing (one line):
 *   set-boolean       "local=none|on|off policy=on|off runtime=on|off|unknown"
 *   set-port          "local=none|CONTEXT policy=none|TYPE:LOW-HIGH"
 *   set-file-context  "local=none|CONTEXT", and " as=REGEX" where an equivalence rule applies
 *   relabel           "label=none|CONTEXT default=none|CONTEXT"
 *   install-module    "module=none|HASH"
 *   reload-nginx      "reload=to-do|done"
 */
#pragma once

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/plan.h"

typedef enum Setting {
    SETTING_NONE, /* no local record; or not known to the kernel */
    SETTING_OFF,
    SETTING_ON,
} Setting;

/* Contexts that policies in use have are below 100 bytes; one with many categories, or a longer
 * regular expression in `effective`, is an obstacle. */
#define STATE_TEXT_MAX     512u
#define STATE_OBSTACLE_MAX 512u

typedef struct ActionState {
    bool known; /* the store's policy has such a thing at all; relabel: the path exists */

    /* set-boolean; relabel and reload-nginx use local alone: ON once it is to be done */
    Setting local;   /* the administrator's record in the store; NONE if there is none */
    Setting policy;  /* the value in the store's built policy: what the next boot brings */
    Setting runtime; /* in the kernel; NONE where SELinux is not enabled or it is unknown there */

    /* The other kinds. Empty: there is none. */
    char record[STATE_TEXT_MAX];    /* set-port, set-file-context: the context of the local record;
                                     * install-module: a hash of the module; relabel: the label of
                                     * the path on disk */
    char wanted[STATE_TEXT_MAX];    /* what the record is once the action is carried out */
    char effective[STATE_TEXT_MAX]; /* set-port: what the policy has; set-file-context: the
                                     * regular expression after equivalence rules */
    uint32_t files;                 /* relabel: how many have another label than the default */
    char obstacle[STATE_OBSTACLE_MAX]; /* why the action cannot be carried out: a clause */
} ActionState;

static inline Setting setting_from_bool(bool on)
{
    return on ? SETTING_ON : SETTING_OFF;
}

/* What the state will be once the action is carried out on it; and in a trial, which leaves the
 * store's records of booleans alone. */
ActionState action_state_after(const Action *action, const ActionState *before);
ActionState action_state_after_trial(const Action *action, const ActionState *before);

/* Whether what the store keeps is the same; the kernel's side is not looked at. What follows
 * from the rest of the store (the built policy where there is no local record) is not either. */
bool action_state_stored_equal(const Action *action, const ActionState *a, const ActionState *b);
/* Whether the kernel's side is as the target says, as far as it says something about it. */
bool action_state_runtime_reached(const Action *action, const ActionState *target,
                                  const ActionState *now);

/* The line above; the caller frees it. NULL if out of memory. */
char *action_state_to_text(const Action *action, const ActionState *state);

/* As a JSON object: the members above that the kind has. NULL if out of memory. */
json_object *action_state_to_json(const Action *action, const ActionState *state);
/* 0 or -EBADMSG. */
int action_state_from_json(const Action *action, json_object *object, ActionState *ret_state);

/* An array of one state for each action of the plan. */
json_object *action_states_to_json(const Plan *plan, const ActionState *states);
/* 0 with an array of plan->n_actions to free(), -EBADMSG or -ENOMEM. */
int action_states_from_json(const Plan *plan, json_object *array, ActionState **ret_states);

/* Names the thing that an action touches ("boolean httpd_can_network_connect"); two actions
 * with the same key touch the same thing. NULL if out of memory. */
char *action_object_key(const Action *action);
/* Whether two plans touch a thing in common; *ret_key (may be NULL) names it, to be freed. */
int plan_common_object(const Plan *a, const Plan *b, char **ret_key);
