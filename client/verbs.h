/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs of selguardctl. Each takes its arguments without the verb, NULL-terminated, and
 * returns 0 or a negative errno, having told the person what went wrong.
 */
#pragma once

#include "client/session.h"

int verb_status(Session *session, char **arguments);
int verb_list(Session *session, char **arguments);
int verb_show(Session *session, char **arguments);
int verb_apply(Session *session, char **arguments);
int verb_revert(Session *session, char **arguments);
int verb_history(Session *session, char **arguments);
int verb_dismiss(Session *session, char **arguments);
int verb_watch(Session *session, char **arguments);
