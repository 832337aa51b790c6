/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step of a job that is about nginx: once everything else is in place. What nginx's own test
 * says may be about something else, the next obstacle for instance, so a change stays, as
 * ineffective. In all other cases, and in a trial, which has then shown what it could, everything
 * is taken back. */
#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/remedy/job-internal.h"

bool job_wants_reload(const Job *job)
{
    /* A revert leaves nginx alone: what it has open stays open until its next reload, and a reload
     * without the permissions would fail. */
    if (job->record->phase != CHANGE_COMMITTING)
        return false;
    for (size_t i = 0; i < job->plan.n_actions; i++)
        if (job->plan.actions[i].kind == ACTION_RELOAD_NGINX)
            return true;
    return false;
}

static void on_phase(const char *phase, void *userdata)
{
    job_set_phase(userdata, phase);
}

/* nginx was not touched: its test fails, systemd has no unit of it, or not one that could be
 * tested. */
static bool left_alone(int error)
{
    return error == -EBADMSG || error == -ENOENT || error == -EOPNOTSUPP;
}

static void on_finished(int result, const char *text, void *userdata)
{
    Job *job = userdata;

    job->reload = NULL; /* frees itself */
    if (result < 0 && (!left_alone(result) || trial_is_open(&job->record->trial))) {
        job_undo(job, strdup(text));
        return;
    }
    job->not_reloaded = result < 0;
    (void)string_replace(&job->reloaded, text);
    /* The sentence tells; what remains to be verified is the rest. */
    for (size_t i = 0; i < job->plan.n_actions; i++)
        if (job->plan.actions[i].kind == ACTION_RELOAD_NGINX)
            job->now[i].local = SETTING_ON;
    job_finish_committed(job, job->now);
}

static const NginxReloadHandlers handlers = {.phase = on_phase, .finished = on_finished};

void job_reload_nginx(Job *job, const ActionState *states)
{
    int r = -ENOMEM;

    free(job->now);
    job->now = calloc(job->plan.n_actions + 1, sizeof(*job->now));
    if (job->now) {
        memcpy(job->now, states, job->plan.n_actions * sizeof(*job->now));
        r = nginx_reload_start(&job->reload, job->context->bus, job->context->nginx_units,
                               &handlers, job);
    }
    if (r < 0)
        job_undo(job, format_string("nginx could not be reloaded: %s.", strerror(-r)));
}
