/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan: the ordered, typed actions that make up a fix. It is what the monitor
 * proposes, what the person sees, what the remedy service checks and applies.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/access.h"

typedef enum ActionKind {
    ACTION_SET_BOOLEAN,
    ACTION_SET_PORT,
    ACTION_SET_FILE_CONTEXT,
    ACTION_RELABEL,
    ACTION_INSTALL_MODULE,
    ACTION_RELOAD_NGINX,
    ACTION_ADVISE,
    ACTION_KIND_COUNT,
} ActionKind;

/* One action. Only the members that its kind names are set; strings are owned. */
typedef struct Action {
    ActionKind kind;
    char *name;      /* set-boolean: boolean; install-module: module */
    bool value;      /* set-boolean */
    char *protocol;  /* set-port: "tcp" "udp" "dccp" "sctp" */
    uint16_t low;    /* set-port */
    uint16_t high;   /* set-port */
    char *type;      /* set-port, set-file-context */
    char *regex;     /* set-file-context: extended regular expression, anchored */
    char *file_type; /* set-file-context: "all" "file" "dir" "socket" … as semanage has */
    char *path;      /* relabel */
    bool recursive;  /* relabel */
    char *cil;       /* install-module */
    char *text;      /* advise: what to do, in words */
    char **commands; /* advise: NULL-terminated */
} Action;

typedef struct Plan {
    Action *actions;
    size_t n_actions;
    /* What the plan is to make possible; verified after it was applied. */
    Access *accesses;
    size_t n_accesses;
} Plan;

/* "set-boolean" …; the names of the documented formats. */
const char *action_kind_to_string(ActionKind kind);
/* Returns 0 or -EINVAL. */
int action_kind_from_string(const char *text, ActionKind *ret_kind);

void action_clear(Action *action);
int action_copy(Action *ret_action, const Action *action);

/* The command an administrator would type ("setsebool -P name on"); the caller
 * frees it. NULL if out of memory. An advise action gives its text. */
char *action_to_command(const Action *action);
/* One sentence in words, for prompts: "turn the SELinux boolean x on, persistently". */
char *action_to_words(const Action *action);

/* Appends; takes ownership of the content of *action, which is zeroed. Returns 0,
 * -ENOMEM, or -E2BIG past PLAN_ACTIONS_MAX. */
int plan_add_action(Plan *plan, Action *action);
int plan_add_access(Plan *plan, const Access *access);
void plan_clear(Plan *plan);
int plan_copy(Plan *ret_plan, const Plan *plan);
bool plan_equal(const Plan *a, const Plan *b);
