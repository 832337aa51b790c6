/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/text.h"
#include "daemon/selinux/exposure.h"
#include "daemon/selinux/ports.h"

static bool has_change(const AccessChange *changes, size_t n, const char *domain,
                       const char *target, const char *class_name, const char *permissions)
{
    for (size_t i = 0; i < n; i++)
        if (streq(changes[i].domain, domain) && streq(changes[i].target_type, target) &&
            streq(changes[i].target_class, class_name) &&
            streq(changes[i].permissions, permissions))
            return true;
    return false;
}

typedef struct World {
    Policy *policy;
    Hypothesis *before;
    Hypothesis *after;
    Exposure exposure;
    ExposureLosses losses;
} World;

static World world_open(const char *path)
{
    World world = {.policy = load_policy(path)};

    world.before = hypothesis_new(world.policy);
    world.after = hypothesis_new(world.policy);
    assert_non_null(world.before);
    assert_non_null(world.after);
    return world;
}

static void world_compute(World *world, const char *focus)
{
    assert_int_equal(
        exposure_compute(world->before, world->after, focus, &world->exposure, &world->losses), 0);
    assert_true(world->exposure.known);
}

static void world_close(World *world)
{
    exposure_clear(&world->exposure);
    exposure_losses_clear(&world->losses);
    hypothesis_free(world->before);
    hypothesis_free(world->after);
    policy_free(world->policy);
}

static void test_nothing_changes(void **state)
{
    World world = world_open(POLICY_FEDORA);

    world_compute(&world, "httpd_t");
    assert_int_equal(world.exposure.gains_total, 0);
    assert_int_equal(world.exposure.n_types, 0);
    assert_int_equal(world.exposure.ports_count, 0);
    assert_null(world.exposure.ports);
    assert_non_null(world.exposure.domains);
    assert_null(world.exposure.domains[0]);
    assert_int_equal(world.losses.total, 0);
    world_close(&world);
}

/* Every port, less those that were open; and it is not nginx's domain alone. */
static void test_boolean_opens_all_ports(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_can_network_connect", true), 0);
    world_compute(&world, "httpd_t");
    assert_int_equal(strv_length(world.exposure.domains), 2);
    assert_string_equal(world.exposure.domains[0], "httpd_t");
    assert_string_equal(world.exposure.domains[1], "webtool_t");
    assert_int_equal(world.exposure.ports_count, 65535);
    assert_int_equal(world.exposure.n_ports, 2);
    assert_int_equal(world.exposure.ports[0].high, 52);
    /* 19 port types for webtool_t, one less for httpd_t, which has dns_port_t. */
    assert_int_equal(world.exposure.gains_total, 37);
    assert_int_equal(world.exposure.n_types, 19);
    assert_string_equal(world.exposure.gains[0].domain, "httpd_t");
    assert_string_equal(world.exposure.gains[17].domain, "httpd_t");
    assert_string_equal(world.exposure.gains[18].domain, "webtool_t");
    assert_int_equal(world.losses.total, 0);
    world_close(&world);
}

static void test_boolean_opens_one_type(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_graceful_shutdown", true), 0);
    world_compute(&world, "httpd_t");
    assert_int_equal(world.exposure.gains_total, 1);
    assert_true(has_change(world.exposure.gains, 1, "httpd_t", "http_port_t", "tcp_socket",
                           "name_connect"));
    assert_int_equal(world.exposure.ports_count, 8);
    world_close(&world);
}

/* What another rule allows already is no gain. */
static void test_allowed_already_is_no_gain(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_boolean(world.before, "httpd_can_network_relay", true), 0);
    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_can_network_relay", true), 0);
    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_graceful_shutdown", true), 0);
    world_compute(&world, "httpd_t");
    assert_int_equal(world.exposure.gains_total, 0);
    assert_int_equal(world.exposure.ports_count, 0);
    world_close(&world);
}

static void test_boolean_takes_away(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_boolean(world.after, "secure_mode", true), 0);
    world_compute(&world, "httpd_t");
    assert_true(has_change(world.losses.changes, world.losses.n_changes, "httpd_t", "admin_home_t",
                           "dir", "getattr"));
    assert_true(has_change(world.losses.changes, world.losses.n_changes, "httpd_t",
                           "ntop_var_lib_t", "file", "write"));
    assert_true(has_change(world.losses.changes, world.losses.n_changes, "unconfined_t",
                           "security_t", "security", "setenforce"));
    assert_int_equal(world.losses.total, 3);
    assert_int_equal(strv_length(world.losses.domains), 2);
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "httpd_t",
                           "ntop_var_lib_t", "file", "read"));
    world_close(&world);
}

/* ntop_t loses its port; nobody gains one by that alone. */
static void test_relabelled_port(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_port(world.after, PORT_TCP, 3000, 3000, "http_port_t"), 0);
    world_compute(&world, "httpd_t");
    assert_int_equal(world.losses.total, 1);
    assert_true(has_change(world.losses.changes, 1, "ntop_t", "ntop_port_t", "tcp_socket",
                           "name_bind name_connect"));
    assert_int_equal(world.losses.ports_count, 1);
    assert_int_equal(world.losses.ports[0].low, 3000);
    /* httpd_t may bind what it may serve on, not connect to it. */
    assert_int_equal(world.exposure.gains_total, 1);
    assert_true(
        has_change(world.exposure.gains, 1, "httpd_t", "http_port_t", "tcp_socket", "name_bind"));
    assert_int_equal(world.exposure.ports_count, 1);
    world_close(&world);
}

static void test_relabelled_port_with_its_boolean(void **state)
{
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_set_port(world.after, PORT_TCP, 3000, 3000, "http_port_t"), 0);
    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_graceful_shutdown", true), 0);
    world_compute(&world, "httpd_t");
    assert_int_equal(world.exposure.ports_count, 9);
    assert_int_equal(world.losses.total, 1);
    /* The boolean gives one permission, the label the other: one access. */
    assert_int_equal(world.exposure.gains_total, 1);
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "httpd_t", "http_port_t",
                           "tcp_socket", "name_bind name_connect"));
    world_close(&world);
}

/* The narrowest fix: one port, one domain. */
static void test_dedicated_port_type(void **state)
{
    _cleanup_strv_ char **attributes = strv_split("port_type", " ");
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_add_type(world.after, "selguard_3000_t", attributes), 0);
    assert_int_equal(hypothesis_set_port(world.after, PORT_TCP, 3000, 3000, "selguard_3000_t"), 0);
    assert_int_equal(hypothesis_add_allow(world.after, "httpd_t", "selguard_3000_t", "tcp_socket",
                                          "name_connect"),
                     0);
    world_compute(&world, "httpd_t");
    assert_int_equal(world.exposure.gains_total, 1);
    assert_true(has_change(world.exposure.gains, 1, "httpd_t", "selguard_3000_t", "tcp_socket",
                           "name_connect"));
    assert_int_equal(world.exposure.n_types, 1);
    assert_int_equal(world.exposure.ports_count, 1);
    assert_int_equal(world.exposure.ports[0].low, 3000);
    assert_int_equal(strv_length(world.exposure.domains), 1);
    assert_int_equal(world.losses.total, 1);
    world_close(&world);
}

/* A new type that labels no port counts by every rule that reaches it. */
static void test_new_type(void **state)
{
    _cleanup_strv_ char **attributes = strv_split("file_type", " ");
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(hypothesis_add_type(world.after, "app_data_t", attributes), 0);
    assert_int_equal(hypothesis_add_allow(world.after, "daemon", "app_data_t", "file", "read"), 0);
    world_compute(&world, "httpd_t");
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "httpd_t", "app_data_t",
                           "file", "read"));
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "unconfined_t",
                           "app_data_t", "file", "append create getattr map open read write"));
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "app_data_t", "fs_t",
                           "filesystem", "associate"));
    world_close(&world);
}

static void test_relabelled_files(void **state)
{
    _cleanup_strv_ char **classes = strv_split("file dir", " ");
    const ExposureRelabel relabel = {"user_home_t", "httpd_sys_rw_content_t", classes};
    const ExposureRelabel unknown = {"user_home_t", "httpd_sock_t", classes};
    World world = world_open(POLICY_FEDORA);

    assert_int_equal(exposure_compute_relabels(world.before, world.after, "httpd_t", &relabel, 1,
                                               &world.exposure, &world.losses),
                     0);
    assert_true(has_change(world.exposure.gains, world.exposure.n_gains, "httpd_t",
                           "httpd_sys_rw_content_t", "file",
                           "append create getattr map open read unlink write"));
    /* httpd_t in both classes; whoever may use any file type gains and loses nothing. */
    assert_int_equal(world.exposure.gains_total, 2);
    assert_int_equal(world.losses.total, 0);
    exposure_clear(&world.exposure);
    exposure_losses_clear(&world.losses);
    assert_int_equal(exposure_compute_relabels(world.before, world.after, "httpd_t", &unknown, 1,
                                               &world.exposure, &world.losses),
                     -ENOENT);
    world_close(&world);
}

static void test_rejects_the_incomparable(void **state)
{
    World world = world_open(POLICY_FEDORA);
    _cleanup_(policy_cleanup) Policy *other = load_policy(POLICY_REFPOLICY);
    _cleanup_(hypothesis_cleanup) Hypothesis *foreign = hypothesis_new(other);
    Exposure exposure = {};

    assert_int_equal(exposure_compute(world.before, foreign, NULL, &exposure, NULL), -EINVAL);
    assert_int_equal(exposure_compute(world.before, world.after, "nginx_t", &exposure, NULL),
                     -ENOENT);
    assert_int_equal(hypothesis_add_type(world.before, "a_t", NULL), 0);
    assert_int_equal(hypothesis_add_type(world.after, "b_t", NULL), 0);
    assert_int_equal(exposure_compute(world.before, world.after, NULL, &exposure, NULL), -EINVAL);
    world_close(&world);
}

/* --- against enumerating everything --------------------------------------- */

typedef struct Enumerated {
    size_t gains;
    size_t losses;
    bool gained_types[512];
    bool gained_domains[512];
    uint32_t ports_gained; /* by any domain, TCP and UDP together */
    uint32_t ports_lost;
} Enumerated;

static void enumerate_rules(const World *world, Enumerated *result)
{
    uint32_t n = policy_n_types(world->policy);

    assert_true(n < 512);
    for (uint32_t domain = 1; domain <= n; domain++)
        for (uint32_t target = 1; target <= n; target++)
            for (uint32_t class = 1; class <= policy_n_classes(world->policy); class ++) {
                uint32_t had, has;

                if (policy_type_is_attribute(world->policy, domain) ||
                    policy_type_is_attribute(world->policy, target))
                    continue;
                had = decide_allowed_by_rules(world->before, domain, target, class);
                has = decide_allowed_by_rules(world->after, domain, target, class);
                if (has & ~had) {
                    result->gains++;
                    result->gained_types[target] = true;
                    result->gained_domains[domain] = true;
                }
                result->losses += (had & ~has) != 0;
            }
}

static bool may_use_port(const Hypothesis *hypothesis, uint32_t domain, PortProtocol protocol,
                         uint16_t port, const char *permission)
{
    const Policy *policy = hypothesis_policy(hypothesis);
    uint32_t class = policy_find_class(policy, port_protocol_class(protocol));
    PortLabel label = {};

    assert_int_equal(port_find_label(hypothesis, protocol, port, &label), 0);
    return (decide_allowed_by_rules(hypothesis, domain, label.type, class) &
            policy_find_permission(policy, class, permission)) != 0;
}

static void enumerate_port(const World *world, uint16_t port, Enumerated *result)
{
    static const char *const permissions[] = {"name_connect", "name_bind"};
    bool gained = false;
    bool lost = false;

    for (uint32_t domain = 1; domain <= policy_n_types(world->policy); domain++)
        for (unsigned p = 0; p < 2; p++)
            for (unsigned k = 0; k < ELEMENTS_OF(permissions); k++) {
                PortProtocol protocol = p == 0 ? PORT_TCP : PORT_UDP;
                bool had, has;

                if (policy_type_is_attribute(world->policy, domain))
                    continue;
                had = may_use_port(world->before, domain, protocol, port, permissions[k]);
                has = may_use_port(world->after, domain, protocol, port, permissions[k]);
                gained = gained || (has && !had);
                lost = lost || (had && !has);
            }
    result->ports_gained += gained;
    result->ports_lost += lost;
}

static void test_agrees_with_enumeration(void **state)
{
    static const char *const types[] = {"httpd_t", "ntop_t", "daemon", "port_type", "redis_port_t"};
    uint64_t random = 0xe4905;

    for (unsigned round = 0; round < 25; round++) {
        World world = world_open(round % 2 ? POLICY_REFPOLICY : POLICY_FEDORA);
        Enumerated expected = {};
        size_t n_domains = 0, n_types = 0;

        for (uint32_t b = 1; b <= policy_n_booleans(world.policy); b++) {
            assert_int_equal(
                hypothesis_set_boolean_value(world.before, b, next_random(&random) % 2), 0);
            assert_int_equal(hypothesis_set_boolean_value(world.after, b, next_random(&random) % 2),
                             0);
        }
        if (round % 3 == 0)
            assert_int_equal(hypothesis_add_allow(world.after, types[next_random(&random) % 3],
                                                  types[next_random(&random) % 5], "tcp_socket",
                                                  "name_connect name_bind read"),
                             0);
        world_compute(&world, NULL);
        enumerate_rules(&world, &expected);
        for (uint32_t type = 0; type < 512; type++) {
            n_types += expected.gained_types[type];
            n_domains += expected.gained_domains[type];
        }
        assert_int_equal(world.exposure.gains_total, expected.gains);
        assert_int_equal(world.losses.total, expected.losses);
        assert_int_equal(world.exposure.n_types, n_types);
        assert_int_equal(strv_length(world.exposure.domains), n_domains);
        world_close(&world);
    }
}

static void test_agrees_about_ports(void **state)
{
    World world = world_open(POLICY_FEDORA);
    Enumerated expected = {};

    assert_int_equal(hypothesis_set_boolean(world.after, "httpd_can_network_relay", true), 0);
    assert_int_equal(hypothesis_set_port(world.after, PORT_TCP, 3000, 3000, "http_port_t"), 0);
    assert_int_equal(hypothesis_set_port(world.after, PORT_TCP, 80, 90, "redis_port_t"), 0);
    assert_int_equal(hypothesis_set_port(world.after, PORT_UDP, 5000, 5009, "ntop_port_t"), 0);
    world_compute(&world, NULL);
    /* Ports from 12000 on are of one label each, and that changes for none: one stands for
     * all of them. */
    for (uint32_t port = 0; port < 12000; port++)
        enumerate_port(&world, (uint16_t)port, &expected);
    assert_int_equal(world.exposure.ports_count, expected.ports_gained + (60999 - 32768 + 1));
    assert_int_equal(world.losses.ports_count, expected.ports_lost);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_boolean_opens_all_ports),
        cmocka_unit_test(test_boolean_opens_one_type),
        cmocka_unit_test(test_allowed_already_is_no_gain),
        cmocka_unit_test(test_boolean_takes_away),
        cmocka_unit_test(test_relabelled_port),
        cmocka_unit_test(test_relabelled_port_with_its_boolean),
        cmocka_unit_test(test_dedicated_port_type),
        cmocka_unit_test(test_new_type),
        cmocka_unit_test(test_relabelled_files),
        cmocka_unit_test(test_rejects_the_incomparable),
        cmocka_unit_test(test_agrees_with_enumeration),
        cmocka_unit_test(test_agrees_about_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
