/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs of selguardctl. Each takes its arguments without the verb, NULL-terminated, and
 * returns 0, an exit status (session.h), or a negative errno, having told the person what went
 * wrong.
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
int verb_trial(Session *session, char **arguments);
int verb_keep(Session *session, char **arguments);
int verb_verify(Session *session, char **arguments);
int verb_export(Session *session, char **arguments);
int verb_explain(Session *session, char **arguments);
int verb_preflight(Session *session, char **arguments);
int verb_doctor(Session *session, char **arguments);
