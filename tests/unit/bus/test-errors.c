/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdint.h>

#include "daemon/bus/errors.h"
#include "daemon/bus/polkit.h"
#include "tests/unit/test.h"

static void test_names(void **state _unused_)
{
    static const struct {
        int error;
        const char *name;
    } cases[] = {
        {-EINVAL, "org.selguard.Error.InvalidArgument"},
        {-E2BIG, "org.selguard.Error.LimitExceeded"},
        {-EDQUOT, "org.selguard.Error.LimitExceeded"},
        {-EBUSY, "org.selguard.Error.Busy"},
        {-ENOENT, "org.selguard.Error.NotFound"},
        {-EPERM, "org.selguard.Error.Refused"},
        {-EOPNOTSUPP, "org.selguard.Error.Refused"},
        {-ESTALE, "org.selguard.Error.StateChanged"},
        {-ENODEV, "org.selguard.Error.Unavailable"},
        {-EACCES, "org.freedesktop.DBus.Error.AccessDenied"},
        {-ENOMEM, "org.freedesktop.DBus.Error.NoMemory"},
        {-EIO, "org.selguard.Error.Failed"},
        {-12345, "org.selguard.Error.Failed"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_string_equal(bus_error_name(cases[i].error), cases[i].name);
        assert_int_equal(bus_error_set(&error, cases[i].error, "why"), cases[i].error);
        assert_string_equal(error.name, cases[i].name);
        assert_string_equal(error.message, "why");
        sd_bus_error_free(&error);
    }
}

static void test_text_is_escaped(void **state _unused_)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;

    assert_int_equal(bus_error_setf(&error, -EINVAL, "not \"%s\"", "a\033[2J\nb"), -EINVAL);
    assert_string_equal(error.message, "not \"a\\x1b[2J\\x0ab\"");
    sd_bus_error_free(&error);
    assert_int_equal(bus_error_set(&error, -ENOENT, NULL), -ENOENT);
    assert_string_equal(error.message, "No such file or directory");
    sd_bus_error_free(&error);
}

static void test_polkit_answers(void **state _unused_)
{
    static const struct {
        PolkitAnswer answer;
        const char *name;
    } cases[] = {
        {POLKIT_DENIED, "org.freedesktop.DBus.Error.AccessDenied"},
        {POLKIT_UNAVAILABLE, "org.freedesktop.DBus.Error.AccessDenied"},
        {POLKIT_CHALLENGE, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(polkit_answer_to_error(cases[i].answer, "org.x.y", "No.", &error) < 0);
        assert_string_equal(error.name, cases[i].name);
        assert_string_equal(error.message, "Not authorized (org.x.y): No.");
        sd_bus_error_free(&error);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_polkit_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
