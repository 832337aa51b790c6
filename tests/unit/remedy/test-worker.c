/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker process where there is no store: how its end comes back. What it does with a store
 * is in tests/bus. */
#include <errno.h>
#include <signal.h>

#include "daemon/core/text.h"
#include "daemon/remedy/worker.h"
#include "tests/unit/test.h"

typedef struct Seen {
    sd_event *event;
    int result;
    char *text;
    unsigned finished;
    unsigned states;
} Seen;

static void on_states(Worker *worker _unused_, const ActionState *states _unused_, void *userdata)
{
    Seen *seen = userdata;

    seen->states++;
}

static void on_finished(Worker *worker _unused_, int result, const ActionState *states,
                        const char *text, void *userdata)
{
    Seen *seen = userdata;

    seen->finished++;
    seen->result = result;
    assert_int_equal(string_replace(&seen->text, text), 0);
    assert_null(states);
    (void)sd_event_exit(seen->event, 0);
}

static const WorkerHandlers handlers = {.states = on_states, .finished = on_finished};
static Action actions[] = {
    {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_a", .value = true},
};
static const Plan plan = {.actions = actions, .n_actions = 1};

static void run(WorkerTask task, bool kill_at_once, int result, const char *text)
{
    const PolicyStoreOptions options = {.root = "/nonexistent", .type = "none"};
    Seen seen = {0};
    Worker *worker = NULL;
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    assert_int_equal(sigprocmask(SIG_BLOCK, &signals, NULL), 0);
    assert_true(sd_event_new(&seen.event) >= 0);
    assert_int_equal(worker_start(&worker, seen.event, task, &plan, &options, &handlers, &seen), 0);
    if (kill_at_once)
        assert_int_equal(worker_kill(worker), 0);
    assert_true(sd_event_loop(seen.event) >= 0);
    assert_int_equal(seen.finished, 1);
    assert_int_equal(seen.states, 0);
    assert_int_equal(seen.result, result);
    assert_non_null(strstr(strempty(seen.text), text));
    worker_free(worker);
    sd_event_unref(seen.event);
    free(seen.text);
}

static void test_no_store(void **state _unused_)
{
    run(WORKER_INSPECT, false, -ENODEV, "no managed SELinux policy store");
    run(WORKER_TRANSACT, false, -ENODEV, "no managed SELinux policy store");
}

static void test_killed(void **state _unused_)
{
    run(WORKER_TRANSACT, true, -ECANCELED, "Cancelled");
}

/* Freed while it works: nothing is called, nothing stays behind. */
static void test_freed(void **state _unused_)
{
    const PolicyStoreOptions options = {.root = "/nonexistent", .type = "none"};
    Seen seen = {0};
    Worker *worker = NULL;

    assert_true(sd_event_new(&seen.event) >= 0);
    assert_int_equal(
        worker_start(&worker, seen.event, WORKER_INSPECT, &plan, &options, &handlers, &seen), 0);
    assert_null(worker_free(worker));
    assert_int_equal(sd_event_run(seen.event, 0), 0);
    assert_int_equal(seen.finished, 0);
    sd_event_unref(seen.event);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_store),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
