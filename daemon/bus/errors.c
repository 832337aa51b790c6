/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/core/text.h"

static const struct {
    int error;
    const char *name;
} error_names[] = {
    {EINVAL, BUS_ERROR_INVALID_ARGUMENT},
    {EBADMSG, BUS_ERROR_INVALID_ARGUMENT},
    {E2BIG, BUS_ERROR_LIMIT_EXCEEDED},
    {EDQUOT, BUS_ERROR_LIMIT_EXCEEDED},
    {EBUSY, BUS_ERROR_BUSY},
    {EAGAIN, BUS_ERROR_BUSY},
    {ENOENT, BUS_ERROR_NOT_FOUND},
    {EACCES, BUS_ERROR_ACCESS_DENIED},
    {EPERM, BUS_ERROR_REFUSED},
    {ESTALE, BUS_ERROR_STATE_CHANGED},
    {EOPNOTSUPP, BUS_ERROR_REFUSED},
    {ENODEV, BUS_ERROR_UNAVAILABLE},
    {ENOMEM, SD_BUS_ERROR_NO_MEMORY},
};

const char *bus_error_name(int error)
{
    for (size_t i = 0; i < ELEMENTS_OF(error_names); i++)
        if (error_names[i].error == -error)
            return error_names[i].name;
    return BUS_ERROR_FAILED;
}

int bus_error_set_named(sd_bus_error *ret_error, const char *name, const char *text)
{
    _cleanup_free_ char *escaped = text ? escape_for_terminal(text) : NULL;

    /* sd_bus_error_set() copies; without memory the name alone still says what it is. */
    return sd_bus_error_set(ret_error, name, escaped);
}

int bus_error_set(sd_bus_error *ret_error, int error, const char *text)
{
    (void)bus_error_set_named(ret_error, bus_error_name(error), text ? text : strerror(-error));
    return error;
}

int bus_error_setf(sd_bus_error *ret_error, int error, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return bus_error_set(ret_error, error, text);
}
