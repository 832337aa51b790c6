/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/nginx-command.h"

#include <errno.h>

#include "daemon/core/text.h"

void nginx_command_clear(NginxCommand *command)
{
    free(command->program);
    strv_free(command->arguments);
    *command = (NginxCommand){};
}

/* The last value of an option, apart from it or joined to it; "" if it is not there. */
static const char *find_option(char *const *arguments, char option)
{
    const char *value = "";

    for (size_t i = 1; i < strv_length(arguments); i++) {
        if (arguments[i][0] != '-' || arguments[i][1] != option)
            continue;
        value = arguments[i][2] ? arguments[i] + 2 : strempty(arguments[i + 1]);
    }
    return value;
}

bool nginx_commands_agree(const NginxCommand *a, const NginxCommand *b)
{
    return streq(a->program, b->program) &&
           streq(find_option(a->arguments, 'c'), find_option(b->arguments, 'c')) &&
           streq(find_option(a->arguments, 'p'), find_option(b->arguments, 'p'));
}

int nginx_command_read(sd_bus_message *reply, NginxCommand *ret_command)
{
    NginxCommand command = {};
    const char *program;
    int r;

    if ((r = sd_bus_message_enter_container(reply, 'v', "a(sasbttttuii)")) < 0 ||
        (r = sd_bus_message_enter_container(reply, 'a', "(sasbttttuii)")) < 0 ||
        (r = sd_bus_message_enter_container(reply, 'r', "sasbttttuii")) < 0)
        return r;
    if (r == 0)
        return -ENODATA;
    if ((r = sd_bus_message_read_basic(reply, 's', &program)) < 0)
        return r;
    command.program = strdup(program);
    r = command.program ? sd_bus_message_read_strv(reply, &command.arguments) : -ENOMEM;
    if (r < 0) {
        nginx_command_clear(&command);
        return r;
    }
    *ret_command = command;
    return 0;
}
