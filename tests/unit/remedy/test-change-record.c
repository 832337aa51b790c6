/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json_tokener.h>

#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-record.h"
#include "tests/unit/test.h"

DEFINE_POINTER_CLEANUP(ChangeRecord, change_record_free, record_cleanup);

static ChangeRecord *example(void)
{
    _cleanup_(plan_clear) Plan plan = {0};
    Action action = {.kind = ACTION_SET_BOOLEAN, .name = strdup("httpd_x"), .value = true};
    Access access = {(char *)"u:r:a_t:s0", (char *)"u:r:b_t:s0", (char *)"file", (char *)"read"};
    const ActionState before = {.known = true, .policy = SETTING_OFF, .runtime = SETTING_OFF};
    ChangeRecord *record;

    assert_int_equal(plan_add_action(&plan, &action), 0);
    assert_int_equal(plan_add_access(&plan, &access), 0);
    record = change_record_new(&plan, &before, 1000, "anna", "the \"shop\" is down", "0a1b", 42);
    assert_non_null(record);
    return record;
}

static void test_new(void **state _unused_)
{
    _cleanup_(record_cleanup) ChangeRecord *record = example();

    assert_int_equal(record->phase, CHANGE_PREPARED);
    assert_int_equal(record->before[0].local, SETTING_NONE);
    assert_int_equal(record->after[0].local, SETTING_ON);
    assert_int_equal(record->after[0].policy, SETTING_ON);
    assert_int_equal(record->after[0].runtime, SETTING_ON);
    assert_string_equal(record->result, "");
    assert_true(change_record_unfinished(record));
    assert_false(change_record_in_force(record));
}

static void test_phases(void **state _unused_)
{
    static const struct {
        ChangePhase phase;
        bool unfinished;
        bool in_force;
    } rows[] = {
        {CHANGE_PREPARED, true, false}, {CHANGE_COMMITTING, true, true},
        {CHANGE_APPLIED, false, true},  {CHANGE_FAILED, false, false},
        {CHANGE_REVERTING, true, true}, {CHANGE_REVERTED, false, false},
    };
    _cleanup_(record_cleanup) ChangeRecord *record = example();

    assert_int_equal(ELEMENTS_OF(rows), CHANGE_PHASE_COUNT);
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        ChangePhase back;

        record->phase = rows[i].phase;
        assert_int_equal(change_record_unfinished(record), rows[i].unfinished);
        assert_int_equal(change_record_in_force(record), rows[i].in_force);
        assert_int_equal(change_phase_from_string(change_phase_to_string(rows[i].phase), &back), 0);
        assert_int_equal(back, rows[i].phase);
    }
}

static void test_round_trip(void **state _unused_)
{
    _cleanup_(record_cleanup) ChangeRecord *record = example();
    _cleanup_(record_cleanup) ChangeRecord *back = NULL;
    _cleanup_json_ json_object *object = NULL;
    _cleanup_json_ json_object *again = NULL;

    record->id = 7;
    record->phase = CHANGE_REVERTING;
    record->finished_usec = 43;
    record->trial = (Trial){
        .state = TRIAL_OVER, .seconds = 600, .deadline_usec = UINT64_C(1) << 40, .boot_id = "abc"};
    assert_int_equal(string_replace(&record->approval, "polkit"), 0);
    assert_int_equal(change_record_set_result(record, "done", "Applied."), 0);
    assert_int_equal(change_step_begin(&record->keep, 1000, "anna", "it helps", 43), 0);
    assert_int_equal(change_step_begin(&record->revert, 1000, "anna", "an error", 44), 0);
    assert_int_equal(change_step_begin(&record->revert, 0, "root", "no use", 44), 0);
    assert_int_equal(change_record_to_json(record, &object), 0);
    assert_int_equal(change_record_from_json(object, &back), 0);

    assert_int_equal(back->id, 7);
    assert_int_equal(back->phase, CHANGE_REVERTING);
    assert_int_equal(back->uid, 1000);
    assert_string_equal(back->user, "anna");
    assert_string_equal(back->reason, "the \"shop\" is down");
    assert_true(plan_equal(&back->plan, &record->plan));
    assert_memory_equal(back->before, record->before, sizeof(*record->before));
    assert_memory_equal(back->after, record->after, sizeof(*record->after));
    assert_true(back->keep.begun);
    assert_int_equal(back->keep.time_usec, 43);
    assert_int_equal(back->keep.uid, 1000);
    assert_string_equal(back->keep.user, "anna");
    assert_string_equal(back->keep.reason, "it helps");
    assert_true(back->revert.begun);
    assert_int_equal(back->revert.time_usec, 44);
    assert_string_equal(back->revert.user, "root");
    assert_string_equal(back->revert.reason, "no use");
    assert_int_equal(change_record_to_json(back, &again), 0);
    assert_string_equal(json_object_to_json_string(object), json_object_to_json_string(again));
}

/* A record from before it was written who made a trial permanent. */
static const char good[] =
    "{'version':1,'id':7,'phase':'applied','result':'done','message':'','time':1,'finished':2,"
    "'uid':0,'user':'root','reason':'','diagnosis_id':'','plan':{'actions':[{'kind':'set-boolean',"
    "'name':'httpd_x','value':true}],'accesses':[]},'before':[{'known':true,'local':'none',"
    "'policy':'off','runtime':'unknown'}],'after':[{'known':true,'local':'on','policy':'on',"
    "'runtime':'unknown'}]}";

/* The good text with one piece replaced. */
static int parse_with(const char *piece, const char *replacement)
{
    ChangeRecord *record = NULL;
    const char *at = strstr(good, piece);
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_object *object = NULL;
    int r;

    assert_non_null(at);
    text = format_string("%.*s%s%s", (int)(at - good), good, replacement, at + strlen(piece));
    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    object = json_tokener_parse(text);
    assert_non_null(object);
    r = change_record_from_json(object, &record);
    change_record_free(record);
    return r;
}

static void test_hostile(void **state _unused_)
{
    static const struct {
        const char *piece;
        const char *replacement;
    } rows[] = {
        {"'version':1", "'version':2"},
        {"'version':1,", ""},
        {"'id':7", "'id':-7"},
        {"'id':7", "'id':'7'"},
        {"'phase':'applied'", "'phase':'done'"},
        {"'phase':'applied'", "'phase':3"},
        {"'uid':0", "'uid':4294967296"},
        {"'user':'root'", "'user':null"},
        {"'uid':0", "'uid':0,'keep':'anna'"},
        {"'uid':0", "'uid':0,'keep':{'time':1,'uid':0,'user':'anna'}"},
        {"'uid':0", "'uid':0,'revert':{'time':1,'uid':-1,'user':'','reason':''}"},
        {"'result':'done',", ""},
        {"'plan':{", "'plan':[],'x':{"},
        {"'kind':'set-boolean'", "'kind':'format-disk'"},
        {"'value':true", "'value':'true'"},
        {"'value':true", "'value':true,'more':1"},
        {",'value':true", ""},
        {"'name':'httpd_x'", "'name':''"},
        {"'name':'httpd_x'", "'name':'a\\u0000b'"},
        {"'name':'httpd_x'", "'name':'a\\nb'"},
        {"'accesses':[]", "'accesses':{}"},
        {"'accesses':[]", "'accesses':[['a:b:c','a:b:c','file']]"},
        {"'accesses':[]", "'accesses':[['a:b:c','a:b:c','file','']]"},
        {"'before':[{", "'before':[{},{"},
        {"'before':[{'known':true,'local':'none','policy':'off','runtime':'unknown'}]",
         "'before':[]"},
        {"'local':'none'", "'local':'maybe'"},
        {"'local':'none'", "'local':'unknown'"},
        {"'policy':'off',", ""},
        {"'known':true", "'known':1"},
    };

    assert_int_equal(parse_with("'version':1", "'version':1"), 0);
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        if (parse_with(rows[i].piece, rows[i].replacement) != -EBADMSG)
            fail_msg("%s as %s was taken", rows[i].piece, rows[i].replacement);
}

static void test_not_an_object(void **state _unused_)
{
    static const char *const texts[] = {"[]", "1", "\"x\"", "{}", "null"};

    for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
        _cleanup_json_ json_object *object = json_tokener_parse(texts[i]);
        ChangeRecord *record = NULL;

        assert_int_equal(change_record_from_json(object, &record), -EBADMSG);
        assert_null(record);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),           cmocka_unit_test(test_phases),
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_not_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
