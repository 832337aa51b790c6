/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/remedy/check-run.h"
#include "daemon/remedy/worker.h"

struct CheckRun {
    Plan plan;
    CheckRow *rows;
    Plan readable;    /* the actions that are worth reading the state of … */
    size_t *index_of; /* … and where in the plan they stand */
    Worker *worker;
    sd_event_source *idle; /* where there is nothing to read */
    CheckRunFinished finished;
    void *userdata;
};

DEFINE_POINTER_CLEANUP(CheckRun, check_run_free, run_cleanup);

CheckRun *check_run_free(CheckRun *run)
{
    if (!run)
        return NULL;
    worker_free(run->worker);
    sd_event_source_disable_unref(run->idle);
    for (size_t i = 0; run->rows && i < run->plan.n_actions; i++)
        free(run->rows[i].refusal);
    free(run->rows);
    free(run->index_of);
    plan_clear(&run->plan);
    plan_clear(&run->readable);
    free(run);
    return NULL;
}

const Plan *check_run_plan(const CheckRun *run)
{
    return &run->plan;
}

const CheckRow *check_run_rows(const CheckRun *run)
{
    return run->rows;
}

static void run_finish(CheckRun *run, int error, const char *text)
{
    run->finished(run, error, text, run->userdata);
    check_run_free(run);
}

static void on_worker_finished(Worker *worker _unused_, int result, const ActionState *states,
                               const char *text, void *userdata)
{
    CheckRun *run = userdata;

    for (size_t i = 0; result >= 0 && i < run->readable.n_actions; i++) {
        CheckRow *row = &run->rows[run->index_of[i]];

        row->have_state = true;
        row->state = states[i];
        if (!row->refusal && plan_check_action_state(&run->readable.actions[i], &states[i],
                                                     &row->refusal) == -ENOMEM)
            result = -ENOMEM;
    }
    run_finish(run, result < 0 ? result : 0, text);
}

static int on_idle(sd_event_source *source _unused_, void *userdata)
{
    run_finish(userdata, 0, NULL);
    return 0;
}

static const WorkerHandlers worker_handlers = {.finished = on_worker_finished};

/* Judges the request alone and sorts out what can be read. */
static int run_prepare(CheckRun *run, const Config *config)
{
    for (size_t i = 0; i < run->plan.n_actions; i++) {
        _cleanup_(action_clear) Action copy = {0};
        int r = plan_check_action(&run->plan.actions[i], config, &run->rows[i].refusal);

        if (r == -ENOMEM)
            return r;
        /* One that the rules forbid is still shown with its state; a malformed one cannot be
         * looked up. */
        if (r == -EINVAL || r == -EOPNOTSUPP)
            continue;
        run->index_of[run->readable.n_actions] = i;
        r = action_copy(&copy, &run->plan.actions[i]);
        if (r >= 0)
            r = plan_add_action(&run->readable, &copy);
        if (r < 0)
            return r;
    }
    return 0;
}

int check_run_start(CheckRun **ret_run, sd_event *event, const Plan *plan, const Config *config,
                    const PolicyStoreOptions *options, CheckRunFinished finished, void *userdata)
{
    _cleanup_(run_cleanup) CheckRun *run = calloc(1, sizeof(*run));
    int r;

    if (!run)
        return -ENOMEM;
    run->finished = finished;
    run->userdata = userdata;
    r = plan_copy(&run->plan, plan);
    if (r < 0)
        return r;
    run->rows = calloc(plan->n_actions + 1, sizeof(*run->rows));
    run->index_of = calloc(plan->n_actions + 1, sizeof(*run->index_of));
    if (!run->rows || !run->index_of)
        return -ENOMEM;
    r = run_prepare(run, config);
    if (r < 0)
        return r;
    if (run->readable.n_actions > 0)
        r = worker_start(&run->worker, event, WORKER_INSPECT, &run->readable, options,
                         &worker_handlers, run);
    else
        r = sd_event_add_defer(event, &run->idle, on_idle, run);
    if (r < 0)
        return r;
    *ret_run = TAKE_POINTER(run);
    return 0;
}
