/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/diagnosis-export.h"

#include <errno.h>

#include "daemon/bus/errors.h"
#include "daemon/core/export.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static int read_options(sd_bus_message *message, uint32_t *ret_fix, sd_bus_error *ret_error)
{
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char *key;

        r = sd_bus_message_read(message, "s", &key);
        if (r < 0)
            return r;
        if (!streq(key, "Fix"))
            return bus_error_setf(ret_error, -EINVAL, "There is no option %s.", key);
        r = sd_bus_message_read(message, "v", "u", ret_fix);
        if (r < 0)
            return bus_error_setf(ret_error, -EINVAL, "Fix is a number (u).");
        r = sd_bus_message_exit_container(message);
    }
    return r;
}

static int append_list(sd_bus_message *reply, const char *key, char *const *list)
{
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", key);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (; r >= 0 && list && *list; list++)
        r = sd_bus_message_append(reply, "s", *list);
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

static int append_files(sd_bus_message *reply, const Export *exported)
{
    int r = sd_bus_message_open_container(reply, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "Files");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "a{ss}");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{ss}");
    for (size_t i = 0; r >= 0 && exported->names && exported->names[i]; i++)
        r = sd_bus_message_append(reply, "{ss}", exported->names[i], exported->contents[i]);
    for (int i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(reply);
    return r;
}

static int send_export(sd_bus_message *message, const Export *exported)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int r = sd_bus_message_new_method_return(message, &reply);

    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(reply, "{sv}{sv}", "Text", "s", exported->text, "FileName", "s",
                                  exported->file_name);
    if (r >= 0)
        r = append_files(reply, exported);
    if (r >= 0)
        r = append_list(reply, "Before", exported->before);
    if (r >= 0)
        r = append_list(reply, "After", exported->after);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int diagnosis_export_reply(sd_bus_message *message, const Diagnosis *diagnosis,
                           sd_bus_error *ret_error)
{
    _cleanup_free_ const Action **actions = NULL;
    _cleanup_free_ char *title = NULL, *problem = NULL;
    _cleanup_(export_clear) Export exported = {};
    ExportFormat format;
    const char *text;
    size_t n_actions;
    uint32_t n = 1;
    int r = sd_bus_message_read(message, "s", &text);

    if (r < 0)
        return r;
    if (export_format_from_string(text, &format) < 0)
        return bus_error_setf(ret_error, -EINVAL,
                              "%s: the formats are shell, semanage, ansible, cil.", text);
    r = read_options(message, &n, ret_error);
    if (r < 0)
        return r;
    if (n < 1 || n > diagnosis_offered_fixes(diagnosis))
        return bus_error_set_named(ret_error, BUS_ERROR_NOT_FOUND, "There is no such fix.");
    r = export_select(&diagnosis->fixes[n - 1].plan, 1, &actions, &n_actions);
    if (r < 0)
        return r;
    title = format_string("fix %u of diagnosis %s", n, diagnosis->id);
    if (!title)
        return -ENOMEM;
    r = export_write(format, actions, n_actions, title, &exported, &problem);
    if (r == -EINVAL || r == -ENODATA)
        return bus_error_set_named(ret_error, BUS_ERROR_REFUSED, strempty(problem));
    return r < 0 ? r : send_export(message, &exported);
}
