/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exposure in an installed policy: the same as asking about every type and class. */
#include "tests/unit/selinux/policy-helper.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/selinux/exposure-internal.h"

#define ITEMS_MAX 200000u

typedef struct Items {
    DifferenceItem *items;
    size_t n;
} Items;

static int collect(const DifferenceItem *item, void *data)
{
    Items *items = data;

    assert_true(items->n < ITEMS_MAX);
    items->items[items->n++] = *item;
    return 0;
}

static size_t count_of(const Items *items, uint32_t domain)
{
    size_t n = 0;

    for (size_t i = 0; i < items->n; i++)
        n += items->items[i].domain == domain;
    return n;
}

static const DifferenceItem *find_item(const Items *items, uint32_t domain, uint32_t target,
                                       uint32_t class)
{
    for (size_t i = 0; i < items->n; i++)
        if (items->items[i].domain == domain && items->items[i].target == target &&
            items->items[i].class == class)
            return &items->items[i];
    return NULL;
}

static void compare_domain(const Difference *difference, const Items *items, uint32_t domain)
{
    const Policy *policy = hypothesis_policy(difference->before);
    size_t found = 0;

    for (uint32_t target = 1; target <= policy_n_types(policy); target++) {
        if (!policy_type_name(policy, target) || policy_type_is_attribute(policy, target))
            continue;
        for (uint32_t class = 1; class <= policy_n_classes(policy); class ++) {
            uint32_t had = decide_allowed_by_rules(difference->before, domain, target, class);
            uint32_t has = decide_allowed_by_rules(difference->after, domain, target, class);
            const DifferenceItem *item;

            if (had == has)
                continue;
            found++;
            item = find_item(items, domain, target, class);
            if (!item) {
                fail_msg("a change is missing");
                return;
            }
            assert_int_equal(item->gained, has & ~had);
            assert_int_equal(item->lost, had & ~has);
        }
    }
    assert_int_equal(found, count_of(items, domain));
    print_message("  %s: %zu changes\n", policy_type_name(policy, domain), found);
}

/* Flips one boolean, and compares a domain that changes, picked by the boolean's number. */
static void compare_boolean(const Policy *policy, uint32_t boolean)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *before = hypothesis_new(policy);
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_new(policy);
    _cleanup_free_ DifferenceItem *room = calloc(ITEMS_MAX, sizeof(*room));
    Difference difference = {before, after, policy_n_types(policy)};
    Items items = {room, 0};

    if (!room || !before || !after) {
        fail_msg("out of memory");
        return;
    }
    assert_int_equal(
        hypothesis_set_boolean_value(after, boolean, !policy_boolean_value(policy, boolean)), 0);
    assert_int_equal(exposure_compare_rules(&difference, collect, &items), 0);
    print_message("%s: %zu changes\n", policy_boolean_name(policy, boolean), items.n);
    for (size_t i = 1; i < items.n; i++)
        assert_true(items.items[i - 1].domain <= items.items[i].domain);
    if (items.n > 0)
        compare_domain(&difference, &items, items.items[boolean * 7919 % items.n].domain);
}

static void test_installed_policies(void **state)
{
    static const char *const names[] = {"httpd_can_network_connect", "nis_enabled", "allow_ypbind",
                                        "secure_mode_policyload"};
    glob_t found = {};

    if (glob("/etc/selinux/*/policy/policy.*", 0, NULL, &found) != 0) {
        print_message("no policy is installed (Debian: selinux-policy-default): skipped\n");
        skip();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        _cleanup_(policy_cleanup) Policy *policy = load_policy(found.gl_pathv[i]);
        uint64_t random = 0xe490;

        for (size_t k = 0; k < ELEMENTS_OF(names); k++)
            if (policy_find_boolean(policy, names[k]))
                compare_boolean(policy, policy_find_boolean(policy, names[k]));
        compare_boolean(policy, 1 + next_random(&random) % policy_n_booleans(policy));
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installed_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
