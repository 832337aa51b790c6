/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-check-internal.h"

/* A label of a whole region: what is meant for one port would be opened for all of its users. */
static const char *const general_types[] = {
    "port_t", "reserved_port_t", "hi_reserved_port_t", "unreserved_port_t", "ephemeral_port_t",
};

static bool protocol_is_known(const char *protocol)
{
    return streq(protocol, "tcp") || streq(protocol, "udp") || streq(protocol, "dccp") ||
           streq(protocol, "sctp");
}

int port_check_request(const Action *action, const Config *config _unused_, char **ret_refusal)
{
    if (!protocol_is_known(strempty(action->protocol)))
        return refuse(ret_refusal, -EINVAL, strdup("the protocol must be tcp, udp, dccp or sctp."));
    if (action->low == 0 || action->low > action->high)
        return refuse(ret_refusal, -EINVAL, strdup("this is not a range of ports."));
    if ((unsigned)(action->high - action->low) >= REMEDY_PORT_RANGE_MAX)
        return refuse(ret_refusal, -EPERM,
                      format_string("a range may have at most %u ports.", REMEDY_PORT_RANGE_MAX));
    if (!identifier_is_valid(strempty(action->type)))
        return refuse(ret_refusal, -EINVAL, strdup("this is not the name of a type."));
    for (size_t i = 0; i < ELEMENTS_OF(general_types); i++)
        if (streq(general_types[i], action->type))
            return refuse(ret_refusal, -EPERM,
                          format_string("%s is the label of a whole region of ports; giving it to "
                                        "one is not a repair.",
                                        action->type));
    return 0;
}
