/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/remedy/change-decide.h"
#include "tests/unit/test.h"

#define NONE SETTING_NONE
#define OFF  SETTING_OFF
#define ON   SETTING_ON

DEFINE_POINTER_CLEANUP(ChangeRecord, change_record_free, record_cleanup);

static Action actions[] = {
    {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_a", .value = true},
    {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_b", .value = false},
};
static const Plan one = {.actions = actions, .n_actions = 1};
static const Plan two = {.actions = actions, .n_actions = 2};

static ActionState boolean_state(Setting local, Setting policy, Setting runtime)
{
    return (ActionState){.known = true, .local = local, .policy = policy, .runtime = runtime};
}

static void test_text(void **state _unused_)
{
    static const struct {
        ActionState state;
        const char *text;
    } rows[] = {
        {{.known = true, .local = NONE, .policy = OFF, .runtime = ON},
         "local=none policy=off runtime=on"},
        {{.known = true, .local = ON, .policy = ON, .runtime = NONE},
         "local=on policy=on runtime=unknown"},
        {{.known = false}, "unknown"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *text = action_state_to_text(&actions[0], &rows[i].state);

        assert_string_equal(text, rows[i].text);
    }
}

static void test_apply(void **state _unused_)
{
    const struct {
        ActionState state;
        int result;
    } rows[] = {
        {boolean_state(NONE, OFF, OFF), 0},
        {boolean_state(OFF, OFF, OFF), 0},
        {boolean_state(OFF, OFF, NONE), 0},
        /* On by the policy alone: an update of the policy could turn it off again. */
        {boolean_state(NONE, ON, ON), 0},
        /* Switched for now only, or recorded and switched back for now. */
        {boolean_state(NONE, OFF, ON), 0},
        {boolean_state(ON, ON, OFF), 0},
        {boolean_state(ON, ON, ON), 1},
        {boolean_state(ON, ON, NONE), 1},
        {{.known = false}, -EPERM},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *why = NULL;

        if (decide_apply(&one, NULL, &rows[i].state, false, &why) != rows[i].result)
            fail_msg("row %zu", i);
        assert_int_equal(why != NULL, rows[i].result < 0);
    }
}

static void test_apply_several(void **state _unused_)
{
    ActionState states[] = {boolean_state(ON, ON, ON), boolean_state(NONE, ON, ON)};
    _cleanup_free_ char *why = NULL;

    assert_int_equal(decide_apply(&two, NULL, states, false, &why), 0);
    states[1] = boolean_state(OFF, OFF, OFF);
    assert_int_equal(decide_apply(&two, NULL, states, false, &why), 1);
}

static void test_expected(void **state _unused_)
{
    char *same[] = {(char *)"local=none policy=off runtime=off", NULL};
    char *other[] = {(char *)"local=none policy=off runtime=on", NULL};
    char *none[] = {NULL};
    const ActionState now = boolean_state(NONE, OFF, OFF);
    _cleanup_free_ char *why = NULL;

    assert_int_equal(decide_apply(&one, same, &now, false, &why), 0);
    assert_null(why);
    assert_int_equal(decide_apply(&one, other, &now, false, &why), -ESTALE);
    assert_non_null(strstr(why, "boolean httpd_a is now local=none policy=off runtime=off"));
    free(why);
    why = NULL;
    assert_int_equal(decide_apply(&one, none, &now, false, &why), -EINVAL);
}

static ChangeRecord *record_in(ChangePhase phase)
{
    const ActionState before[] = {boolean_state(NONE, OFF, OFF), boolean_state(ON, ON, ON)};
    ChangeRecord *record = change_record_new(&two, before, 0, "root", NULL, NULL, 1);

    assert_non_null(record);
    record->phase = phase;
    return record;
}

static void test_revert(void **state _unused_)
{
    _cleanup_(record_cleanup) ChangeRecord *record = record_in(CHANGE_APPLIED);
    ActionState now[] = {record->after[0], record->after[1]};
    _cleanup_free_ char *why = NULL;

    assert_int_equal(decide_revert(record, now, &why), 0);
    /* Somebody switched it for now only: the record is what is restored. */
    now[0].runtime = OFF;
    assert_int_equal(decide_revert(record, now, &why), 0);
    now[1].local = NONE;
    assert_int_equal(decide_revert(record, now, &why), -ESTALE);
    assert_non_null(strstr(why, "Something else changed boolean httpd_b"));
}

static void test_resolution(void **state _unused_)
{
    _cleanup_(record_cleanup) ChangeRecord *record = record_in(CHANGE_COMMITTING);
    const ActionState *targets = NULL;
    ActionState mixed[] = {record->after[0], record->before[1]};
    ActionState foreign[] = {record->after[0], record->after[1]};

    assert_int_equal(decide_resolution(record, record->after, &targets), RESOLVE_FINISHED);
    assert_ptr_equal(targets, record->after);
    assert_int_equal(decide_resolution(record, record->before, &targets), RESOLVE_UNDONE);
    assert_ptr_equal(targets, record->before);
    assert_int_equal(decide_resolution(record, mixed, &targets), RESOLVE_FOREIGN);
    assert_null(targets);
    foreign[1].local = NONE;
    assert_int_equal(decide_resolution(record, foreign, &targets), RESOLVE_FOREIGN);

    record->phase = CHANGE_REVERTING;
    assert_int_equal(decide_resolution(record, record->before, &targets), RESOLVE_FINISHED);
    assert_ptr_equal(targets, record->before);
    assert_int_equal(decide_resolution(record, record->after, &targets), RESOLVE_UNDONE);
    assert_ptr_equal(targets, record->after);
}

/* A trial sets the kernel's value only, and only where there is one. */
static void test_trial(void **state _unused_)
{
    const struct {
        ActionState state;
        int result;
    } rows[] = {
        {boolean_state(NONE, OFF, OFF), 0},       {boolean_state(NONE, OFF, ON), 1},
        {boolean_state(ON, ON, OFF), 0},          {boolean_state(ON, ON, ON), 1},
        {boolean_state(NONE, OFF, NONE), -EPERM},
    };
    _cleanup_(record_cleanup) ChangeRecord *record = NULL;
    const ActionState *targets = NULL;
    char *why = NULL;

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        if (decide_apply(&one, NULL, &rows[i].state, true, &why) != rows[i].result)
            fail_msg("row %zu", i);
        free(why);
        why = NULL;
    }

    /* Interrupted as it began: never finished. */
    record = record_in(CHANGE_COMMITTING);
    change_record_begin_trial(record, 60);
    assert_int_equal(decide_resolution(record, record->after, &targets), RESOLVE_UNDONE);
    assert_ptr_equal(targets, record->before);
}

/* While it is made permanent, a boolean may have its record already; somebody else's is theirs. */
static void test_keeping(void **state _unused_)
{
    _cleanup_(record_cleanup) ChangeRecord *record = record_in(CHANGE_APPLIED);
    ActionState now[2];
    char *why = NULL;

    change_record_begin_trial(record, 60);
    memcpy(now, record->after, sizeof(now));
    assert_int_equal(decide_revert(record, now, &why), 0);
    now[0].local = ON;
    assert_int_equal(decide_revert(record, now, &why), -ESTALE);
    free(why);
    record->trial.state = TRIAL_KEEPING;
    assert_int_equal(decide_revert(record, now, &why), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),          cmocka_unit_test(test_apply),
        cmocka_unit_test(test_apply_several), cmocka_unit_test(test_expected),
        cmocka_unit_test(test_revert),        cmocka_unit_test(test_resolution),
        cmocka_unit_test(test_trial),         cmocka_unit_test(test_keeping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
