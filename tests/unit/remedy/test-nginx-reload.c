/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decisions; what is asked of systemd is in tests/bus/remedy-nginx-test.c. */
#include "daemon/core/macro.h"
#include "daemon/remedy/nginx-reload.h"
#include "tests/unit/test.h"

static void test_step(void **state _unused_)
{
    static const struct {
        const char *active;
        const char *file;
        NginxStep step;
    } rows[] = {
        {"active", "disabled", NGINX_STEP_RELOAD},
        {"reloading", "enabled", NGINX_STEP_RELOAD},
        {"activating", "enabled", NGINX_STEP_RESTART},
        {"failed", "disabled", NGINX_STEP_START},
        {"failed", "enabled", NGINX_STEP_START},
        {"inactive", "enabled", NGINX_STEP_START},
        {"inactive", "enabled-runtime", NGINX_STEP_START},
        {"inactive", "disabled", NGINX_STEP_NOTHING},
        {"inactive", "masked", NGINX_STEP_NOTHING},
        {"", "", NGINX_STEP_NOTHING},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        if (nginx_reload_decide(rows[i].active, rows[i].file) != rows[i].step)
            fail_msg("row %zu", i);
}

static void test_commands(void **state _unused_)
{
#define NGINX(...)                                                                                 \
    {                                                                                              \
        (char *)"/usr/sbin/nginx", (char *[])                                                      \
        {                                                                                          \
            (char *)"/usr/sbin/nginx", ##__VA_ARGS__, NULL                                         \
        }                                                                                          \
    }
    const NginxCommand test = NGINX((char *)"-t", (char *)"-q");
    const NginxCommand debian = NGINX((char *)"-g", (char *)"daemon on; master_process on;");
    const NginxCommand own = NGINX((char *)"-c", (char *)"/opt/nginx.conf");
    const NginxCommand joined = NGINX((char *)"-t", (char *)"-c/opt/nginx.conf");
    const NginxCommand prefix = NGINX((char *)"-p", (char *)"/opt");
    const NginxCommand cut_short = NGINX((char *)"-c");
    const NginxCommand other = {(char *)"/opt/nginx", test.arguments};

    assert_true(nginx_commands_agree(&test, &debian));
    assert_true(nginx_commands_agree(&own, &joined));
    assert_false(nginx_commands_agree(&test, &own));
    assert_false(nginx_commands_agree(&test, &prefix));
    assert_false(nginx_commands_agree(&test, &other));
    assert_true(nginx_commands_agree(&test, &cut_short));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
