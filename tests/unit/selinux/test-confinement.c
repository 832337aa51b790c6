/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <selinux/selinux.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/confinement.h"

static void test_judge(void **state _unused_)
{
    static const struct {
        ConfinementFacts facts;
        const char *why; /* a part of it; NULL: confined */
    } rows[] = {
        {{.type = "selguard_t", .init_type = "init_t"}, NULL},
        {{.type = "of_another_name_t", .init_type = "init_t"}, NULL},
        {{.type = "selguard_t"}, NULL},
        {{.type = "selguard_t", .init_type = "init_t", .permissive = true}, "permissive"},
        {{.type = "initrc_t", .init_type = "init_t", .may_set_enforcing = true}, "off"},
        {{.type = "unconfined_service_t", .init_type = "init_t", .may_load_policy = true}, "load"},
        {{.type = "init_t", .init_type = "init_t"}, "PID 1"},
        /* The name alone is no confinement. */
        {{.type = "selguard_t", .init_type = "init_t", .may_set_enforcing = true}, "off"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const char *why = confinement_judge(&rows[i].facts);

        if (!rows[i].why)
            assert_null(why);
        else
            assert_non_null(strstr(why ? why : "", rows[i].why));
    }
}

static void test_this_process(void **state _unused_)
{
    char *why = NULL;
    int r = confinement_read(&why);

    if (is_selinux_enabled() <= 0)
        assert_int_equal(r, -EOPNOTSUPP);
    assert_true((r == 0) == (why != NULL));
    free(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_this_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
