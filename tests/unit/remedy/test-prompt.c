/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/prompt.h"
#include "tests/unit/test.h"

static void add_boolean(Plan *plan, const char *name, bool value)
{
    Action action = {.kind = ACTION_SET_BOOLEAN, .name = strdup(name), .value = value};

    assert_int_equal(plan_add_action(plan, &action), 0);
}

static void test_short(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *apply = NULL;
    _cleanup_free_ char *revert = NULL;
    _cleanup_free_ char *commands = NULL;

    add_boolean(&plan, "httpd_a", true);
    add_boolean(&plan, "httpd_b", false);
    apply = prompt_apply(&plan);
    revert = prompt_revert(&plan, 12);
    commands = prompt_commands(&plan);
    assert_string_equal(apply,
                        "Authentication is required to turn the SELinux boolean httpd_a on, "
                        "persistently; and to turn the SELinux boolean httpd_b off, persistently.");
    assert_string_equal(revert,
                        "Authentication is required to undo change 12, which was to turn the "
                        "SELinux boolean httpd_a on, persistently; and to turn the SELinux boolean "
                        "httpd_b off, persistently.");
    assert_string_equal(commands, "setsebool -P httpd_a on; setsebool -P httpd_b off");
}

/* What does not fit is not kept from the person: it is counted. */
static void test_long(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    _cleanup_free_ char *text = NULL;
    size_t shown = 0;
    unsigned long more;
    const char *at;

    for (unsigned i = 0; i < PLAN_ACTIONS_MAX; i++) {
        _cleanup_free_ char *name = format_string("httpd_%03u", i);

        add_boolean(&plan, name, true);
    }
    text = prompt_apply(&plan);
    assert_in_range(strlen(text), REMEDY_PROMPT_MAX / 2, REMEDY_PROMPT_MAX + 64);
    for (const char *p = text; (p = strstr(p, "boolean httpd_")); p++)
        shown++;
    at = strstr(text, "… and ");
    assert_non_null(at);
    more = strtoul(at + strlen("… and "), NULL, 10);
    assert_non_null(strstr(at, " more."));
    assert_int_equal(shown + more, PLAN_ACTIONS_MAX);
}

/* A module's name could say anything. */
static void test_module(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    Action action = {
        .kind = ACTION_INSTALL_MODULE,
        .name = strdup("selguard_x"),
        .cil = strdup("(allow httpd_t initrc_t (unix_stream_socket (connectto)))"
                      "(allow httpd_t a_t (file (read open)))"),
    };
    _cleanup_free_ char *text = NULL;

    assert_int_equal(plan_add_action(&plan, &action), 0);
    text = prompt_apply(&plan);
    assert_string_equal(text, "Authentication is required to install the SELinux policy module "
                              "selguard_x, which allows httpd_t to connectto on initrc_t "
                              "(unix_stream_socket), httpd_t to read open on a_t (file).");
}

static void test_polkit_actions(void **state _unused_)
{
    _cleanup_(plan_clear) Plan plan = {0};
    Action relabel = {.kind = ACTION_RELABEL, .path = strdup("/srv")};
    Action advise = {.kind = ACTION_ADVISE, .text = strdup("x")};
    _cleanup_free_ const char **list = NULL;

    assert_int_equal(plan_add_action(&plan, &relabel), 0);
    add_boolean(&plan, "httpd_a", true);
    add_boolean(&plan, "httpd_b", true);
    assert_int_equal(plan_add_action(&plan, &advise), 0);
    list = prompt_polkit_actions(&plan);
    assert_non_null(list);
    assert_string_equal(list[0], "org.selguard.remedy1.set-boolean");
    assert_string_equal(list[1], "org.selguard.remedy1.relabel");
    assert_null(list[2]);
    assert_null(prompt_polkit_action(ACTION_ADVISE));
    /* Every kind but advice has one: a plan must never be asked about with an empty list. */
    for (size_t kind = 0; kind < ACTION_KIND_COUNT; kind++)
        if (kind != ACTION_ADVISE)
            assert_non_null(prompt_polkit_action((ActionKind)kind));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_module),
        cmocka_unit_test(test_polkit_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
