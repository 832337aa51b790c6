/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/macro.h"
#include "daemon/remedy/pre-approval.h"
#include "tests/unit/test.h"

static PreApproval rules[] = {
    {(char *)"/srv/www", (char *)"1000"},
    {(char *)"/opt/shop", (char *)"root"},
    {(char *)"/opt/shop/img", (char *)"no-such-user-here"},
};
static const Config config = {.pre_approved = rules, .n_pre_approved = ELEMENTS_OF(rules)};

static void test_rules(void **state _unused_)
{
    static const struct {
        const char *path;
        uid_t uid;
        const char *rule;
    } rows[] = {
        {"/srv/www", 1000, "PreApproved=relabel /srv/www 1000"},
        {"/srv/www/a/b", 1000, "PreApproved=relabel /srv/www 1000"},
        {"/srv/wwwx", 1000, NULL},
        {"/srv", 1000, NULL},
        {"/srv/www", 1001, NULL},
        {"/opt/shop/img", 0, "PreApproved=relabel /opt/shop root"},
        {"/opt/shop/img", 1000, NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        Action action = {.kind = ACTION_RELABEL, .path = (char *)rows[i].path};
        const Plan plan = {.actions = &action, .n_actions = 1};
        char *rule = pre_approval_find(&config, &plan, rows[i].uid);

        if (rows[i].rule)
            assert_string_equal(rule, rows[i].rule);
        else
            assert_null(rule);
        free(rule);
    }
}

/* All of a plan, or a person is asked about all of it. */
static void test_whole_plan(void **state _unused_)
{
    Action actions[] = {
        {.kind = ACTION_RELABEL, .path = (char *)"/srv/www/a"},
        {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_x", .value = true},
    };
    Plan plan = {.actions = actions, .n_actions = 2};

    assert_null(pre_approval_find(&config, &plan, 1000));
    plan.n_actions = 0;
    assert_null(pre_approval_find(&config, &plan, 1000));
    assert_null(pre_approval_find(NULL, &plan, 1000));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_whole_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
