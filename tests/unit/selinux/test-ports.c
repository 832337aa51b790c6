/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "daemon/selinux/ports.h"

static void expect_ranges(const PortRange *ranges, size_t n, const PortRange *expected,
                          size_t n_expected)
{
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ranges[i].low, expected[i].low);
        assert_int_equal(ranges[i].high, expected[i].high);
    }
}

/* The situations that the two families of policies differ in. */
static void test_finds_labels(void **state)
{
    static const struct {
        const char *policy;
        PortProtocol protocol;
        uint16_t port;
        const char *type;
        uint16_t low;
        uint16_t high;
        PortOrigin origin;
    } cases[] = {
        {POLICY_FEDORA, PORT_TCP, 80, "http_port_t", 80, 80, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 81, "http_port_t", 81, 81, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 9000, "http_port_t", 9000, 9000, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 8080, "http_cache_port_t", 8080, 8080, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 3000, "ntop_port_t", 3000, 3001, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 8000, "soundd_port_t", 8000, 8000, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 8083, "us_cli_port_t", 8082, 8083, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 8001, "unreserved_port_t", 1024, 65535, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 40000, "ephemeral_port_t", 32768, 60999, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_UDP, 80, "reserved_port_t", 1, 511, PORT_FROM_POLICY},
        {POLICY_FEDORA, PORT_TCP, 0, "port_t", 0, 65535, PORT_FROM_DEFAULT},
        {POLICY_FEDORA, PORT_SCTP, 80, "port_t", 0, 65535, PORT_FROM_DEFAULT},
        {POLICY_REFPOLICY, PORT_TCP, 81, "reserved_port_t", 1, 511, PORT_FROM_POLICY},
        {POLICY_REFPOLICY, PORT_TCP, 9000, "unreserved_port_t", 1024, 65535, PORT_FROM_POLICY},
        {POLICY_REFPOLICY, PORT_TCP, 8448, "http_port_t", 8448, 8448, PORT_FROM_POLICY},
        {POLICY_REFPOLICY, PORT_TCP, 3128, "http_cache_port_t", 3128, 3128, PORT_FROM_POLICY},
        {POLICY_REFPOLICY, PORT_TCP, 3001, "ntop_port_t", 3000, 3001, PORT_FROM_POLICY},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        _cleanup_(policy_cleanup) Policy *policy = load_policy(cases[i].policy);
        _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
        _cleanup_free_ char *context = NULL;
        PortLabel label = {};

        assert_int_equal(port_find_label(hypothesis, cases[i].protocol, cases[i].port, &label), 0);
        assert_string_equal(label.type_name, cases[i].type);
        assert_int_equal(label.low, cases[i].low);
        assert_int_equal(label.high, cases[i].high);
        assert_int_equal(label.origin, cases[i].origin);
        context = port_context(hypothesis, cases[i].protocol, cases[i].port);
        assert_string_equal(context, object(cases[i].type));
    }
}

static void test_overrides_labels(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    _cleanup_free_ char *context = NULL;
    PortLabel label = {};

    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 3000, 3100, "http_port_t"), 0);
    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 3050, 3050, "redis_port_t"), 0);
    assert_int_equal(port_find_label(hypothesis, PORT_TCP, 3001, &label), 0);
    assert_string_equal(label.type_name, "http_port_t");
    assert_int_equal(label.origin, PORT_FROM_HYPOTHESIS);
    assert_int_equal(label.high, 3100);
    assert_int_equal(port_find_label(hypothesis, PORT_TCP, 3050, &label), 0);
    assert_string_equal(label.type_name, "redis_port_t");
    assert_int_equal(port_find_label(hypothesis, PORT_UDP, 3000, &label), 0);
    assert_string_equal(label.type_name, "ntop_port_t");
    context = port_context(hypothesis, PORT_TCP, 3000);
    assert_string_equal(context, object("http_port_t"));

    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 2, 1, "http_port_t"), -EINVAL);
    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 1, 2, "http_sock_t"), -ENOENT);
    assert_int_equal(hypothesis_set_port(hypothesis, (PortProtocol)9, 1, 2, "http_port_t"),
                     -EINVAL);
    assert_int_equal(port_find_label(hypothesis, (PortProtocol)9, 1, &label), -EINVAL);
    assert_null(port_context(hypothesis, (PortProtocol)9, 1));
}

static void test_lists_ranges(void **state)
{
    static const PortRange http[] = {{80, 81},     {443, 443},   {488, 488},
                                     {8008, 8009}, {8443, 8443}, {9000, 9000}};
    static const PortRange ntop[] = {{3001, 3001}};
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    _cleanup_free_ PortRange *first = NULL, *second = NULL, *none = NULL;
    size_t n = 0;

    assert_int_equal(port_ranges_of_type(hypothesis, PORT_TCP, "http_port_t", &first, &n), 0);
    expect_ranges(first, n, http, ELEMENTS_OF(http));
    assert_int_equal(hypothesis_set_port(hypothesis, PORT_TCP, 3000, 3000, "http_port_t"), 0);
    assert_int_equal(port_ranges_of_type(hypothesis, PORT_TCP, "ntop_port_t", &second, &n), 0);
    expect_ranges(second, n, ntop, ELEMENTS_OF(ntop));
    assert_int_equal(port_ranges_of_type(hypothesis, PORT_UDP, "http_port_t", &none, &n), 0);
    assert_null(none);
    assert_int_equal(n, 0);
    assert_int_equal(port_ranges_of_type(hypothesis, PORT_TCP, "sock_t", &none, &n), -ENOENT);
}

static void test_measures_reach(void **state)
{
    static const PortRange relayed[] = {{53, 53},       {80, 81},      {443, 443},   {488, 488},
                                        {8008, 8009},   {8080, 8080},  {8118, 8118}, {8123, 8123},
                                        {8443, 8443},   {9000, 9000},  {9090, 9090}, {10001, 10010},
                                        {11211, 11211}, {32768, 60999}};
    static const PortRange all[] = {{0, 65535}};
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    PortReach reach = {};

    assert_int_equal(port_reach(hypothesis, "httpd_t", PORT_TCP, "name_connect", &reach), 0);
    assert_int_equal(reach.count, 1); /* 53 */
    assert_int_equal(reach.n_types, 1);
    assert_int_equal(reach.types[0], policy_find_type(policy, "dns_port_t"));
    port_reach_clear(&reach);

    assert_int_equal(hypothesis_set_boolean(hypothesis, "httpd_can_network_relay", true), 0);
    assert_int_equal(port_reach(hypothesis, "httpd_t", PORT_TCP, "name_connect", &reach), 0);
    expect_ranges(reach.ranges, reach.n_ranges, relayed, ELEMENTS_OF(relayed));
    port_reach_clear(&reach);

    assert_int_equal(hypothesis_set_boolean(hypothesis, "httpd_can_network_connect", true), 0);
    assert_int_equal(port_reach(hypothesis, "httpd_t", PORT_TCP, "name_connect", &reach), 0);
    expect_ranges(reach.ranges, reach.n_ranges, all, ELEMENTS_OF(all));
    assert_int_equal(reach.count, 65536);
    port_reach_clear(&reach);

    assert_int_equal(port_reach(hypothesis, "ntop_t", PORT_UDP, "name_bind", &reach), 0);
    assert_int_equal(reach.count, 2);
    port_reach_clear(&reach);
    assert_int_equal(port_reach(hypothesis, "crond_t", PORT_UDP, "name_bind", &reach), 0);
    assert_int_equal(reach.count, 0);
    port_reach_clear(&reach);

    assert_int_equal(port_reach(hypothesis, "nginx_t", PORT_TCP, "name_bind", &reach), -ENOENT);
    assert_int_equal(port_reach(hypothesis, "httpd_t", PORT_UDP, "name_connect", &reach), -ENOENT);
    assert_int_equal(port_reach(hypothesis, "httpd_t", (PortProtocol)7, "name_bind", &reach),
                     -EINVAL);
}

static void test_merges_ranges(void **state)
{
    static const PortRange merged[] = {{0, 9}, {20, 30}, {65535, 65535}};
    PortRange ranges[] = {{65535, 65535}, {25, 30}, {5, 9}, {0, 4}, {20, 28}, {22, 23}};
    size_t n = port_ranges_merge(ranges, ELEMENTS_OF(ranges));

    expect_ranges(ranges, n, merged, ELEMENTS_OF(merged));
    assert_int_equal(port_ranges_count(ranges, n), 22);
    assert_int_equal(port_ranges_merge(ranges, 0), 0);
    assert_int_equal(port_ranges_count(NULL, 0), 0);
}

static void test_finds_nodes_and_interfaces(void **state)
{
    static const unsigned char local[4] = {127, 1, 2, 3};
    static const unsigned char other[4] = {10, 0, 0, 1};
    struct in6_addr local6 = IN6ADDR_LOOPBACK_INIT;
    struct in6_addr other6 = IN6ADDR_ANY_INIT;
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_free_ char *a = node_context(policy, local, sizeof(local));
    _cleanup_free_ char *b = node_context(policy, other, sizeof(other));
    _cleanup_free_ char *c = node_context(policy, &local6, sizeof(local6));
    _cleanup_free_ char *d = node_context(policy, &other6, sizeof(other6));
    _cleanup_free_ char *lo = netif_context(policy, "lo");
    _cleanup_free_ char *eth = netif_context(policy, "eth0");

    assert_string_equal(a, "system_u:object_r:lo_node_t:s0-s0:c0.c7");
    assert_string_equal(b, "system_u:object_r:node_t:s0-s0:c0.c7");
    assert_string_equal(c, "system_u:object_r:lo_node_t:s0-s0:c0.c7");
    assert_string_equal(d, "system_u:object_r:node_t:s0-s0:c0.c7");
    assert_string_equal(lo, "system_u:object_r:lo_netif_t:s0-s0:c0.c7");
    assert_string_equal(eth, "system_u:object_r:netif_t:s0-s0:c0.c7");
    assert_null(node_context(policy, local, 3));
}

static void test_names_protocols(void **state)
{
    for (unsigned i = 0; i < PORT_PROTOCOL_COUNT; i++) {
        PortProtocol protocol = PORT_PROTOCOL_COUNT;

        assert_int_equal(
            port_protocol_from_string(port_protocol_to_string((PortProtocol)i), &protocol), 0);
        assert_int_equal(protocol, i);
        assert_non_null(port_protocol_class((PortProtocol)i));
    }
    assert_null(port_protocol_to_string(PORT_PROTOCOL_COUNT));
    assert_null(port_protocol_class(PORT_PROTOCOL_COUNT));
    {
        PortProtocol protocol;

        assert_int_equal(port_protocol_from_string("TCP", &protocol), -EINVAL);
        assert_int_equal(port_protocol_from_string(NULL, &protocol), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_labels),    cmocka_unit_test(test_overrides_labels),
        cmocka_unit_test(test_lists_ranges),    cmocka_unit_test(test_measures_reach),
        cmocka_unit_test(test_merges_ranges),   cmocka_unit_test(test_finds_nodes_and_interfaces),
        cmocka_unit_test(test_names_protocols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
