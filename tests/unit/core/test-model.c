/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accesses, denials, plans and diagnoses, and the JSON form of the last. */
#include <errno.h>
#include <json-c/json_tokener.h>

#include "daemon/core/denial.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/failure.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

static void test_context_type(void **state _unused_)
{
    static const struct {
        const char *context, *type;
    } rows[] = {
        {"system_u:system_r:httpd_t:s0", "httpd_t"},
        {"system_u:object_r:etc_t", "etc_t"},
        {"u:r:t:s0-s0:c0.c1023", "t"},
        {"u:r:", NULL},
        {"u:r", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        char type[16];
        int r = context_type_copy(rows[i].context, type, sizeof(type));

        assert_int_equal(r, rows[i].type ? 0 : -EINVAL);
        if (rows[i].type)
            assert_string_equal(type, rows[i].type);
    }
    {
        char small[4];
        _cleanup_free_ char *other = context_with_type("u:r:old_t:s0:c1", "new_t");

        assert_int_equal(context_type_copy("u:r:httpd_t:s0", small, sizeof(small)), -ENOBUFS);
        assert_string_equal(other, "u:r:new_t:s0:c1");
        assert_null(context_with_type("nonsense", "t"));
    }
}

static void test_access(void **state _unused_)
{
    Access access = {}, copy = {};

    assert_int_equal(access_init(&access, "a:b:c", "", "file", "read"), -EINVAL);
    assert_null(access.source_context);
    assert_int_equal(access_init(&access, "a:b:c", "d:e:f", "file", "read"), 0);
    assert_int_equal(access_copy(&copy, &access), 0);
    assert_true(access_equal(&access, &copy));
    access_clear(&copy);
    assert_false(access_equal(&access, &copy));
    access_clear(&access);
}

static void test_copies_are_deep(void **state _unused_)
{
    char comm[] = "nginx", line[] = "a line";
    Denial denial = {.comm = comm, .pid = 7, .dest_port = 3000};
    Failure failure = {.line = line, .port = -1};
    _cleanup_free_ Denial *denial_copied = denial_copy(&denial);
    _cleanup_free_ Failure *failure_copied = failure_copy(&failure);

    comm[0] = line[0] = 'X';
    assert_string_equal(denial_copied->comm, "nginx");
    assert_null(denial_copied->path);
    assert_int_equal(denial_copied->dest_port, 3000);
    assert_string_equal(failure_copied->line, "a line");
    assert_int_equal(failure_copied->port, -1);
}

/* Into memory of the caller's, which it fills to the byte and never beyond. */
static void test_copy_into(void **state _unused_)
{
    const Failure failure = {.operation = "open", .target = "", .line = "a line", .port = -1};
    const size_t needed = sizeof("open") + sizeof("") + sizeof("a line");
    char text[64];
    Failure copy;
    size_t used = 0;

    memset(text, '#', sizeof(text));
    assert_false(failure_copy_into(&failure, &copy, text, needed - 1, &used));
    assert_int_equal(text[0], '#');
    assert_true(failure_copy_into(&failure, &copy, text, needed, &used));
    assert_int_equal(used, needed);
    assert_int_equal(text[needed], '#');
    assert_true(copy.operation >= text && copy.line + sizeof("a line") == text + needed);
    assert_string_equal(copy.operation, "open");
    assert_string_equal(copy.target, "");
    assert_string_equal(copy.line, "a line");
    assert_null(copy.request);
    assert_int_equal(copy.port, -1);
}

static void add_boolean(Plan *plan, const char *name, bool value)
{
    Action action = {.kind = ACTION_SET_BOOLEAN, .name = strdup(name), .value = value};

    assert_int_equal(plan_add_action(plan, &action), 0);
    assert_null(action.name);
}

static void test_commands(void **state _unused_)
{
    static char advice_1[] = "chmod o+x /srv", advice_2[] = "true";
    char *advice[] = {advice_1, advice_2, NULL};
    const struct {
        Action action;
        const char *command, *words;
    } rows[] = {
        {{.kind = ACTION_SET_BOOLEAN, .name = (char[]){"httpd_can_network_connect"}, .value = true},
         "setsebool -P httpd_can_network_connect on",
         "turn the SELinux boolean httpd_can_network_connect on, persistently"},
        {{.kind = ACTION_SET_PORT,
          .protocol = (char[]){"tcp"},
          .low = 3000,
          .high = 3000,
          .type = (char[]){"http_port_t"}},
         "semanage port -a -t http_port_t -p tcp 3000 || semanage port -m -t http_port_t -p tcp "
         "3000",
         "label tcp port 3000 as http_port_t"},
        {{.kind = ACTION_SET_FILE_CONTEXT,
          .regex = (char[]){"/srv/web(/.*)?"},
          .file_type = (char[]){"all"},
          .type = (char[]){"httpd_sys_content_t"}},
         "semanage fcontext -a -f a -t httpd_sys_content_t '/srv/web(/.*)?'",
         "label everything matching /srv/web(/.*)? as httpd_sys_content_t by default"},
        {{.kind = ACTION_RELABEL, .path = (char[]){"/srv/a b"}, .recursive = true},
         "restorecon -v -R -F '/srv/a b'",
         "restore the default SELinux label of /srv/a b and everything below it"},
        {{.kind = ACTION_INSTALL_MODULE,
          .name = (char[]){"m"},
          .cil = (char[]){"(type a_t)\n(roletype object_r a_t)\n"}},
         "printf '%s\\n' '(type a_t)' '(roletype object_r a_t)' >m.cil && semodule -i m.cil",
         "install the SELinux policy module m"},
        {{.kind = ACTION_RELOAD_NGINX},
         "nginx -t && systemctl reload-or-restart nginx",
         "test nginx's configuration and reload nginx"},
        {{.kind = ACTION_ADVISE, .text = (char[]){"open it"}, .commands = advice},
         "chmod o+x /srv && true",
         "open it"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *command = action_to_command(&rows[i].action);
        _cleanup_free_ char *words = action_to_words(&rows[i].action);

        assert_string_equal(command, rows[i].command);
        assert_string_equal(words, rows[i].words);
    }
    for (ActionKind kind = 0; kind < ACTION_KIND_COUNT; kind++) {
        ActionKind back;

        assert_int_equal(action_kind_from_string(action_kind_to_string(kind), &back), 0);
        assert_int_equal(back, kind);
    }
}

static void test_plan(void **state _unused_)
{
    Plan plan = {}, copy = {};

    add_boolean(&plan, "a", true);
    add_boolean(&plan, "b", false);
    assert_int_equal(plan_copy(&copy, &plan), 0);
    assert_true(plan_equal(&plan, &copy));
    copy.actions[1].value = true;
    assert_false(plan_equal(&plan, &copy));
    plan_clear(&copy);
    while (plan.n_actions < PLAN_ACTIONS_MAX)
        add_boolean(&plan, "c", true);
    {
        Action one_more = {.kind = ACTION_RELOAD_NGINX};

        assert_int_equal(plan_add_action(&plan, &one_more), -E2BIG);
    }
    plan_clear(&plan);
}

static void test_remember_is_bounded_and_distinct(void **state _unused_)
{
    char *list[3] = {};

    assert_int_equal(diagnosis_remember(list, 3, NULL), 0);
    assert_int_equal(diagnosis_remember(list, 3, ""), 0);
    assert_null(list[0]);
    for (const char *text = "abcabd"; *text; text++) {
        const char one[2] = {*text, '\0'};

        assert_int_equal(diagnosis_remember(list, 3, one), 0);
    }
    assert_string_equal(list[0], "b");
    assert_string_equal(list[1], "c");
    assert_string_equal(list[2], "d");
    for (size_t i = 0; i < 3; i++)
        free(list[i]);
}

/* A diagnosis with something in every member that JSON carries. */
static Diagnosis *full_diagnosis(void)
{
    Diagnosis *diagnosis = diagnosis_new();
    Access access = {};
    Fix fix = {
        .summary = strdup("turn it on"),
        .proven = true,
        .reversible = true,
        .exposure =
            {.known = true, .n_domains = 1, .n_types = 2, .ports_count = 3, .gains_total = 4},
    };

    assert_int_equal(
        access_init(&access, "u:r:httpd_t:s0", "u:r:ntop_port_t:s0", "tcp_socket", "name_connect"),
        0);
    diagnosis->id = strdup("0123456789abcdef");
    diagnosis->verdict = VERDICT_BLOCKED_BY_SELINUX;
    diagnosis->cause = CAUSE_BOOLEAN;
    diagnosis->summary = strdup("no");
    diagnosis->count = 51;
    diagnosis->first_seen_usec = UINT64_C(1795379754628000);
    diagnosis->target_kind = TARGET_PORT;
    diagnosis->port = 3000;
    diagnosis->protocol = strdup("tcp");
    diagnosis->analyzed = true;
    diagnosis->have_access = true;
    assert_int_equal(access_copy(&diagnosis->access, &access), 0);
    assert_int_equal(diagnosis_remember(diagnosis->servers, DIAGNOSIS_REQUESTS_MAX, "a.example"),
                     0);
    assert_int_equal(diagnosis_remember(diagnosis->servers, DIAGNOSIS_REQUESTS_MAX, "b.example"),
                     0);
    assert_int_equal(diagnosis_remember(diagnosis->notes, DIAGNOSIS_EVIDENCE_MAX, "note"), 0);
    add_boolean(&fix.plan, "httpd_can_network_connect", true);
    assert_int_equal(fix_add_proof(&fix, &access, false, true), 0);
    assert_int_equal(plan_add_access(&fix.plan, &access), 0);
    assert_int_equal(strv_append(&fix.exposure.domains, "httpd_t"), 0);
    assert_int_equal(strv_append(&fix.exposure.types, "a_port_t"), 0);
    fix.exposure.ports = calloc(2, sizeof(PortRange));
    fix.exposure.ports[0] = (PortRange){80, 80};
    fix.exposure.ports[1] = (PortRange){3000, 3001};
    fix.exposure.n_ports = 2;
    fix.breaks = calloc(1, sizeof(AccessChange));
    fix.n_breaks = 1;
    fix.breaks[0] = (AccessChange){
        .domain = strdup("ntop_t"),
        .target_type = strdup("ntop_port_t"),
        .target_class = strdup("tcp_socket"),
        .permissions = strdup("name_bind name_connect"),
    };
    assert_int_equal(diagnosis_add_fix(diagnosis, &fix), 0);
    assert_int_equal(diagnosis_add_refusal(diagnosis, "setsebool -P nis_enabled on", "too much"),
                     0);
    access_clear(&access);
    return diagnosis;
}

static void test_json_round_trip(void **state _unused_)
{
    Diagnosis *diagnosis = full_diagnosis(), *read = diagnosis_new();
    _cleanup_json_ json_object *object = NULL, *again = NULL;
    const char *text;

    assert_int_equal(diagnosis_to_json(diagnosis, &object), 0);
    assert_int_equal(diagnosis_read_analysis(read, object), 0);
    assert_true(read->analyzed);
    assert_int_equal(read->n_fixes, 1);
    assert_true(plan_equal(&read->fixes[0].plan, &diagnosis->fixes[0].plan));
    assert_int_equal(read->fixes[0].exposure.ports[1].high, 3001);
    assert_int_equal(read->fixes[0].n_breaks, 1);
    assert_string_equal(read->fixes[0].breaks[0].permissions, "name_bind name_connect");
    assert_string_equal(read->refusals[0].reason, "too much");
    assert_string_equal(read->notes[0], "note");

    /* The analysis part survives a second trip unchanged. */
    assert_int_equal(diagnosis_to_json(read, &again), 0);
    text = json_object_to_json_string(json_get(object, "fixes"));
    assert_string_equal(text, json_object_to_json_string(json_get(again, "fixes")));
    assert_string_equal(json_get_text(object, "first_seen"), "2026-11-22T20:35:54.628Z");
    assert_string_equal(json_get_text(json_get(object, "nginx"), "server"), "b.example");
    diagnosis_free(diagnosis);
    diagnosis_free(read);
}

static void test_hostile_json(void **state _unused_)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{\"verdict\":\"blocked-by-selinux\"}",
        "{\"verdict\":\"?\",\"cause\":\"none\",\"summary\":\"\",\"allowed_now\":true,"
        "\"analyzed\":true,\"notes\":[],\"fixes\":[],\"refused\":[]}",
        "{\"verdict\":\"undetermined\",\"cause\":\"none\",\"summary\":1,\"allowed_now\":true,"
        "\"analyzed\":true,\"notes\":[],\"fixes\":[],\"refused\":[]}",
        "{\"verdict\":\"undetermined\",\"cause\":\"none\",\"summary\":\"\",\"allowed_now\":true,"
        "\"analyzed\":true,\"notes\":[1],\"fixes\":[],\"refused\":[]}",
        "{\"verdict\":\"undetermined\",\"cause\":\"none\",\"summary\":\"\",\"allowed_now\":true,"
        "\"analyzed\":true,\"notes\":[],\"fixes\":[{\"summary\":\"\"}],\"refused\":[]}",
        "{\"verdict\":\"undetermined\",\"cause\":\"none\",\"summary\":\"\",\"allowed_now\":true,"
        "\"analyzed\":true,\"notes\":[],\"fixes\":[null],\"refused\":[]}",
    };

    for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
        Diagnosis *diagnosis = full_diagnosis();
        _cleanup_json_ json_object *object = json_tokener_parse(texts[i]);

        assert_non_null(object);
        assert_int_equal(diagnosis_read_analysis(diagnosis, object), -EBADMSG);
        assert_int_equal(diagnosis->n_fixes, 1); /* untouched */
        diagnosis_free(diagnosis);
    }
}

static void test_text_escapes(void **state _unused_)
{
    static const char text[] =
        "{\"id\":\"0123456789abcdef\",\"state\":\"open\",\"summary\":\"a\\u001b[2Jb\"}";
    _cleanup_json_ json_object *object = json_tokener_parse(text);
    const TextStyle style = {.details = true};
    _cleanup_free_ char *printed = NULL;
    size_t size;
    FILE *stream = open_memstream(&printed, &size);

    diagnosis_print(stream, object, &style);
    diagnosis_print_line(stream, object, &style);
    (void)fclose(stream);
    assert_null(strchr(printed, '\033'));
    assert_non_null(strstr(printed, "a\\x1b[2Jb"));
}

static void test_text_says_everything(void **state _unused_)
{
    static const char *const expected[] = {
        "01234567",  "blocked-by-selinux",
        "boolean",   "51 times",
        "b.example", "setsebool -P httpd_can_network_connect on",
        "3 ports",   "ntop_t loses ntop_port_t",
        "too much",  "denied before, allowed after",
    };
    Diagnosis *diagnosis = full_diagnosis();
    _cleanup_json_ json_object *object = NULL;
    const TextStyle style = {.details = true};
    _cleanup_free_ char *printed = NULL;
    size_t size;
    FILE *stream = open_memstream(&printed, &size);

    assert_int_equal(diagnosis_to_json(diagnosis, &object), 0);
    diagnosis_print(stream, object, &style);
    (void)fclose(stream);
    for (size_t i = 0; i < ELEMENTS_OF(expected); i++)
        if (!strstr(printed, expected[i]))
            fail_msg("\"%s\" is not in:\n%s", expected[i], printed);
    diagnosis_free(diagnosis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context_type),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_copies_are_deep),
        cmocka_unit_test(test_copy_into),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_remember_is_bounded_and_distinct),
        cmocka_unit_test(test_json_round_trip),
        cmocka_unit_test(test_hostile_json),
        cmocka_unit_test(test_text_escapes),
        cmocka_unit_test(test_text_says_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
