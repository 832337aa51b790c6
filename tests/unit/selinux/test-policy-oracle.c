/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our decisions against libsepol's own, for questions drawn at random and ones
 * like real denials, with booleans as they are and as they might be. The policies
 * are the project's own, and the distribution's where one is installed.
 */
#include "tests/unit/selinux/policy-helper.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/selinux/security-context.h"
#include "tests/policy/draw.h"
#include "tests/unit/selinux/policy-oracle.h"

/* Contexts per assignment of the booleans, and assignments. Each context pair asks for
 * every permission of a class: some twenty questions. */
#define PAIRS       400u
#define ASSIGNMENTS 12u

typedef struct Totals {
    unsigned questions;
    unsigned allowed;
    unsigned silent;
    unsigned by_constraint;
    unsigned by_role;
    unsigned by_bounds;
    unsigned by_condition;
} Totals;

static bool compare_validity(const Policy *policy, const char *text, void *userdata)
{
    SecurityContext context = {};
    int status = security_context_parse(policy, /* hypothesis= */ NULL, text, &context);
    bool valid = oracle_is_valid(text);

    if ((status == CONTEXT_OK) != valid)
        print_error("%s: we say %d, libsepol says %s\n", text, status, valid ? "valid" : "invalid");
    assert_int_equal(status == CONTEXT_OK, valid);
    security_context_clear(&context);
    return valid;
}

static void report(const Draw *draw, const DecidePermission *permission, const char *what)
{
    print_error("%s: %s %s %s %s: we say %s (%#x)\n", what, draw->source, draw->target,
                policy_class_name(draw->policy, draw->class), permission->name,
                permission->allowed ? "allowed" : "denied", permission->blocks);
}

/* The oracle stops at the first layer that denies; ours names each. */
static bool reasons_agree(unsigned theirs, unsigned ours)
{
    if (theirs & ORACLE_RULES)
        return (ours & (BLOCK_NO_RULE | BLOCK_CONDITION)) != 0;
    if (ours & (BLOCK_NO_RULE | BLOCK_CONDITION))
        return false;
    if (theirs & ORACLE_CONSTRAINTS)
        return (ours & BLOCK_CONSTRAINT) != 0;
    if (theirs & ORACLE_ROLES)
        return (ours & BLOCK_ROLE_TRANSITION) != 0;
    return (ours & BLOCK_BOUNDS) != 0;
}

static void count(Totals *totals, const DecidePermission *permission)
{
    totals->questions++;
    totals->allowed += permission->allowed;
    totals->silent += permission->dontaudit;
    totals->by_constraint += (permission->blocks & BLOCK_CONSTRAINT) != 0;
    totals->by_role += (permission->blocks & BLOCK_ROLE_TRANSITION) != 0;
    totals->by_bounds += (permission->blocks & BLOCK_BOUNDS) != 0;
    totals->by_condition += (permission->blocks & BLOCK_CONDITION) != 0;
}

static void compare(const Draw *draw, const Hypothesis *hypothesis, Totals *totals)
{
    uint32_t all = policy_class_permissions(draw->policy, draw->class);
    _cleanup_free_ char *names = policy_permissions_to_string(draw->policy, draw->class, all);
    Access access = make_access(draw->source, draw->target,
                                policy_class_name(draw->policy, draw->class), names);
    Decision decision = {};

    if (all == 0)
        return;
    assert_int_equal(decide_access(hypothesis, &access, &decision), 0);
    if (decision.status != DECIDE_OK)
        print_error("%s\n", decision.problem);
    assert_int_equal(decision.status, DECIDE_OK);

    for (size_t i = 0; i < decision.n_permissions; i++) {
        const DecidePermission *permission = &decision.permissions[i];
        uint32_t bit = policy_find_permission(draw->policy, draw->class, permission->name);
        uint32_t allowed = 0, audited = 0;
        unsigned reason = 0;
        Access one = make_access(draw->source, draw->target, access.target_class, permission->name);

        assert_true(oracle_compute(draw->source, draw->target, draw->class, bit, &allowed, &audited,
                                   &reason));
        if (permission->allowed != ((allowed & bit) != 0))
            report(draw, permission, "verdict");
        assert_int_equal(permission->allowed, (allowed & bit) != 0);
        assert_int_equal(decide_is_allowed(hypothesis, &one), permission->allowed);
        if (!permission->allowed) {
            if (permission->dontaudit != !(audited & bit))
                report(draw, permission, "dontaudit");
            assert_int_equal(permission->dontaudit, !(audited & bit));
            if (!reasons_agree(reason, permission->blocks))
                report(draw, permission, "reason");
            assert_true(reasons_agree(reason, permission->blocks));
        }
        count(totals, permission);
    }
    decision_clear(&decision);
}

static void shuffle_booleans(Draw *draw, Hypothesis *hypothesis)
{
    for (uint32_t boolean = 1; boolean <= policy_n_booleans(draw->policy); boolean++) {
        bool value = draw_number(draw, 2) != 0;

        assert_int_equal(hypothesis_set_boolean_value(hypothesis, boolean, value), 0);
        assert_true(oracle_set_boolean(policy_boolean_name(draw->policy, boolean), value));
    }
}

static Totals compare_policy(const char *path)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(path);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Draw draw = {.policy = policy, .random = 0xc0ffee, .is_valid = compare_validity};
    Totals totals = {};

    assert_non_null(hypothesis);
    assert_true(oracle_load(path));
    for (unsigned assignment = 0; assignment < ASSIGNMENTS; assignment++) {
        if (assignment > 0)
            shuffle_booleans(&draw, hypothesis);
        for (unsigned pair = 0; pair < PAIRS; pair++) {
            if (pair % 3 == 0)
                draw_any(&draw);
            else
                draw_like_denial(&draw);
            compare(&draw, hypothesis, &totals);
        }
    }
    oracle_unload();
    print_message("%s: %u questions, %u allowed, %u silent, denied by condition %u, constraint %u, "
                  "role %u, bounds %u\n",
                  path, totals.questions, totals.allowed, totals.silent, totals.by_condition,
                  totals.by_constraint, totals.by_role, totals.by_bounds);
    return totals;
}

static void test_own_policies(void **state)
{
    static const char *const paths[] = {POLICY_FEDORA, POLICY_REFPOLICY, POLICY_PLAIN, POLICY_OLD};

    for (size_t i = 0; i < ELEMENTS_OF(paths); i++) {
        Totals totals = compare_policy(paths[i]);

        assert_true(totals.questions >= 10000);
        /* The draw must reach every kind of answer, or the agreement says little. */
        assert_true(totals.allowed > 300);
        assert_true(totals.silent > 0);
        assert_true(totals.by_condition > 100);
        assert_true(totals.by_constraint > 0);
        assert_true(totals.by_bounds > 0);
    }
}

static void test_installed_policies(void **state)
{
    glob_t found = {};

    if (glob("/etc/selinux/*/policy/policy.*", 0, NULL, &found) != 0) {
        print_message("no policy is installed (Debian: selinux-policy-default): skipped\n");
        skip();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Totals totals = compare_policy(found.gl_pathv[i]);

        assert_true(totals.questions >= 10000);
        assert_true(totals.allowed > 1000);
        assert_true(totals.by_constraint > 100);
        assert_true(totals.by_condition > 100);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_policies),
        cmocka_unit_test(test_installed_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
