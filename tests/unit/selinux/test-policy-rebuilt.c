/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hypothesis must answer as the policy would that is really built that way:
 * random changes are made in a hypothesis, and written as CIL and compiled.
 */
#include "tests/unit/selinux/policy-helper.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "daemon/selinux/ports.h"

static const char *const domains[] = {"httpd_t", "ntop_t", "webtool_t", "backup_t", "rsync_t"};
static const char *const objects[] = {"httpd_sys_content_t", "user_home_t", "redis_var_run_t",
                                      "shadow_t", "vault_private_key_t"};
static const char *const port_types[] = {"http_port_t", "redis_port_t", "ntop_port_t",
                                         "new_port_t"};
static const char *const attribute_lists[] = {"port_type", "port_type reserved_port_type",
                                              "port_type file_type", "domain mcs_constrained_type",
                                              "domain nsswitch_domain"};

typedef struct Change {
    const Policy *policy;
    Hypothesis *hypothesis;
    FILE *cil;
    uint64_t random;
} Change;

static uint32_t draw(Change *change, uint32_t below)
{
    return next_random(&change->random) % below;
}

static void add_type(Change *change, const char *name, const char *attributes)
{
    _cleanup_strv_ char **list = strv_split(attributes, " ");

    assert_int_equal(hypothesis_add_type(change->hypothesis, name, list), 0);
    (void)fprintf(change->cil, "(type %s)\n(roletype object_r %s)\n", name, name);
    STRV_FOREACH (attribute, list)
        (void)fprintf(change->cil, "(typeattributeset %s (%s))\n", *attribute, name);
}

static void add_allow(Change *change, const char *source, const char *target,
                      const char *class_name, const char *permissions)
{
    assert_int_equal(
        hypothesis_add_allow(change->hypothesis, source, target, class_name, permissions), 0);
    (void)fprintf(change->cil, "(allow %s %s (%s (%s)))\n", source, target, class_name,
                  permissions);
}

static void set_port(Change *change, PortProtocol protocol, uint16_t port, const char *type)
{
    assert_int_equal(hypothesis_set_port(change->hypothesis, protocol, port, port, type), 0);
    (void)fprintf(change->cil, "(portcon %s %u (system_u object_r %s low_low))\n",
                  port_protocol_to_string(protocol), port, type);
}

/* Booleans have no such statement in CIL: their rebuilt values come from the sources. */
static void draw_changes(Change *change)
{
    static const uint16_t free_ports[] = {3000, 3001, 4000, 40000, 8085, 600};
    size_t first_port = draw(change, 3);

    add_type(change, "new_port_t", attribute_lists[draw(change, 3)]);
    add_type(change, "new_domain_t", attribute_lists[3 + draw(change, 2)]);
    for (unsigned i = 0; i < 4; i++)
        add_allow(change, domains[draw(change, ELEMENTS_OF(domains))],
                  port_types[draw(change, ELEMENTS_OF(port_types))], "tcp_socket",
                  draw(change, 2) ? "name_connect" : "name_bind name_connect");
    for (unsigned i = 0; i < 4; i++)
        add_allow(change, draw(change, 2) ? "new_domain_t" : "daemon",
                  draw(change, 3) ? objects[draw(change, ELEMENTS_OF(objects))] : "file_type",
                  "file", draw(change, 2) ? "read open" : "getattr write");
    add_allow(change, "nsswitch_domain", "self", "process", "execmem");
    for (size_t i = 0; i < 3; i++)
        set_port(change, draw(change, 2) ? PORT_TCP : PORT_UDP, free_ports[first_port + i],
                 port_types[draw(change, ELEMENTS_OF(port_types))]);
}

static Policy *build(const char *folder, const char *extra)
{
    _cleanup_free_ char *image = format_string("%s/policy", folder);
    _cleanup_free_ char *command =
        format_string("%s -N -c 33 -f /dev/null -o %s %s %s", SECILC, image, POLICY_SOURCES, extra);
    Policy *policy;

    assert_int_equal(system(command), 0);
    policy = load_policy(image);
    (void)unlink(image);
    return policy;
}

static bool is_type(const Hypothesis *hypothesis, uint32_t type)
{
    return hypothesis_type_name(hypothesis, type) &&
           !policy_type_is_attribute(hypothesis_policy(hypothesis), type);
}

/* Every pair of types and every class, by name: the values need not be the same. */
static void compare_rules(const Hypothesis *supposed, const Hypothesis *rebuilt)
{
    const Policy *policy = hypothesis_policy(supposed);
    uint32_t n = hypothesis_n_types(supposed);

    for (uint32_t source = 1; source <= n; source++)
        for (uint32_t target = 1; target <= n; target++) {
            const char *source_name = hypothesis_type_name(supposed, source);
            const char *target_name = hypothesis_type_name(supposed, target);

            if (!is_type(supposed, source) || !is_type(supposed, target))
                continue;
            /* A compiled policy names each type where the source said "self", which leaves
             * nothing to derive a new type's own rules from (hypothesis.h). */
            if (source == target && source > policy_n_types(policy))
                continue;
            for (uint32_t class = 1; class <= policy_n_classes(policy); class ++) {
                uint32_t a = decide_allowed_by_rules(supposed, source, target, class);
                uint32_t b =
                    decide_allowed_by_rules(rebuilt, hypothesis_find_type(rebuilt, source_name),
                                            hypothesis_find_type(rebuilt, target_name), class);

                if (a != b)
                    print_error("%s %s %s: %#x, rebuilt %#x\n", source_name, target_name,
                                policy_class_name(policy, class), a, b);
                assert_int_equal(a, b);
            }
        }
}

/* Whole decisions, with constraints and bounds. */
static void compare_decisions(const Hypothesis *supposed, const Hypothesis *rebuilt)
{
    static const char *const levels[] = {"s0", "s0:c1", "s0-s0:c0.c7"};

    for (size_t d = 0; d < ELEMENTS_OF(domains); d++)
        for (size_t o = 0; o < ELEMENTS_OF(objects); o++)
            for (size_t l = 0; l < ELEMENTS_OF(levels); l++)
                for (unsigned k = 0; k < 4; k++) {
                    static const char *const permissions[] = {"read", "open", "write", "getattr"};
                    _cleanup_free_ char *source =
                        format_string("system_u:system_r:%s:s0-s0:c0.c3", domains[d]);
                    _cleanup_free_ char *target =
                        format_string("system_u:object_r:%s:%s", objects[o], levels[l]);
                    Access access = make_access(source, target, "file", permissions[k]);
                    int r = decide_is_allowed(supposed, &access);

                    assert_true(r >= 0);
                    assert_int_equal(r, decide_is_allowed(rebuilt, &access));
                }
}

static void compare_ports(const Hypothesis *supposed, const Hypothesis *rebuilt)
{
    for (unsigned protocol = PORT_TCP; protocol <= PORT_UDP; protocol++)
        for (uint32_t port = 0; port <= UINT16_MAX; port += port < 12000 ? 1 : 997) {
            PortLabel a = {}, b = {};

            assert_int_equal(port_find_label(supposed, (PortProtocol)protocol, (uint16_t)port, &a),
                             0);
            assert_int_equal(port_find_label(rebuilt, (PortProtocol)protocol, (uint16_t)port, &b),
                             0);
            assert_string_equal(a.type_name, b.type_name);
        }
}

static void test_answers_as_the_rebuilt(void **state)
{
    char folder[] = "/tmp/selguard-rebuilt-XXXXXX";
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_free_ char *extra = NULL;
    uint64_t random = 0x4eb417;

    assert_non_null(mkdtemp(folder));
    extra = format_string("%s/extra.cil", folder);
    for (unsigned round = 0; round < 12; round++) {
        _cleanup_(hypothesis_cleanup) Hypothesis *supposed = hypothesis_new(policy);
        _cleanup_(hypothesis_cleanup) Hypothesis *rebuilt = NULL;
        _cleanup_(policy_cleanup) Policy *built = NULL;
        Change change = {policy, supposed, fopen(extra, "we"), random};

        assert_non_null(change.cil);
        draw_changes(&change);
        random = change.random;
        assert_int_equal(fclose(change.cil), 0);
        built = build(folder, extra);
        rebuilt = hypothesis_new(built);
        for (uint32_t b = 1; b <= policy_n_booleans(policy); b++) {
            bool value = next_random(&random) % 2;

            assert_int_equal(hypothesis_set_boolean_value(supposed, b, value), 0);
            assert_int_equal(hypothesis_set_boolean(rebuilt, policy_boolean_name(policy, b), value),
                             0);
        }
        compare_rules(supposed, rebuilt);
        compare_decisions(supposed, rebuilt);
        compare_ports(supposed, rebuilt);
    }
    (void)unlink(extra);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_as_the_rebuilt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
