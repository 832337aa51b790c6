/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-store.h"
#include "tests/unit/test.h"

static int setup(void **state)
{
    char *template = NULL;

    /* Every record is synced, so in memory if there is a place. */
    template = strdup(access("/dev/shm", W_OK) == 0 ? "/dev/shm/selguard-changes-XXXXXX"
                                                    : "/tmp/selguard-changes-XXXXXX");
    assert_non_null(template);
    assert_non_null(mkdtemp(template));
    *state = template;
    return 0;
}

static int teardown(void **state)
{
    DIR *directory = opendir(*state);
    int r;

    _cleanup_free_ char *pending = format_string("%s/pending", (const char *)*state);
    DIR *marks = opendir(pending);

    assert_non_null(directory);
    for (const struct dirent *entry; marks && (entry = readdir(marks));)
        (void)unlinkat(dirfd(marks), entry->d_name, 0);
    if (marks)
        (void)closedir(marks);
    (void)rmdir(pending);
    for (const struct dirent *entry; (entry = readdir(directory));)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
    r = rmdir(*state);
    free(*state);
    return r;
}

static ChangeRecord *record_of(const char *boolean, ChangePhase phase)
{
    _cleanup_(plan_clear) Plan plan = {0};
    Action action = {.kind = ACTION_SET_BOOLEAN, .name = strdup(boolean), .value = true};
    const ActionState before = {.known = true, .policy = SETTING_OFF};
    ChangeRecord *record;

    assert_int_equal(plan_add_action(&plan, &action), 0);
    record = change_record_new(&plan, &before, 0, "root", NULL, NULL, 1);
    assert_non_null(record);
    record->phase = phase;
    return record;
}

static void add(ChangeStore *store, const char *boolean, ChangePhase phase)
{
    assert_int_equal(change_store_add(store, record_of(boolean, phase)), 0);
}

static void write_file(const char *directory, const char *name, const char *text)
{
    _cleanup_free_ char *path = format_string("%s/%s", directory, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool file_exists(const char *directory, const char *name)
{
    _cleanup_free_ char *path = format_string("%s/%s", directory, name);

    return access(path, F_OK) == 0;
}

static void test_reopen(void **state)
{
    ChangeStore store;
    ChangeRecord *record;

    assert_int_equal(change_store_open(&store, *state), 0);
    assert_int_equal(store.n_records, 0);
    add(&store, "httpd_a", CHANGE_PREPARED);
    add(&store, "httpd_b", CHANGE_PREPARED);
    record = change_store_find(&store, "2");
    assert_non_null(record);
    record->phase = CHANGE_APPLIED;
    assert_int_equal(change_store_update(&store, record), 0);
    change_store_close(&store);

    assert_int_equal(change_store_open(&store, *state), 0);
    assert_int_equal(store.n_records, 2);
    assert_int_equal(store.records[0]->id, 1);
    assert_int_equal(store.records[0]->phase, CHANGE_PREPARED);
    assert_int_equal(store.records[1]->phase, CHANGE_APPLIED);
    assert_string_equal(store.records[1]->plan.actions[0].name, "httpd_b");
    add(&store, "httpd_c", CHANGE_APPLIED);
    assert_int_equal(store.records[2]->id, 3);
    change_store_close(&store);
}

static void test_find(void **state)
{
    static const char *const none[] = {"",   "0",   "2",    "-1",
                                       "1 ", "01x", "../1", "99999999999999999999"};
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_APPLIED);
    assert_non_null(change_store_find(&store, "1"));
    for (size_t i = 0; i < ELEMENTS_OF(none); i++)
        assert_null(change_store_find(&store, none[i]));
    change_store_close(&store);
}

static void test_corrupt_files_are_set_aside(void **state)
{
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_APPLIED);
    change_store_close(&store);
    write_file(*state, "change-000005.json", "{\"version\":1");
    write_file(*state, "change-000006.json", "");
    write_file(*state, "change-000007.json", "[[[[[[[[[[[[[[[[[[[[[[[[[[");
    write_file(*state, "change-x.json", "not one of ours");
    write_file(*state, ".change-000008.json.new", "left behind by a crash");

    assert_int_equal(change_store_open(&store, *state), 0);
    assert_int_equal(store.n_records, 1);
    assert_int_equal(strv_length(store.set_aside), 3);
    assert_true(file_exists(*state, "change-000005.json.corrupt"));
    assert_false(file_exists(*state, "change-000005.json"));
    assert_true(file_exists(*state, "change-x.json"));
    /* Numbers are never used twice. */
    add(&store, "httpd_b", CHANGE_APPLIED);
    assert_int_equal(store.records[1]->id, 8);
    change_store_close(&store);
}

/* A record under another's number would be reverted for it. */
static void test_renamed_file(void **state)
{
    _cleanup_free_ char *from = format_string("%s/change-000001.json", (char *)*state);
    _cleanup_free_ char *to = format_string("%s/change-000002.json", (char *)*state);
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_APPLIED);
    change_store_close(&store);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(change_store_open(&store, *state), 0);
    assert_int_equal(store.n_records, 0);
    assert_int_equal(strv_length(store.set_aside), 1);
    change_store_close(&store);
}

static void test_symlink_is_not_followed(void **state)
{
    _cleanup_free_ char *link = format_string("%s/change-000001.json", (char *)*state);
    ChangeStore store;

    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(change_store_open(&store, *state), 0);
    assert_int_equal(store.n_records, 0);
    assert_int_equal(strv_length(store.set_aside), 1);
    change_store_close(&store);
}

static void test_directory_of_others(void **state)
{
    ChangeStore store;

    assert_int_equal(chmod(*state, 0777), 0);
    assert_int_equal(change_store_open(&store, *state), -EPERM);
    assert_int_equal(chmod(*state, 0700), 0);
}

static void test_revert_order(void **state)
{
    static const struct {
        const char *id;
        bool allowed;
        const char *why;
    } rows[] = {
        {"1", false, "Change 4 came later and touched the same boolean httpd_a"},
        {"2", true, NULL},
        {"3", false, "Change 3 is failed"},
        {"4", true, NULL},
        {"5", false, "Change 5 is reverted"},
        {"6", false, "Change 6 is committing"},
    };
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_APPLIED);
    add(&store, "httpd_b", CHANGE_APPLIED);
    add(&store, "httpd_b", CHANGE_FAILED);
    add(&store, "httpd_a", CHANGE_APPLIED);
    add(&store, "httpd_a", CHANGE_REVERTED);
    add(&store, "httpd_c", CHANGE_COMMITTING);
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *why = NULL;

        assert_int_equal(
            change_store_can_revert(&store, change_store_find(&store, rows[i].id), &why),
            rows[i].allowed ? 0 : -EPERM);
        if (rows[i].why && !strstr(why, rows[i].why))
            fail_msg("%s, not %s", why, rows[i].why);
    }
    change_store_close(&store);
}

static void test_conflict(void **state)
{
    _cleanup_(plan_clear) Plan plan = {0};
    Action action = {.kind = ACTION_SET_BOOLEAN, .name = strdup("httpd_b")};
    ChangeStore store;

    assert_int_equal(plan_add_action(&plan, &action), 0);
    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_COMMITTING);
    add(&store, "httpd_b", CHANGE_APPLIED);
    assert_null(change_store_conflict(&store, &plan));
    add(&store, "httpd_b", CHANGE_REVERTING);
    assert_int_equal(change_store_conflict(&store, &plan)->id, 3);
    change_store_close(&store);
}

static void test_pruning(void **state)
{
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "httpd_a", CHANGE_COMMITTING);
    add(&store, "httpd_a", CHANGE_APPLIED);
    add(&store, "httpd_a", CHANGE_REVERTED);
    add(&store, "httpd_a", CHANGE_APPLIED);
    while (store.n_records < REMEDY_CHANGES_MAX)
        add(&store, "httpd_a", CHANGE_APPLIED);
    assert_non_null(change_store_find(&store, "3"));
    add(&store, "httpd_a", CHANGE_APPLIED);
    /* What nobody can revert goes first, then the oldest; never what is unfinished or in use. */
    assert_null(change_store_find(&store, "3"));
    assert_false(file_exists(*state, "change-000003.json"));
    change_store_find(&store, "2")->pins = 1;
    add(&store, "httpd_a", CHANGE_APPLIED);
    assert_non_null(change_store_find(&store, "1"));
    assert_non_null(change_store_find(&store, "2"));
    assert_null(change_store_find(&store, "4"));
    assert_int_equal(store.n_records, REMEDY_CHANGES_MAX);
    change_store_close(&store);
}

/* A mark for what is not settled, there before the record, and put right when it is opened. */
static void test_pending(void **state)
{
    _cleanup_free_ char *mark = NULL;
    ChangeStore store;

    assert_int_equal(change_store_open(&store, *state), 0);
    add(&store, "a", CHANGE_PREPARED);
    assert_true(file_exists(*state, "pending/change-000001.json"));
    store.records[0]->phase = CHANGE_APPLIED;
    assert_int_equal(change_store_update(&store, store.records[0]), 0);
    assert_false(file_exists(*state, "pending/change-000001.json"));
    store.records[0]->trial.state = TRIAL_RUNNING;
    assert_int_equal(change_store_update(&store, store.records[0]), 0);
    change_store_close(&store);

    mark = format_string("%s/pending/change-000001.json", (char *)*state);
    assert_non_null(mark);
    assert_int_equal(unlink(mark), 0);
    write_file(*state, "pending/change-000007.json", "");
    assert_int_equal(change_store_open(&store, *state), 0);
    assert_true(file_exists(*state, "pending/change-000001.json"));
    assert_false(file_exists(*state, "pending/change-000007.json"));
    assert_int_equal(store.records[0]->trial.state, TRIAL_RUNNING);

    /* What may not be marked is not recorded either. */
    store.records[0]->trial.state = TRIAL_OVER;
    assert_int_equal(change_store_update(&store, store.records[0]), 0);
    assert_false(file_exists(*state, "pending/change-000001.json"));
    change_store_close(&store);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_find, setup, teardown),
        cmocka_unit_test_setup_teardown(test_corrupt_files_are_set_aside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renamed_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_symlink_is_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revert_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pruning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pending, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
