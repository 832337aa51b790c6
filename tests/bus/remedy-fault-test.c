/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The remedy service when things go wrong under it: after each, the store is as before or as
 * after, and the record tells which. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

#define STORE "root/var/lib/selinux/default/"

/* The service's worker process; 0 if there is none. */
static pid_t find_worker(Fixture *fixture)
{
    _cleanup_free_ char *path =
        format_string("/proc/%d/task/%d/children", (int)fixture->remedy, (int)fixture->remedy);
    FILE *file = fopen(path, "re");
    char line[64] = "";

    if (file) {
        if (!fgets(line, sizeof(line), file))
            line[0] = '\0';
        (void)fclose(file);
    }
    return (pid_t)strtol(line, NULL, 10);
}

static void wait_phase(Fixture *fixture, const char *job, const char *phase)
{
    uint64_t deadline = harness_now_usec() + 20 * SEC;

    while (!streq(fixture_job_property(fixture->root, job, "Phase"), phase)) {
        if (harness_now_usec() > deadline)
            fail_msg("the job never came to \"%s\"", phase);
        (void)usleep(1000);
    }
}

/* Asks for a change and returns the job's path, to be freed. */
static char *start_apply(Fixture *fixture, const char *boolean)
{
    sd_bus_message *reply = fixture_call_apply(fixture->root, boolean, true, false, NULL, NULL);
    const char *job;
    char *copy;

    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    copy = strdup(job);
    sd_bus_message_unref(reply);
    assert_non_null(copy);
    return copy;
}

/* Waits until no record is half way; the state of the newest. Static. */
static const char *settled_state(Fixture *fixture, const char **ret_id)
{
    static char id[24];
    uint64_t deadline = harness_now_usec() + 30 * SEC;
    const char *state;

    /* Ids ascend without gaps: the newest is the last that is there. */
    for (unsigned i = 1;; i++) {
        _cleanup_free_ char *next = format_string("%u", i);

        if (fixture_change(fixture, next, "Id")[0] == '\0')
            break;
        (void)snprintf(id, sizeof(id), "%u", i);
    }
    do {
        state = fixture_change(fixture, id, "State");
        if (!streq(state, "prepared") && !streq(state, "committing") && !streq(state, "reverting"))
            break;
        (void)usleep(10000);
    } while (harness_now_usec() < deadline);
    *ret_id = id;
    return state;
}

/* Before or after, and the record knows which; then puts it back. Returns whether it was after. */
static bool check_consistent(Fixture *fixture, size_t records_before)
{
    const char *id;
    const char *state;
    bool applied;

    if (fixture_count_records(fixture) == records_before) {
        assert_string_equal(fixture_state(fixture, BOOL_A),
                            "local=none policy=off runtime=unknown");
        return false;
    }
    state = settled_state(fixture, &id);
    applied = streq(state, "applied");
    if (!applied)
        assert_string_equal(state, "failed");
    assert_string_equal(fixture_state(fixture, BOOL_A),
                        applied ? "local=on policy=on runtime=unknown"
                                : "local=none policy=off runtime=unknown");
    if (applied)
        assert_string_equal(fixture_revert(fixture, id).result, "unverified");
    return applied;
}

/* How many records on disk are in that phase. */
static unsigned count_phase(Fixture *fixture, const char *phase)
{
    const char *directory_path = harness_path(&fixture->harness, "changes");
    DIR *directory = opendir(directory_path);
    _cleanup_free_ char *text = format_string("\"phase\":\"%s\"", phase);
    unsigned count = 0;

    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        _cleanup_free_ char *path = format_string("%s/%s", directory_path, entry->d_name);
        size_t size = 0;
        _cleanup_free_ char *content =
            strncmp(entry->d_name, "change-", 7) == 0 ? harness_read(path, &size) : NULL;

        count += content && strstr(content, text);
    }
    (void)closedir(directory);
    return count;
}

/* The service dies at some moment of a change, with or without its worker. Returns whether that
 * left it half way; *ret_applied is how it turned out. */
static bool kill_after(Fixture *fixture, unsigned milliseconds, bool worker_too, bool *ret_applied)
{
    size_t records = fixture_count_records(fixture);
    unsigned unfinished;
    pid_t worker;

    free(start_apply(fixture, BOOL_A));
    (void)usleep(milliseconds * 1000);
    worker = find_worker(fixture);
    (void)harness_end(fixture->remedy, SIGKILL);
    if (worker_too && worker > 0)
        (void)kill(-worker, SIGKILL);
    unfinished = count_phase(fixture, "committing");
    harness_wait_name(fixture->root, REMEDY, false);
    fixture_start_remedy(fixture, NULL);
    if (!worker_too)
        (void)usleep(1000000); /* it may still be committing what was approved */
    *ret_applied = check_consistent(fixture, records);
    assert_int_equal(count_phase(fixture, "committing"), 0);
    return unfinished > 0;
}

/* Kills at moments further and further apart, until it was over; returns how many these were. */
static unsigned kill_until_over(Fixture *fixture, unsigned step, unsigned *ret_unfinished)
{
    unsigned moments = 0;

    for (unsigned milliseconds = 0; milliseconds < 20000; milliseconds += step + milliseconds / 8) {
        bool applied, caught = kill_after(fixture, milliseconds, true, &applied);

        *ret_unfinished += caught;
        moments++;
        if (applied && !caught)
            return moments;
    }
    fail_msg("not over after %u moments", moments);
    return moments;
}

/* At moments spread over the whole of it: some must have caught it half way, or nothing was
 * shown. How long it takes differs between machines, so it is done again with smaller steps where
 * it was over after a few. */
static void test_killed_with_worker(void **state)
{
    unsigned unfinished = 0, moments = 0;

    for (unsigned step = 10; moments < 8; step = (step + 1) / 2)
        moments += kill_until_over(*state, step, &unfinished);
    assert_true(unfinished > 0);
}

static void test_killed_alone(void **state)
{
    bool applied;

    for (unsigned milliseconds = 0; milliseconds < 600; milliseconds += 150)
        (void)kill_after(*state, milliseconds, false, &applied);
}

static void test_killed_while_reverting(void **state)
{
    Fixture *fixture = *state;

    for (unsigned milliseconds = 50; milliseconds < 600; milliseconds += 150) {
        JobOutcome outcome = fixture_apply(fixture, BOOL_A, true);
        sd_bus_message *reply = fixture_call_revert(fixture->root, outcome.change_id, NULL);
        const char *id;
        const char *now;
        bool reverted;
        pid_t worker;

        sd_bus_message_unref(reply);
        (void)usleep(milliseconds * 1000);
        worker = find_worker(fixture);
        (void)harness_end(fixture->remedy, SIGKILL);
        if (worker > 0)
            (void)kill(-worker, SIGKILL);
        harness_wait_name(fixture->root, REMEDY, false);
        fixture_start_remedy(fixture, NULL);
        now = settled_state(fixture, &id);
        reverted = streq(now, "reverted");
        if (!reverted)
            assert_string_equal(now, "applied");
        assert_string_equal(fixture_state(fixture, BOOL_A),
                            reverted ? "local=none policy=off runtime=unknown"
                                     : "local=on policy=on runtime=unknown");
        if (!reverted)
            assert_string_equal(fixture_revert(fixture, id).result, "unverified");
    }
}

/* The service lives, its worker dies in the middle: the same job finds out and tells. */
static void test_worker_killed(void **state)
{
    Fixture *fixture = *state;

    for (unsigned milliseconds = 20; milliseconds < 620; milliseconds += 120) {
        size_t records = fixture_count_records(fixture);
        _cleanup_free_ char *job = start_apply(fixture, BOOL_A);
        JobOutcome outcome;
        pid_t worker;

        (void)usleep(milliseconds * 1000);
        worker = find_worker(fixture);
        if (worker > 0)
            (void)kill(-worker, SIGKILL);
        outcome = fixture_wait_job(fixture->root, job);
        if (streq(outcome.result, "failed"))
            assert_non_null(strstr(outcome.message, "signal 9"));
        else
            assert_string_equal(outcome.result, "unverified");
        check_consistent(fixture, records);
    }
}

/* --- moments of libsemanage's commit that no clock hits ------------------- */

#define ETC_POLICY "root/etc/selinux/default/policy/policy.33"

/* The service is not running: the record is as a kill in that phase leaves it. */
static void rewrite_phase(const Fixture *fixture, const char *change, const char *from,
                          const char *to)
{
    _cleanup_free_ char *name = format_string("changes/change-%06d.json", atoi(change));
    _cleanup_free_ char *old = format_string("\"phase\":\"%s\"", from);
    const char *path = harness_path(&fixture->harness, name);
    size_t size = 0;
    _cleanup_free_ char *text = harness_read(path, &size);
    const char *at = text ? strstr(text, old) : NULL;
    FILE *file;

    if (!at) {
        fail_msg("%s is not in phase %s", path, from);
        return;
    }
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(
        fprintf(file, "%.*s\"phase\":\"%s\"%s", (int)(at - text), text, to, at + strlen(old)) > 0);
    assert_int_equal(fclose(file), 0);
}

/* "active" is "previous" already, and the new one is not in its place: nobody, semanage neither,
 * can open such a store. */
static void test_killed_between_renames(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome;
    const char *id;

    copy_path(fixture, STORE "active", STORE "kept");
    outcome = fixture_apply(fixture, BOOL_A, true);
    assert_string_equal(outcome.result, "unverified");
    fixture_stop_remedy(fixture);
    rewrite_phase(fixture, outcome.change_id, "applied", "committing");
    move_path(fixture, STORE "active", STORE "tmp");
    move_path(fixture, STORE "kept", STORE "previous");

    fixture_start_remedy(fixture, NULL);
    assert_string_equal(settled_state(fixture, &id), "failed");
    assert_string_equal(id, outcome.change_id);
    assert_int_equal(fixture_store_hash(fixture), before);
    assert_string_equal(fixture_state(fixture, BOOL_A), "local=none policy=off runtime=unknown");
}

/* The store is the new one, and what the kernel loads at the next boot still the old one: here of a
 * revert, after which no record in the store differs from what it should be. */
static void test_killed_before_install(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome = fixture_apply(fixture, BOOL_A, true);
    const char *id;

    copy_path(fixture, ETC_POLICY, "policy-applied");
    assert_string_equal(fixture_revert(fixture, outcome.change_id).result, "unverified");
    fixture_stop_remedy(fixture);
    rewrite_phase(fixture, outcome.change_id, "reverted", "reverting");
    copy_path(fixture, "policy-applied", ETC_POLICY);
    assert_int_not_equal(fixture_store_hash(fixture), before);

    fixture_start_remedy(fixture, NULL);
    assert_string_equal(settled_state(fixture, &id), "reverted");
    assert_int_equal(fixture_store_hash(fixture), before);
}

/* --- the lock ----------------------------------------------------------- */

static int hold_lock(Fixture *fixture)
{
    int fd = open(harness_path(&fixture->harness, STORE "semanage.trans.LOCK"),
                  O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    return fd;
}

static void test_lock_held(void **state)
{
    Fixture *fixture = *state;
    int lock = hold_lock(fixture);
    _cleanup_free_ char *job = start_apply(fixture, BOOL_A);
    JobOutcome outcome;

    wait_phase(fixture, job, "waiting-for-lock");
    assert_string_equal(fixture_job_property(fixture->root, job, "State"), "running");
    (void)close(lock);
    outcome = fixture_wait_job(fixture->root, job);
    assert_string_equal(outcome.result, "unverified");
    (void)fixture_revert(fixture, outcome.change_id);
}

/* Not for ever. */
static void test_lock_not_released(void **state)
{
    Fixture *fixture = *state;
    uint64_t store = fixture_store_hash(fixture);
    size_t records = fixture_count_records(fixture);
    JobOutcome outcome;
    int lock;

    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, "--lock-timeout=1");
    lock = hold_lock(fixture);
    outcome = fixture_apply(fixture, BOOL_A, true);
    (void)close(lock);
    assert_string_equal(outcome.result, "failed");
    assert_string_equal(outcome.error, "org.selguard.Error.Busy");
    assert_non_null(strstr(outcome.message, "Another program is changing"));
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_int_equal(fixture_count_records(fixture), records);
    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, NULL);
}

static int cancel(sd_bus *bus, const char *job, sd_bus_error *error)
{
    return sd_bus_call_method(bus, REMEDY, job, JOB, "Cancel", error, NULL, "a{sv}", 0);
}

static void test_cancel(void **state)
{
    Fixture *fixture = *state;
    uint64_t store = fixture_store_hash(fixture);
    size_t records = fixture_count_records(fixture);
    int lock = hold_lock(fixture);
    _cleanup_free_ char *job = start_apply(fixture, BOOL_A);
    _cleanup_free_ char *queued = start_apply(fixture, BOOL_B);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    JobOutcome outcome;

    wait_phase(fixture, job, "waiting-for-lock");
    assert_true(cancel(fixture->nobody, job, &error) < 0);
    assert_string_equal(error.name, "org.freedesktop.DBus.Error.AccessDenied");
    sd_bus_error_free(&error);

    assert_true(cancel(fixture->root, queued, NULL) >= 0);
    assert_string_equal(fixture_wait_job(fixture->root, queued).result, "cancelled");
    assert_true(cancel(fixture->root, job, NULL) >= 0);
    outcome = fixture_wait_job(fixture->root, job);
    assert_string_equal(outcome.result, "cancelled");
    assert_true(cancel(fixture->root, job, &error) < 0);
    assert_string_equal(error.name, "org.selguard.Error.Busy");
    sd_bus_error_free(&error);
    (void)close(lock);
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_int_equal(fixture_count_records(fixture), records);
}

static void test_cancel_while_committing(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *job = start_apply(fixture, BOOL_A);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    JobOutcome outcome;

    wait_phase(fixture, job, "committing");
    assert_true(cancel(fixture->root, job, &error) < 0);
    assert_string_equal(error.name, "org.selguard.Error.Busy");
    sd_bus_error_free(&error);
    outcome = fixture_wait_job(fixture->root, job);
    assert_string_equal(outcome.result, "unverified");
    (void)fixture_revert(fixture, outcome.change_id);
}

static void test_jobs_are_bounded(void **state)
{
    Fixture *fixture = *state;
    int lock = hold_lock(fixture);
    char *jobs[REMEDY_JOBS_PER_USER_MAX];
    sd_bus_error error = SD_BUS_ERROR_NULL;

    for (size_t i = 0; i < ELEMENTS_OF(jobs); i++)
        jobs[i] = start_apply(fixture, BOOL_A);
    assert_null(fixture_call_apply(fixture->root, BOOL_A, true, false, NULL, &error));
    assert_string_equal(error.name, "org.selguard.Error.LimitExceeded");
    sd_bus_error_free(&error);
    for (size_t i = ELEMENTS_OF(jobs); i > 0; i--) {
        assert_true(cancel(fixture->root, jobs[i - 1], NULL) >= 0);
        assert_string_equal(fixture_wait_job(fixture->root, jobs[i - 1]).result, "cancelled");
        free(jobs[i - 1]);
    }
    (void)close(lock);
}

/* --- stopping ----------------------------------------------------------- */

static void test_terminated_while_committing(void **state)
{
    Fixture *fixture = *state;
    size_t records = fixture_count_records(fixture);
    _cleanup_free_ char *job = start_apply(fixture, BOOL_A);
    const char *id;

    wait_phase(fixture, job, "committing");
    fixture_stop_remedy(fixture);
    assert_int_equal(fixture_count_records(fixture), records + 1);
    fixture_start_remedy(fixture, NULL);
    /* It was finished before the service ended, so nothing is left to recover. */
    assert_string_equal(settled_state(fixture, &id), "applied");
    assert_non_null(strstr(fixture_change(fixture, id, "Message"), "Applied."));
    check_consistent(fixture, records);
}

static void test_terminated_while_waiting(void **state)
{
    Fixture *fixture = *state;
    size_t records = fixture_count_records(fixture);
    int lock = hold_lock(fixture);
    _cleanup_free_ char *job = start_apply(fixture, BOOL_A);

    wait_phase(fixture, job, "waiting-for-lock");
    fixture_stop_remedy(fixture);
    (void)close(lock);
    assert_int_equal(fixture_count_records(fixture), records);
    fixture_start_remedy(fixture, NULL);
}

/* --- the records -------------------------------------------------------- */

static void test_corrupt_record(void **state)
{
    Fixture *fixture = *state;
    const char *path = harness_path(&fixture->harness, "changes/change-900000.json");
    JobOutcome outcome;
    FILE *file;

    fixture_stop_remedy(fixture);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs("{\"version\": 1, \"id\": 900000", file) >= 0);
    (void)fclose(file);
    fixture_start_remedy(fixture, NULL);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(
        access(harness_path(&fixture->harness, "changes/change-900000.json.corrupt"), F_OK), 0);
    outcome = fixture_apply(fixture, BOOL_A, true);
    assert_string_equal(outcome.change_id, "900001");
    assert_string_equal(fixture_revert(fixture, outcome.change_id).result, "unverified");
}

/* Whatever cannot be recorded is not done. */
static void test_record_cannot_be_written(void **state)
{
    Fixture *fixture = *state;
    uint64_t store = fixture_store_hash(fixture);
    /* The next record's temporary file is in the way, as a directory. */
    const char *obstacle = harness_path(&fixture->harness, "changes/.change-900002.json.new");
    JobOutcome outcome;

    assert_int_equal(mkdir(obstacle, 0700), 0);
    outcome = fixture_apply(fixture, BOOL_A, true);
    assert_string_equal(outcome.result, "failed");
    assert_non_null(strstr(outcome.message, "could not be recorded, so it was not made"));
    assert_int_equal(fixture_store_hash(fixture), store);
    assert_int_equal(rmdir(obstacle), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_killed_with_worker, fixture_reset),
        cmocka_unit_test_setup(test_killed_alone, fixture_reset),
        cmocka_unit_test_setup(test_killed_while_reverting, fixture_reset),
        cmocka_unit_test_setup(test_worker_killed, fixture_reset),
        cmocka_unit_test_setup(test_killed_between_renames, fixture_reset),
        cmocka_unit_test_setup(test_killed_before_install, fixture_reset),
        cmocka_unit_test_setup(test_lock_held, fixture_reset),
        cmocka_unit_test_setup(test_lock_not_released, fixture_reset),
        cmocka_unit_test_setup(test_cancel, fixture_reset),
        cmocka_unit_test_setup(test_cancel_while_committing, fixture_reset),
        cmocka_unit_test_setup(test_jobs_are_bounded, fixture_reset),
        cmocka_unit_test_setup(test_terminated_while_committing, fixture_reset),
        cmocka_unit_test_setup(test_terminated_while_waiting, fixture_reset),
        cmocka_unit_test_setup(test_corrupt_record, fixture_reset),
        cmocka_unit_test_setup(test_record_cannot_be_written, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
