/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of the kinds that are kept as text; booleans are in test-change-decide.c. */
#include <errno.h>

#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "daemon/remedy/action-state.h"
#include "tests/unit/test.h"

#define OLD "system_u:object_r:ntop_port_t:s0"
#define NEW "system_u:object_r:http_port_t:s0"

static const struct {
    Action action;
    ActionState state;
    const char *text;
} rows[] = {
    {{.kind = ACTION_SET_PORT},
     {.known = true, .wanted = NEW, .effective = "ntop_port_t:3000-3001"},
     "local=none policy=ntop_port_t:3000-3001"},
    {{.kind = ACTION_SET_PORT},
     {.known = true, .record = OLD, .wanted = NEW},
     "local=" OLD " policy=none"},
    {{.kind = ACTION_SET_FILE_CONTEXT},
     {.known = true, .record = "<<none>>", .effective = "/var/lock/x"},
     "local=<<none>> as=/var/lock/x"},
    {{.kind = ACTION_RELABEL},
     {.known = true, .record = OLD, .wanted = NEW, .files = 7},
     "label=" OLD " default=" NEW},
    {{.kind = ACTION_RELABEL}, {.obstacle = "there is no /x."}, "label=none default=none"},
    {{.kind = ACTION_INSTALL_MODULE}, {.known = true, .wanted = "ab"}, "module=none"},
    {{.kind = ACTION_RELOAD_NGINX}, {.known = true, .local = SETTING_ON}, "reload=done"},
};

static void test_text(void **state _unused_)
{
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *text = action_state_to_text(&rows[i].action, &rows[i].state);

        assert_string_equal(text, rows[i].text);
    }
}

static void test_json(void **state _unused_)
{
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_json_ json_object *object = action_state_to_json(&rows[i].action, &rows[i].state);
        ActionState again = {};

        assert_int_equal(action_state_from_json(&rows[i].action, object, &again), 0);
        assert_memory_equal(&again, &rows[i].state, sizeof(again));
    }
}

static void test_bad_json(void **state _unused_)
{
    const Action action = {.kind = ACTION_RELABEL};
    char long_text[STATE_TEXT_MAX + 1];

    memset(long_text, 'a', STATE_TEXT_MAX);
    long_text[STATE_TEXT_MAX] = '\0';
    for (size_t i = 0; i < 4; i++) {
        _cleanup_json_ json_object *object = action_state_to_json(&action, &rows[3].state);
        ActionState again = {};

        if (i == 0)
            assert_int_equal(json_add(object, "record", json_object_new_string(long_text)), 0);
        else if (i == 1)
            assert_int_equal(json_add(object, "record", json_object_new_string_len("a\0b", 3)), 0);
        else if (i == 2)
            assert_int_equal(json_add(object, "files", json_object_new_int64(-1)), 0);
        else
            json_object_object_del(object, "files");
        assert_int_equal(action_state_from_json(&action, object, &again), -EBADMSG);
        assert_false(again.known);
    }
}

static void test_after(void **state _unused_)
{
    ActionState after = action_state_after(&rows[0].action, &rows[0].state);

    assert_string_equal(after.record, NEW);
    assert_false(action_state_stored_equal(&rows[0].action, &rows[0].state, &after));
    assert_true(action_state_runtime_reached(&rows[0].action, &after, &rows[0].state));

    /* What the default label is may have changed with the plan: only what is there counts. */
    after = action_state_after(&rows[3].action, &rows[3].state);
    assert_true(after.local == SETTING_ON);
    assert_true(action_state_stored_equal(&rows[3].action, &rows[3].state, &after));
    assert_false(action_state_runtime_reached(&rows[3].action, &after, &rows[3].state));
    assert_true(action_state_runtime_reached(&rows[3].action, &after,
                                             &(ActionState){.known = true, .record = "another"}));
    assert_false(action_state_runtime_reached(&rows[3].action, &after, &(ActionState){}));
    /* A revert: the label that was there. */
    assert_true(action_state_runtime_reached(&rows[3].action, &rows[3].state, &rows[3].state));
    assert_false(action_state_runtime_reached(&rows[3].action, &rows[3].state, &after));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_bad_json),
        cmocka_unit_test(test_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
