/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a site's selguard.conf forbids and lets happen. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

/* The service reads its configuration once. */
static void configure(Fixture *fixture, const char *text)
{
    FILE *file;

    fixture_stop_remedy(fixture);
    file = fopen(harness_path(&fixture->harness, "selguard.conf"), "we");
    assert_non_null(file);
    assert_true(fprintf(file, "[remedy]\n%s", text) > 0);
    assert_int_equal(fclose(file), 0);
    fixture_start_remedy(fixture, NULL);
}

static int reset(void **state)
{
    Fixture *fixture = *state;
    int r = fixture_reset(state);

    fixture_stop_remedy(fixture);
    fixture_start_remedy(fixture, NULL);
    return r;
}

static void test_kinds_and_types(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);

    configure(fixture, "AllowedActions=set-port relabel\nDeniedTypes=http_cache_* *_script_t\n");
    assert_has(plan_refusal(fixture->root, 1, BOOLEAN(BOOL_A, 1)), "does not permit set-boolean");
    assert_has(plan_trial_refusal(fixture->root, 60, 1, BOOLEAN(BOOL_A, 1)),
               "does not permit set-boolean");
    assert_has(plan_refusal(fixture->root, 2, PORT(3000, "http_port_t"), RELOAD),
               "Action 1: the site does not permit reload-nginx");
    assert_has(plan_refusal(fixture->root, 1, PORT(3000, "http_cache_port_t")),
               "does not permit http_cache_port_t (DeniedTypes=)");

    configure(fixture, "DeniedTypes=ntop_port_t\n");
    assert_has(plan_refusal(
                   fixture->root, 1,
                   MODULE("selguard_x", "(allow httpd_t ntop_port_t (tcp_socket (name_connect)))")),
               "does not permit ntop_port_t");
    assert_int_equal(fixture_store_hash(fixture), before);
}

/* The figure is the service's own, over the policy of the store. */
static void test_exposure(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome;

    configure(fixture, "MaximumPorts=10\n");
    assert_has(plan_check_text(fixture, "Refusal", 1, BOOLEAN(BOOL_A, 1)), "(MaximumPorts=)");
    /* What nobody looked at before is looked at under the lock. */
    outcome = plan_apply(fixture, 1, BOOLEAN(BOOL_A, 1));
    assert_string_equal(outcome.result, "refused");
    assert_has(outcome.message, "and the site permits 10 (MaximumPorts=)");
    assert_int_equal(fixture_store_hash(fixture), before);

    /* One port with a type of its own is one port. */
    configure(fixture, "MaximumPorts=1\nMaximumDomains=1\n");
    assert_string_equal(plan_check_text(fixture, "Refusal", 2,
                                        MODULE("selguard_tcp_3000", OWN_TYPE),
                                        PORT(3000, "selguard_tcp_3000_port_t")),
                        "");
    configure(fixture, "MaximumAccesses=0\n");
    assert_has(plan_check_text(fixture, "Refusal", 1,
                               MODULE("selguard_x",
                                      "(allow httpd_t initrc_t (unix_stream_socket (connectto)))")),
               "opens 1 accesses, and the site permits 0");
}

static void test_exposure_of_labels(void **state)
{
    Fixture *fixture = *state;

    (void)mkdir(harness_path(&fixture->harness, "root/opt"), 0755);
    (void)mkdir(harness_path(&fixture->harness, "root/opt/shop"), 0755);
    if (!put_label(fixture, "root/opt/shop", "system_u:object_r:var_lib_t:s0"))
        skip();
    configure(fixture, "MaximumDomains=0\n");
    assert_has(plan_check_text(fixture, "Refusal", 2,
                               RULE("/opt/shop(/.*)?", "httpd_sys_content_t"),
                               RELABEL("/opt/shop", 1)),
               "(MaximumDomains=)");
}

#define USR_LABEL "system_u:object_r:usr_t:s0"

/* Nobody is asked, and it is on record that a rule did it. */
static void test_pre_approved(void **state)
{
    Fixture *fixture = *state;
    sd_bus_message *call = NULL, *reply = NULL;
    const char *job;
    JobOutcome outcome;

    (void)mkdir(harness_path(&fixture->harness, "root/srv"), 0755);
    (void)mkdir(harness_path(&fixture->harness, "root/srv/shop"), 0755);
    make_file(fixture, "root/srv/shop/a");
    if (!put_label(fixture, "root/srv/shop/a", USR_LABEL))
        skip();
    fixture_set_answer(fixture, "", "no");
    assert_has(plan_refusal(fixture->nobody, 1, RELABEL("/srv/shop/a", 0)), "AccessDenied");

    configure(fixture, "PreApproved=relabel /srv/shop nobody\n");
    fixture_set_answer(fixture, "", "no");
    assert_has(plan_refusal(fixture->nobody, 1, RELABEL("/srv/shop2", 0)), "AccessDenied");
    assert_has(plan_refusal(fixture->nobody, 1, BOOLEAN(BOOL_A, 1)), "AccessDenied");
    assert_has(plan_refusal(fixture->nobody, 2, RELABEL("/srv/shop/a", 0), BOOLEAN(BOOL_A, 1)),
               "AccessDenied");
    assert_has(plan_refusal(fixture->root, 1, RELABEL("/srv/shop/a", 0)), "AccessDenied");
    assert_has(plan_trial_refusal(fixture->nobody, 60, 1, RELABEL("/srv/shop/a", 0)),
               "AccessDenied");
    assert_string_equal(label_of(fixture, "root/srv/shop/a"), USR_LABEL);

    assert_true(sd_bus_match_signal(fixture->nobody, NULL, REMEDY, NULL, NULL, NULL, NULL, NULL) >=
                0);
    assert_true(sd_bus_message_new_method_call(fixture->nobody, &call, REMEDY,
                                               "/org/selguard/Remedy1", MANAGER, "Apply") >= 0);
    assert_true(sd_bus_message_append(call, "a(sa{sv})a{sv}", 1, RELABEL("/srv/shop/a", 0), 0) >=
                0);
    assert_true(sd_bus_call(fixture->nobody, call, 0, NULL, &reply) >= 0);
    assert_true(sd_bus_message_read(reply, "o", &job) > 0);
    outcome = fixture_wait_job(fixture->nobody, job);
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    assert_unverified(outcome);
    assert_string_not_equal(label_of(fixture, "root/srv/shop/a"), USR_LABEL);
    fixture_set_answer(fixture, "", "yes");
    assert_string_equal(fixture_change(fixture, outcome.change_id, "Approval"),
                        "PreApproved=relabel /srv/shop nobody");
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_string_equal(label_of(fixture, "root/srv/shop/a"), USR_LABEL);
}

/* Rules that are not understood let nothing happen at all. */
static void test_broken_rules(void **state)
{
    static const char *const rules[] = {
        "PreApproved=relabel /srv\n",
        "PreApproved=set-boolean httpd_x nobody\n",
        "PreApproved=relabel srv nobody\n",
        "PreApproved=relabel / nobody\n",
        "PreApproved=relabel /srv/../etc nobody\n",
        "PreApproved=relabel /srv nobody more\n",
        "AllowedActions=set-everything\n",
        "MaximumPorts=many\n",
    };
    Fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS_OF(rules); i++) {
        configure(fixture, rules[i]);
        assert_has(plan_refusal(fixture->root, 1, PORT(3000, "http_port_t")),
                   "The site's rules cannot be read");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_kinds_and_types, reset),
        cmocka_unit_test_setup(test_exposure, reset),
        cmocka_unit_test_setup(test_exposure_of_labels, reset),
        cmocka_unit_test_setup(test_pre_approved, reset),
        cmocka_unit_test_setup(test_broken_rules, reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
