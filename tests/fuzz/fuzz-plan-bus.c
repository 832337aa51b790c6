/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan in a D-Bus message. sd-bus checks the framing of messages; what is left to us is which
 * kinds, argument names, types and values come in which order. So the input is a script that
 * writes such a message, one byte a step:
 *
 *   low 4 bits  what to append; bits 4 to 7 choose the name or value
 *
 * A plan that was read must be the same after it was written and read again.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/bus/plan-bus.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static const char *const kinds[] = {
    "set-boolean",    "set-port", "set-file-context", "relabel",
    "install-module", "advise",   "reload-nginx",     "",
    "exec",
};
static const char *const names[] = {
    "name", "value", "protocol", "low",       "high", "type",     "regex", "file_type",
    "path", "cil",   "text",     "recursive", "",     "commands", "names", "Name",
};
static const char *const values[] = {
    "httpd_can_network_connect",
    "tcp",
    "",
    "/srv/www(/.*)?",
    "line\nbreak",
    "tab\there",
    "bell\a",
    "(allow httpd_t self (tcp_socket (read)))",
    "all",
    "\xc3\xa9",
    "u:r:httpd_t:s0",
    "-rf",
};

/* Longer than any limit of a single argument. */
static char long_value[PLAN_CIL_MAX + 2];

typedef struct Script {
    const uint8_t *data;
    size_t size;
} Script;

static sd_bus *bus;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void must(int r)
{
    require(r >= 0);
}

/* Messages need a bus that they could go to. */
static void start_bus(void)
{
    int pair[2];

    if (bus)
        return;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    must(sd_bus_new(&bus));
    must(sd_bus_set_fd(bus, pair[0], pair[0]));
    must(sd_bus_start(bus));
    memset(long_value, 'x', sizeof(long_value) - 1);
}

static sd_bus_message *message_new(void)
{
    sd_bus_message *message = NULL;

    must(sd_bus_message_new_signal(bus, &message, "/x", "x.y", "Z"));
    return message;
}

static void message_seal(sd_bus_message *message)
{
    must(sd_bus_message_seal(message, 1, 0));
    must(sd_bus_message_rewind(message, true));
}

/* 0 at the end. */
static uint8_t step(Script *script)
{
    if (script->size == 0)
        return 0;
    script->size--;
    return *script->data++;
}

static const char *pick_value(uint8_t n)
{
    return n >= ELEMENTS_OF(values) ? long_value : values[n];
}

static void append_strings(sd_bus_message *message, Script *script)
{
    uint8_t n = step(script);

    must(sd_bus_message_open_container(message, 'v', "as"));
    must(sd_bus_message_open_container(message, 'a', "s"));
    for (; n > 0; n--)
        must(sd_bus_message_append(message, "s", values[step(script) % ELEMENTS_OF(values)]));
    must(sd_bus_message_close_container(message));
    must(sd_bus_message_close_container(message));
}

static void append_argument(sd_bus_message *message, Script *script)
{
    uint8_t what = step(script), detail = step(script);

    must(sd_bus_message_open_container(message, 'e', "sv"));
    must(sd_bus_message_append(message, "s", names[what >> 4]));
    switch (what & 15) {
    case 0:
    case 1:
        must(sd_bus_message_append(message, "v", "b", detail & 1));
        break;
    case 2:
    case 3:
        must(sd_bus_message_append(message, "v", "q", detail * 257));
        break;
    case 4:
        must(sd_bus_message_append(message, "v", "u", (uint32_t)detail));
        break;
    case 5:
        must(sd_bus_message_append(message, "v", "v", "s", pick_value(detail & 15)));
        break;
    case 6:
        append_strings(message, script);
        break;
    case 7:
        must(sd_bus_message_append(message, "v", "o", "/a/path"));
        break;
    default:
        must(sd_bus_message_append(message, "v", "s", pick_value(detail & 15)));
    }
    must(sd_bus_message_close_container(message));
}

static sd_bus_message *write_plan(Script *script)
{
    sd_bus_message *message = message_new();

    must(sd_bus_message_open_container(message, 'a', "(sa{sv})"));
    while (script->size > 0) {
        uint8_t head = step(script);

        must(sd_bus_message_open_container(message, 'r', "sa{sv}"));
        must(sd_bus_message_append(message, "s", kinds[head % 16 % ELEMENTS_OF(kinds)]));
        must(sd_bus_message_open_container(message, 'a', "{sv}"));
        for (uint8_t n = head >> 4; n > 0; n--)
            append_argument(message, script);
        must(sd_bus_message_close_container(message));
        must(sd_bus_message_close_container(message));
    }
    must(sd_bus_message_close_container(message));
    message_seal(message);
    return message;
}

static void check_plan(const Plan *plan)
{
    sd_bus_message *message = message_new();
    Plan again = {0};
    char *problem = NULL;

    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *command = action_to_command(&plan->actions[i]);
        _cleanup_free_ char *words = action_to_words(&plan->actions[i]);

        require(command && words);
    }
    must(plan_bus_append_actions(message, plan));
    message_seal(message);
    must(plan_bus_read_actions(message, &again, &problem));
    require(!problem && plan_equal(plan, &again));
    plan_clear(&again);
    sd_bus_message_unref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Script script = {data, size};
    sd_bus_message *message;
    char *problem = NULL;
    Plan plan = {0};
    int r;

    start_bus();
    message = write_plan(&script);
    r = plan_bus_read_actions(message, &plan, &problem);
    if (r >= 0) {
        require(!problem && plan.n_actions <= PLAN_ACTIONS_MAX);
        check_plan(&plan);
    } else {
        require((r == -EINVAL || r == -E2BIG) && problem && plan.n_actions == 0);
    }
    free(problem);
    plan_clear(&plan);
    sd_bus_message_unref(message);
    return 0;
}
