/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step of a job that is about nginx: once everything else is in place. If nginx does not take
 * it, all of the plan is taken back: half of a plan is nothing that anybody approved. */
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

static void on_finished(int result, const char *text, void *userdata)
{
    Job *job = userdata;

    job->reload = NULL; /* frees itself */
    if (result < 0) {
        job_undo(job, strdup(text));
        return;
    }
    (void)string_replace(&job->reloaded, text);
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
