/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * With which command systemd starts nginx, to hold it against that of its test.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* What systemd starts a unit with; strings are owned. */
typedef struct NginxCommand {
    char *program;
    char **arguments; /* with argv[0] */
} NginxCommand;

void nginx_command_clear(NginxCommand *command);
/* Whether both are about the same program, configuration and prefix. */
bool nginx_commands_agree(const NginxCommand *a, const NginxCommand *b);
/* The first command of a unit's ExecStart=, from the reply to Get: a variant a(sasbttttuii) as
 * org.freedesktop.systemd1(5) has it. 0, -ENODATA if there is none, or another negative errno. */
int nginx_command_read(sd_bus_message *reply, NginxCommand *ret_command);
