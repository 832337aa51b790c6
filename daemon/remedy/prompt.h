/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person is shown, and what polkit is asked, about a plan. */
#pragma once

#include "daemon/core/plan.h"

/* The polkit action of a kind; NULL for one that is never carried out. */
const char *prompt_polkit_action(ActionKind kind);

/* The polkit actions of all kinds in the plan, each once, in the order of the kinds. NULL if
 * out of memory. The strings are lent, the list is to be freed with free(). */
const char **prompt_polkit_actions(const Plan *plan);

/* "Authentication is required to turn the SELinux boolean x on, persistently; and to …" in at
 * most REMEDY_PROMPT_MAX bytes; what does not fit is counted. Built from the plan that will be
 * applied, never from a caller's text. NULL if out of memory. */
char *prompt_apply(const Plan *plan);
/* The same for a limited time, and for good after such a time. */
char *prompt_trial(const Plan *plan, uint32_t seconds);
char *prompt_keep(const Plan *plan, uint64_t change_id);
/* The same about taking it back. */
char *prompt_revert(const Plan *plan, uint64_t change_id);
/* The equivalent commands, "; " between them, as bounded as the prompt. */
char *prompt_commands(const Plan *plan);
