/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of a request, by kind of action; plan-check.c has the table. */
#pragma once

#include "daemon/remedy/plan-check.h"

/* Takes ownership of the sentence (NULL: out of memory) and returns the error. */
int refuse(char **ret_refusal, int error, char *sentence);

/* Identifiers of the policy language: letter first, then letters, digits, "_", "-" and ".". */
bool identifier_is_valid(const char *name);

int port_check_request(const Action *action, const Config *config, char **ret_refusal);
int module_check_request(const Action *action, const Config *config, char **ret_refusal);
int file_context_check_request(const Action *action, const Config *config, char **ret_refusal);
int relabel_check_request(const Action *action, const Config *config, char **ret_refusal);
