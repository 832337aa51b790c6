/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <selinux/selinux.h>
#include <stdlib.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/module-fit.h"

static void test_judge(void **state _unused_)
{
    static const struct {
        bool own, next;
        ModuleFit fit;
    } rows[] = {
        {true, false, MODULE_FITS},
        {true, true, MODULE_NEWER},
        {false, false, MODULE_OLDER},
        /* Not what a module of the project's has; without its own rules it counts as older. */
        {false, true, MODULE_OLDER},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        assert_int_equal(module_fit_judge(rows[i].own, rows[i].next), rows[i].fit);
    assert_null(module_fit_to_string(MODULE_FITS));
    assert_non_null(module_fit_to_string(MODULE_OLDER));
    assert_non_null(module_fit_to_string(MODULE_NEWER));
}

static void test_this_process(void **state _unused_)
{
    ModuleFit fit = MODULE_NEWER;
    int r = module_fit_read(&fit);

    /* A test never runs in one of the daemons' domains. */
    assert_int_equal(r, is_selinux_enabled() <= 0 ? -EOPNOTSUPP : -ENOENT);
    assert_int_equal(fit, MODULE_NEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_this_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
