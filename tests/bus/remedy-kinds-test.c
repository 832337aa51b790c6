/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports, modules, file contexts and labels, on a scratch store: applied, refused, taken back. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "tests/bus/remedy-plans.h"
#include "tests/unit/test.h"

/* --- ports -------------------------------------------------------------------- */

static void test_port(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome first, second;

    assert_string_equal(plan_check_text(fixture, "State", 1, PORT(3000, "http_port_t")),
                        "local=none policy=ntop_port_t:3000-3001");
    first = plan_apply(fixture, 1, PORT(3000, "http_port_t"));
    assert_unverified(first);
    assert_true(file_has(fixture, ACTIVE "ports.local", "http_port_t"));
    assert_has(plan_check_text(fixture, "State", 1, PORT(3000, "http_port_t")),
               "local=system_u:object_r:http_port_t:s0 policy=ntop_port_t:3000-3001");

    /* The record that an earlier change made is what a later one's revert brings back. */
    second = plan_apply(fixture, 1, PORT(3000, "http_cache_port_t"));
    assert_unverified(second);
    assert_false(file_has(fixture, ACTIVE "ports.local", "http_port_t"));
    assert_unverified(fixture_revert(fixture, second.change_id));
    assert_true(file_has(fixture, ACTIVE "ports.local", "http_port_t"));
    assert_unverified(fixture_revert(fixture, first.change_id));
    assert_false(file_has(fixture, ACTIVE "ports.local", "3000"));
    assert_int_equal(fixture_store_hash(fixture), before);
}

static void test_port_refusals(void **state)
{
    Fixture *fixture = *state;
    JobOutcome outcome;

    assert_has(plan_check_text(fixture, "Refusal", 1, PORT(3000, "no_such_port_t")), "no type");
    assert_has(plan_check_text(fixture, "Refusal", 1, PORT(3000, "httpd_sys_content_t")),
               "not a type for ports");
    assert_has(plan_check_text(fixture, "Refusal", 1, PORT(22, "http_port_t")),
               "system service (ssh_port_t)");

    outcome = plan_apply(fixture, 1, "set-port", 4, "protocol", "s", "tcp", "low", "q", 7000,
                         "high", "q", 7003, "type", "s", "http_port_t");
    assert_unverified(outcome);
    assert_has(plan_check_text(fixture, "Refusal", 1, PORT(7001, "http_port_t")),
               "7000-7003 overlaps");
    /* Seen under the lock too, whatever was asked before. */
    assert_string_equal(plan_apply(fixture, 1, PORT(7001, "http_port_t")).result, "refused");
    assert_unverified(fixture_revert(fixture, outcome.change_id));
}

/* --- modules ------------------------------------------------------------------ */

static void apply_and_revert_combined(Fixture *fixture)
{
    JobOutcome outcome = plan_apply(fixture, 3, MODULE("selguard_tcp_3000", OWN_TYPE),
                                    PORT(3000, "selguard_tcp_3000_port_t"), "set-boolean", 2,
                                    "name", "s", BOOL_A, "value", "b", 1);

    assert_unverified(outcome);
    assert_true(there_is(fixture, ACTIVE "modules/400/selguard_tcp_3000"));
    assert_true(file_has(fixture, ACTIVE "ports.local", "selguard_tcp_3000_port_t"));
    assert_true(file_has(fixture, ACTIVE "booleans.local", BOOL_A "=1"));
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_false(there_is(fixture, ACTIVE "modules/400/selguard_tcp_3000"));
    assert_false(file_has(fixture, ACTIVE "ports.local", "3000"));
}

static void test_combined(void **state)
{
    Fixture *fixture = *state;
    uint64_t before;

    /* Once all modules were built anew the policy is written in another order than the
     * package's first build; from then on equal is equal. */
    apply_and_revert_combined(fixture);
    before = fixture_store_hash(fixture);
    apply_and_revert_combined(fixture);
    assert_int_equal(fixture_store_hash(fixture), before);
}

static void test_earlier_module_comes_back(void **state)
{
    static const char first_text[] = "(allow httpd_t ntop_port_t (tcp_socket (name_connect)))";
    static const char second_text[] = "(allow httpd_t ntop_port_t (udp_socket (name_bind)))";
    Fixture *fixture = *state;
    JobOutcome first = plan_apply(fixture, 1, MODULE("selguard_x", first_text)), second;
    char before[2048];

    assert_unverified(first);
    (void)snprintf(before, sizeof(before), "%s",
                   plan_check_text(fixture, "State", 1, MODULE("selguard_x", second_text)));
    assert_string_not_equal(before, "module=none");
    second = plan_apply(fixture, 1, MODULE("selguard_x", second_text));
    assert_unverified(second);
    assert_string_not_equal(plan_check_text(fixture, "State", 1, MODULE("selguard_x", second_text)),
                            before);
    assert_unverified(fixture_revert(fixture, second.change_id));
    assert_string_equal(plan_check_text(fixture, "State", 1, MODULE("selguard_x", second_text)),
                        before);
    assert_unverified(fixture_revert(fixture, first.change_id));
    assert_string_equal(plan_check_text(fixture, "State", 1, MODULE("selguard_x", second_text)),
                        "module=none");
}

static void test_module_refusals(void **state)
{
    static const struct {
        const char *cil;
        const char *refusal;
    } rows[] = {
        {"(allow httpd_t shadow_t (file (read open)))", "holds secrets"},
        {"(allow httpd_t no_such_t (file (read)))", "no type"},
        {"(allow httpd_t domain (unix_stream_socket (connectto)))", "no type"},
        {"(allow initrc_t httpd_t (tcp_socket (read)))", "not to initrc_t"},
        {"(type selguard_x_t)(roletype object_r selguard_x_t)"
         "(typeattributeset file_type (selguard_x_t))"
         "(allow httpd_t selguard_x_t (file (read)))",
         "not a type for ports"},
        {"(type selguard_x_t)(roletype object_r selguard_x_t)"
         "(typeattributeset port_type (selguard_x_t))(typeattributeset file_type (selguard_x_t))"
         "(allow httpd_t selguard_x_t (tcp_socket (name_connect)))",
         "not an attribute that ports alone have"},
    };
    Fixture *fixture = *state;

    assert_string_equal(
        plan_check_text(
            fixture, "Refusal", 1,
            MODULE("selguard_x", "(allow httpd_t initrc_t (unix_stream_socket (connectto)))")),
        "");
    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        assert_has(plan_check_text(fixture, "Refusal", 1, MODULE("selguard_x", rows[i].cil)),
                   rows[i].refusal);
}

/* Who may use the port today may keep it with its new type; nobody else gets it along the way. */
static void test_port_owners(void **state)
{
    Fixture *fixture = *state;
    const char *keeps = OWN_TYPE "(allow ntop_t selguard_tcp_3000_port_t (tcp_socket "
                                 "(name_bind name_connect)))\n";
    const char *gains = OWN_TYPE "(allow redis_t selguard_tcp_3000_port_t (tcp_socket "
                                 "(name_connect)))\n";

    assert_string_equal(plan_check_text(fixture, "Refusal", 2, MODULE("selguard_tcp_3000", keeps),
                                        PORT(3000, "selguard_tcp_3000_port_t")),
                        "");
    assert_has(plan_check_text(fixture, "Refusal", 2, MODULE("selguard_tcp_3000", gains),
                               PORT(3000, "selguard_tcp_3000_port_t")),
               "redis_t may not use the port today");
    /* Without a port there is nothing to keep. */
    assert_has(plan_check_text(fixture, "Refusal", 1, MODULE("selguard_tcp_3000", keeps)),
               "ntop_t may not use the port today");
}

/* --- files -------------------------------------------------------------------- */

static void test_rule_and_labels(void **state)
{
    Fixture *fixture = *state;
    uint64_t before = fixture_store_hash(fixture);
    JobOutcome outcome;

    (void)mkdir(harness_path(&fixture->harness, "root/opt"), 0755);
    (void)mkdir(harness_path(&fixture->harness, "root/opt/shop"), 0755);
    (void)mkdir(harness_path(&fixture->harness, "root/opt/shop/img"), 0755);
    make_file(fixture, "root/opt/shop/img/a.png");
    make_file(fixture, "root/opt/outside");
    if (symlink("../outside", harness_path(&fixture->harness, "root/opt/shop/link")) < 0)
        fail();
    if (!put_label(fixture, "root/opt/shop", OLD_LABEL))
        skip(); /* labels cannot be set on this file system */
    assert_true(put_label(fixture, "root/opt/shop/img", OLD_LABEL));
    assert_true(put_label(fixture, "root/opt/shop/img/a.png", "u:object_r:var_t:s0"));
    assert_true(put_label(fixture, "root/opt/shop/link", OLD_LABEL));
    assert_true(put_label(fixture, "root/opt/outside", OLD_LABEL));

    assert_has(plan_check_text(fixture, "State", 1, RELABEL("/opt/shop", 1)),
               "label=" OLD_LABEL " default=");
    outcome = plan_apply(fixture, 2, RULE("/opt/shop(/.*)?", "httpd_sys_content_t"),
                         RELABEL("/opt/shop", 1));
    assert_unverified(outcome);
    assert_has(outcome.phases, "committing relabeling");
    assert_true(file_has(fixture, ACTIVE "file_contexts.local", "/opt/shop(/.*)?    " NEW_LABEL) ||
                file_has(fixture, ACTIVE "file_contexts.local", NEW_LABEL));
    assert_string_equal(label_of(fixture, "root/opt/shop"), NEW_LABEL);
    assert_string_equal(label_of(fixture, "root/opt/shop/img/a.png"), NEW_LABEL);
    assert_string_equal(label_of(fixture, "root/opt/shop/link"), NEW_LABEL);
    assert_string_equal(label_of(fixture, "root/opt/outside"), OLD_LABEL);

    /* What somebody labelled since is not ours to put back. */
    assert_true(put_label(fixture, "root/opt/shop/img", "u:object_r:etc_t:s0"));
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_false(file_has(fixture, ACTIVE "file_contexts.local", "/opt/shop"));
    assert_string_equal(label_of(fixture, "root/opt/shop"), OLD_LABEL);
    assert_string_equal(label_of(fixture, "root/opt/shop/img"), "u:object_r:etc_t:s0");
    assert_string_equal(label_of(fixture, "root/opt/shop/img/a.png"), "u:object_r:var_t:s0");
    assert_string_equal(label_of(fixture, "root/opt/shop/link"), OLD_LABEL);
    assert_int_equal(fixture_store_hash(fixture), before);
}

static void test_file_refusals(void **state)
{
    Fixture *fixture = *state;

    assert_has(plan_check_text(fixture, "Refusal", 1, RULE("/opt/x(/.*)?", "no_such_t")),
               "no type");
    assert_has(plan_check_text(fixture, "Refusal", 1, RULE("/opt/x(/.*)?", "http_port_t")),
               "not a type for files");
    assert_has(plan_check_text(fixture, "Refusal", 1, RULE("/opt/x(/.*)?", "shadow_t")),
               "holds secrets");
    assert_has(plan_check_text(fixture, "Refusal", 1, RULE("/etc/shadow", "httpd_sys_content_t")),
               "belongs to the system");
    assert_has(plan_check_text(fixture, "Refusal", 1, RELABEL("/opt/nothing-here", 0)),
               "there is no");

    (void)mkdir(harness_path(&fixture->harness, "root/opt"), 0755);
    if (symlink("/etc", harness_path(&fixture->harness, "root/opt/way")) < 0)
        fail();
    assert_has(plan_check_text(fixture, "Refusal", 1, RELABEL("/opt/way/passwd", 0)),
               "symbolic link");
    make_file(fixture, "root/opt/secret");
    if (put_label(fixture, "root/opt/secret", "system_u:object_r:shadow_t:s0"))
        assert_has(plan_check_text(fixture, "Refusal", 1, RELABEL("/opt/secret", 0)),
                   "holds secrets");
}

static void test_equivalence(void **state)
{
    Fixture *fixture = *state;
    JobOutcome outcome;

    assert_string_equal(
        plan_check_text(fixture, "State", 1, RULE("/run/lock/shop(/.*)?", "httpd_sys_content_t")),
        "local=none as=/var/lock/shop(/.*)?");
    outcome = plan_apply(fixture, 1, RULE("/run/lock/shop(/.*)?", "httpd_sys_content_t"));
    assert_unverified(outcome);
    assert_true(file_has(fixture, ACTIVE "file_contexts.local", "/var/lock/shop"));
    assert_unverified(fixture_revert(fixture, outcome.change_id));
    assert_false(file_has(fixture, ACTIVE "file_contexts.local", "/var/lock/shop"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_port, fixture_reset),
        cmocka_unit_test_setup(test_port_refusals, fixture_reset),
        cmocka_unit_test_setup(test_combined, fixture_reset),
        cmocka_unit_test_setup(test_earlier_module_comes_back, fixture_reset),
        cmocka_unit_test_setup(test_module_refusals, fixture_reset),
        cmocka_unit_test_setup(test_port_owners, fixture_reset),
        cmocka_unit_test_setup(test_rule_and_labels, fixture_reset),
        cmocka_unit_test_setup(test_file_refusals, fixture_reset),
        cmocka_unit_test_setup(test_equivalence, fixture_reset),
    };

    if (!harness_possible(/* need_store= */ true))
        return HARNESS_SKIP;
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
