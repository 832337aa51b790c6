/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan of several kinds, interrupted and hindered in every way there is: afterwards all of it is
 * in force, or none, and the record tells which. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

#define STORE "root/var/lib/selinux"
#define SHOP  "root/opt/shop"
#define PLAN                                                                                       \
    5, PORT(3000, "http_port_t"), BOOLEAN(BOOL_A, 1),                                              \
        RULE("/opt/shop(/.*)?", "httpd_sys_content_t"), RELABEL("/opt/shop", 1), RELOAD
/* As far as a trial goes without a kernel. */
#define TRIAL_PLAN                                                                                 \
    4, PORT(3000, "http_port_t"), RULE("/opt/shop(/.*)?", "httpd_sys_content_t"),                  \
        RELABEL("/opt/shop", 1), RELOAD

static pid_t systemd;
static bool labels; /* this file system takes them */

static int setup(void **state)
{
    Fixture *fixture;
    const char *arguments[] = {getenv("SELGUARD_MOCK_SYSTEMD"), NULL, NULL};
    int r = fixture_setup(state);

    fixture = *state;
    arguments[1] = fixture->harness.address;
    systemd = harness_spawn(arguments);
    harness_wait_name(fixture->root, "org.freedesktop.systemd1", true);
    (void)mkdir(harness_path(&fixture->harness, "root/opt"), 0755);
    (void)mkdir(harness_path(&fixture->harness, SHOP), 0755);
    for (unsigned i = 0; i < 200; i++) {
        _cleanup_free_ char *name = format_string(SHOP "/%u", i);

        make_file(fixture, name);
        labels = put_label(fixture, name, OLD_LABEL);
    }
    labels = put_label(fixture, SHOP, OLD_LABEL) && labels;
    return r;
}

static int teardown(void **state)
{
    (void)harness_end(systemd, SIGTERM);
    return fixture_teardown(state);
}

/* 0: nothing of it is there, 1: all of it; anything else fails. */
static int find_state(Fixture *fixture, bool trial)
{
    bool port = file_has(fixture, ACTIVE "ports.local", "http_port_t");
    unsigned labelled = 0;

    assert_int_equal(file_has(fixture, ACTIVE "file_contexts.local", "/opt/shop"), port);
    if (!trial)
        assert_int_equal(file_has(fixture, ACTIVE "booleans.local", BOOL_A "=1"), port);
    for (unsigned i = 0; labels && i < 200; i++) {
        _cleanup_free_ char *name = format_string(SHOP "/%u", i);

        labelled += streq(label_of(fixture, name), NEW_LABEL);
    }
    if (labels && labelled != (port ? 200 : 0))
        fail_msg("%u files have the new label, the port %s", labelled, port ? "too" : "does not");
    return port;
}

/* Waits until the newest record is not half way; its state. Static. */
static const char *settle(Fixture *fixture, char ret_id[24])
{
    uint64_t deadline = harness_now_usec() + 60 * SEC;
    const char *state;

    (void)snprintf(ret_id, 24, "%zu", fixture_count_records(fixture));
    do {
        state = fixture_change(fixture, ret_id, "State");
        if (streq(state, "applied") || streq(state, "failed") || streq(state, "reverted"))
            break;
        (void)usleep(20000);
    } while (harness_now_usec() < deadline);
    return state;
}

/* The service dies, with its worker (in a session of its own). */
static void kill_service(Fixture *fixture)
{
    _cleanup_free_ char *path =
        format_string("/proc/%d/task/%d/children", (int)fixture->remedy, (int)fixture->remedy);
    FILE *file = fopen(path, "re");
    char line[64] = "";
    pid_t worker;

    if (file && !fgets(line, sizeof(line), file))
        line[0] = '\0';
    if (file)
        (void)fclose(file);
    worker = (pid_t)strtol(line, NULL, 10);
    (void)harness_end(fixture->remedy, SIGKILL);
    if (worker > 0)
        (void)kill(-worker, SIGKILL);
    harness_wait_name(fixture->root, REMEDY, false);
    fixture_start_remedy(fixture, NULL);
}

/* Kills at moments further and further apart, until it was over; returns how many these were. */
static unsigned interrupt_until_over(Fixture *fixture, bool trial, unsigned step,
                                     unsigned *ret_caught)
{
    unsigned moments = 0;

    for (unsigned milliseconds = 0; milliseconds < 30000; milliseconds += step + milliseconds / 6) {
        size_t records = fixture_count_records(fixture);
        _cleanup_free_ char *job =
            trial ? plan_start_trial(fixture, 600, TRIAL_PLAN) : plan_start(fixture, PLAN);
        char id[24];
        bool over;
        const char *now;

        (void)usleep(milliseconds * 1000);
        over = streq(fixture_job_property(fixture->root, job, "State"), "finished");
        kill_service(fixture);
        moments++;
        if (fixture_count_records(fixture) == records) {
            assert_int_equal(find_state(fixture, trial), 0);
            continue;
        }
        *ret_caught += !over;
        now = settle(fixture, id);
        assert_int_equal(find_state(fixture, trial), streq(now, "applied"));
        if (!streq(now, "applied"))
            assert_string_equal(now, "failed");
        else
            assert_unverified(fixture_revert(fixture, id));
        assert_int_equal(find_state(fixture, trial), 0);
        if (over)
            return moments;
    }
    fail_msg("not over after %u moments", moments);
    return moments;
}

/* Where a fast machine was done after a few moments, again with smaller steps. */
static void interrupt(Fixture *fixture, bool trial)
{
    unsigned caught = 0, moments = 0;

    for (unsigned step = 15; moments < 8 || (caught < 2 && step > 1); step = (step + 1) / 2)
        moments += interrupt_until_over(fixture, trial, step, &caught);
    assert_true(caught >= 2);
}

static void test_killed(void **state)
{
    interrupt(*state, /* trial= */ false);
}

static void test_killed_on_trial(void **state)
{
    interrupt(*state, /* trial= */ true);
}

/* --- no room, no right -------------------------------------------------- */

/* The records lie on a file system that fills up: at the first write, the second, … */
static void test_disk_full(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *changes = strdup(harness_path(&fixture->harness, "changes"));
    unsigned failed = 0;

    fixture_stop_remedy(fixture);
    if (mount("tmpfs", changes, "tmpfs", 0, "size=1m,mode=0700") < 0)
        skip(); /* no mounts here */
    fixture_start_remedy(fixture, NULL);
    for (unsigned pages = 0; pages < 16; pages += pages < 4 ? 1 : 3) {
        const char *filler = harness_path(&fixture->harness, "changes/filler");
        static char page[4096];
        int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        JobOutcome outcome;
        char id[24];

        assert_true(fd >= 0);
        while (write(fd, page, sizeof(page)) > 0)
            ;
        assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - (off_t)(pages * sizeof(page))), 0);
        (void)close(fd);
        outcome = plan_apply(fixture, PLAN);
        (void)unlink(filler);
        failed += streq(outcome.result, "failed");
        if (outcome.change_id[0] == '\0')
            assert_int_equal(find_state(fixture, false), 0);
        /* Whatever could not be written is found out by the next start. */
        fixture_stop_remedy(fixture);
        fixture_start_remedy(fixture, NULL);
        if (outcome.change_id[0] == '\0')
            continue;
        (void)snprintf(id, sizeof(id), "%s", outcome.change_id);
        if (streq(settle(fixture, id), "applied")) {
            assert_int_equal(find_state(fixture, false), 1);
            assert_unverified(fixture_revert(fixture, id));
        }
        assert_int_equal(find_state(fixture, false), 0);
    }
    assert_true(failed > 0);
    fixture_stop_remedy(fixture);
    assert_int_equal(umount(changes), 0);
    fixture_start_remedy(fixture, NULL);
}

/* A transaction begins with a copy of the store, and then writes the new policy: there is room for
 * ever more of that. */
static void test_store_full(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *store = strdup(harness_path(&fixture->harness, STORE));
    uint64_t before = fixture_store_hash(fixture);
    unsigned failed = 0, unknown = 0;
    struct statvfs status;
    bool done = false;

    move_path(fixture, STORE, "store-kept");
    assert_int_equal(mkdir(store, 0755), 0);
    if (mount("tmpfs", store, "tmpfs", 0, "size=256m,mode=0755") < 0) {
        assert_int_equal(rmdir(store), 0);
        move_path(fixture, "store-kept", STORE);
        skip();
    }
    copy_path(fixture, "store-kept", STORE);
    assert_int_equal(statvfs(store, &status), 0);
    for (unsigned room = 128; room < 131072 && !done; room += 128 + room / 2) { /* KiB */
        _cleanup_free_ char *size = format_string(
            "size=%juk", (status.f_blocks - status.f_bfree) * status.f_frsize / 1024 + room);
        JobOutcome outcome;

        assert_int_equal(mount("tmpfs", store, "tmpfs", MS_REMOUNT, size), 0);
        outcome = plan_apply(fixture, PLAN);
        assert_int_equal(mount("tmpfs", store, "tmpfs", MS_REMOUNT, "size=256m"), 0);
        done = streq(outcome.result, "unverified");
        if (streq(outcome.result, "unknown")) {
            /* No room to find out either: the next start does. */
            char id[24];

            fixture_stop_remedy(fixture);
            fixture_start_remedy(fixture, NULL);
            assert_string_equal(settle(fixture, id), "failed");
            unknown++;
        } else if (!done) {
            assert_string_equal(outcome.result, "failed");
            failed++;
        }
        assert_int_equal(find_state(fixture, false), done);
        if (done)
            assert_unverified(fixture_revert(fixture, outcome.change_id));
        assert_int_equal(fixture_store_hash(fixture), before);
        assert_int_equal(find_state(fixture, false), 0);
    }
    print_message("%u times not made, %u times found out later\n", failed, unknown);
    assert_true(done);
    assert_true(failed >= 3 && failed + unknown >= 5);
    assert_int_equal(umount(store), 0);
    assert_int_equal(rmdir(store), 0);
    move_path(fixture, "store-kept", STORE);
}

static void test_store_read_only(void **state)
{
    Fixture *fixture = *state;
    _cleanup_free_ char *store = strdup(harness_path(&fixture->harness, "root/var/lib/selinux"));
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome;

    if (mount(store, store, NULL, MS_BIND, NULL) < 0)
        skip();
    if (mount(NULL, store, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) {
        (void)umount(store);
        skip();
    }
    outcome = plan_apply(fixture, PLAN);
    assert_int_equal(umount(store), 0);
    assert_string_equal(outcome.result, "failed");
    assert_has(outcome.message, "policy store");
    assert_int_equal(fixture_store_hash(fixture), before);
    assert_int_equal(find_state(fixture, false), 0);
}

/* --- others ------------------------------------------------------------- */

/* Both want the same: one does it, the other finds it done. */
static void test_two_clients(void **state)
{
    Fixture *fixture = *state;
    size_t records = fixture_count_records(fixture);
    _cleanup_free_ char *first = plan_start(fixture, 1, PORT(3000, "http_port_t"));
    _cleanup_free_ char *second = plan_start(fixture, 1, PORT(3000, "http_port_t"));
    JobOutcome one = fixture_wait_job(fixture->root, first);
    JobOutcome two = fixture_wait_job(fixture->root, second);

    assert_unverified(one);
    assert_has(one.message, "Applied.");
    assert_has(two.message, "nothing was changed");
    assert_int_equal(fixture_count_records(fixture), records + 1);
    assert_unverified(fixture_revert(fixture, one.change_id));
}

/* The one who asked leaves the bus: what was approved is done. */
static void test_client_gone(void **state)
{
    Fixture *fixture = *state;
    sd_bus *client = harness_connect(&fixture->harness, 0);
    size_t records = fixture_count_records(fixture);
    uint64_t deadline = harness_now_usec() + 30 * SEC;
    sd_bus_message *reply = NULL;
    char id[24];

    assert_true(sd_bus_call_method(client, REMEDY, "/org/selguard/Remedy1", MANAGER, "Apply", NULL,
                                   &reply, "a(sa{sv})a{sv}", PLAN, 0) >= 0);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(client);
    while (fixture_count_records(fixture) == records && harness_now_usec() < deadline)
        (void)usleep(10000);
    assert_string_equal(settle(fixture, id), "applied");
    assert_int_equal(find_state(fixture, false), 1);
    assert_unverified(fixture_revert(fixture, id));
}

/* The bus itself goes: what has begun is brought to an end, and the service leaves. Last, since
 * nobody can be called any more. */
static void test_bus_gone(void **state)
{
    Fixture *fixture = *state;
    size_t records = fixture_count_records(fixture);
    _cleanup_free_ char *job =
        plan_start(fixture, 2, PORT(3000, "http_port_t"), BOOLEAN(BOOL_A, 1));
    _cleanup_free_ char *name = NULL;
    uint64_t deadline = harness_now_usec() + 20 * SEC;
    int status;

    while (!streq(fixture_job_property(fixture->root, job, "Phase"), "committing") &&
           harness_now_usec() < deadline)
        (void)usleep(1000);
    (void)kill(fixture->harness.bus_pid, SIGKILL);
    deadline = harness_now_usec() + 60 * SEC;
    do
        status = harness_wait_end(fixture->remedy);
    while (status < 0 && harness_now_usec() < deadline);
    fixture->remedy = 0;
    assert_true(WIFEXITED(status));
    name = format_string("changes/change-%06zu.json", records + 1);
    assert_true(file_has(fixture, name, "\"phase\":\"applied\""));
    assert_true(file_has(fixture, ACTIVE "ports.local", "http_port_t"));
    assert_true(file_has(fixture, ACTIVE "booleans.local", BOOL_A "=1"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_killed, fixture_reset),
        cmocka_unit_test_setup(test_killed_on_trial, fixture_reset),
        cmocka_unit_test_setup(test_disk_full, fixture_reset),
        cmocka_unit_test_setup(test_store_full, fixture_reset),
        cmocka_unit_test_setup(test_store_read_only, fixture_reset),
        cmocka_unit_test_setup(test_two_clients, fixture_reset),
        cmocka_unit_test_setup(test_client_gone, fixture_reset),
        cmocka_unit_test_setup(test_bus_gone, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, setup, teardown);
}
