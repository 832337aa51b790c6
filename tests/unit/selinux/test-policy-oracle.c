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

typedef struct Draw {
    const Policy *policy;
    uint64_t random;
    char source[256];
    char target[256];
    uint32_t class;
} Draw;

static uint32_t draw_number(Draw *draw, uint32_t below)
{
    return next_random(&draw->random) % below;
}

static uint32_t draw_type(Draw *draw, const char *attribute)
{
    uint32_t value = attribute ? policy_find_attribute(draw->policy, attribute) : 0;

    if (value != 0 && policy_types_of(draw->policy, value).n > 0) {
        PolicySpan members = policy_types_of(draw->policy, value);

        return members.values[draw_number(draw, (uint32_t)members.n)];
    }
    for (;;) {
        uint32_t type = 1 + draw_number(draw, policy_n_types(draw->policy));

        if (policy_type_name(draw->policy, type) && !policy_type_is_attribute(draw->policy, type))
            return type;
    }
}

static const char *draw_range(Draw *draw, bool ranged)
{
    static const char *const levels[] = {"s0", "s0:c1", "s0:c0.c3", "s0:c1,c5"};
    static const char *const ranges[] = {"s0-s0:c0.c7", "s0:c1-s0:c1,c5", "s0-s0:c2"};

    if (!policy_is_mls(draw->policy))
        return NULL;
    return ranged && draw_number(draw, 2) ? ranges[draw_number(draw, ELEMENTS_OF(ranges))]
                                          : levels[draw_number(draw, ELEMENTS_OF(levels))];
}

static void write_context(Draw *draw, char *text, const char *user, const char *role, uint32_t type,
                          bool ranged)
{
    const char *range = draw_range(draw, ranged);

    (void)snprintf(text, sizeof(draw->source), "%s:%s:%s%s%s", user, role,
                   policy_type_name(draw->policy, type), range ? ":" : "", range ? range : "");
}

static void compare_validity(const Draw *draw, const char *text)
{
    SecurityContext context = {};
    int status = security_context_parse(draw->policy, /* hypothesis= */ NULL, text, &context);
    bool valid = oracle_is_valid(text);

    if ((status == CONTEXT_OK) != valid)
        print_error("%s: we say %d, libsepol says %s\n", text, status, valid ? "valid" : "invalid");
    assert_int_equal(status == CONTEXT_OK, valid);
    security_context_clear(&context);
}

/* A subject: a user and a role of the policy that may have the type, if one is found soon. */
static void draw_subject(Draw *draw, char *text, uint32_t type)
{
    static const char *const users[] = {"system_u", "unconfined_u", "user_u", "staff_u", "guest_u"};
    static const char *const roles[] = {"system_r", "unconfined_r", "user_r",
                                        "staff_r",  "webadm_r",     "sysadm_r"};

    for (unsigned i = 0; i < 40; i++) {
        const char *user = users[i < 10 ? 0 : draw_number(draw, ELEMENTS_OF(users))];
        const char *role = roles[i < 10 ? 0 : draw_number(draw, ELEMENTS_OF(roles))];

        if (draw_number(draw, 3) == 0) {
            user = users[draw_number(draw, ELEMENTS_OF(users))];
            role = roles[draw_number(draw, ELEMENTS_OF(roles))];
        }
        if (!policy_find_user(draw->policy, user) || !policy_find_role(draw->policy, role))
            continue;
        write_context(draw, text, user, role, type, /* ranged= */ true);
        compare_validity(draw, text);
        if (oracle_is_valid(text))
            return;
    }
    write_context(draw, text, "system_u", "object_r", type, /* ranged= */ true);
}

/* Any types, any class. */
static void draw_any(Draw *draw)
{
    draw->class = 1 + draw_number(draw, policy_n_classes(draw->policy));
    draw_subject(draw, draw->source, draw_type(draw, NULL));
    write_context(draw, draw->target, "system_u", "object_r", draw_type(draw, NULL), true);
}

/* What a daemon is denied: files, sockets, ports, other processes. */
static void draw_like_denial(Draw *draw)
{
    static const struct {
        const char *class_name;
        const char *target; /* attribute */
    } kinds[] = {
        {"file", "file_type"},
        {"dir", "file_type"},
        {"sock_file", "pidfile"},
        {"lnk_file", "file_type"},
        {"tcp_socket", "port_type"},
        {"udp_socket", "port_type"},
        {"unix_stream_socket", "domain"},
        {"process", "domain"},
        {"tcp_socket", "self"},
        {"filesystem", NULL},
    };
    uint32_t httpd = policy_find_type(draw->policy, "httpd_t");
    uint32_t source = draw_number(draw, 2) && httpd ? httpd : draw_type(draw, "domain");
    unsigned kind = draw_number(draw, ELEMENTS_OF(kinds));
    const char *target = kinds[kind].target;

    draw->class = policy_find_class(draw->policy, kinds[kind].class_name);
    if (draw->class == 0) {
        draw_any(draw);
        return;
    }
    draw_subject(draw, draw->source, source);
    if (target && streq(target, "self"))
        (void)snprintf(draw->target, sizeof(draw->target), "%s", draw->source);
    else if (target && streq(target, "domain"))
        draw_subject(draw, draw->target, draw_type(draw, target));
    else
        write_context(draw, draw->target, "system_u", "object_r", draw_type(draw, target), true);
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
    Draw draw = {.policy = policy, .random = 0xc0ffee};
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
