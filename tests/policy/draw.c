/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/policy/draw.h"

#include <stdio.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

uint32_t draw_type(Draw *draw, const char *attribute)
{
    uint32_t value = attribute ? policy_find_attribute(draw->policy, attribute) : 0;

    if (value != 0 && policy_types_of(draw->policy, value).n > 0) {
        PolicySpan members = policy_types_of(draw->policy, value);

        return members.values[draw_number(draw, (uint32_t)members.n)];
    }
    for (;;) {
        uint32_t type = 1 + draw_number(draw, policy_n_types(draw->policy));

        if (policy_type_name(draw->policy, type) && !policy_type_is_attribute(draw->policy, type))
            return type;
    }
}

static const char *draw_range(Draw *draw, bool ranged)
{
    static const char *const levels[] = {"s0", "s0:c1", "s0:c0.c3", "s0:c1,c5"};
    static const char *const ranges[] = {"s0-s0:c0.c7", "s0:c1-s0:c1,c5", "s0-s0:c2"};

    if (!policy_is_mls(draw->policy))
        return NULL;
    return ranged && draw_number(draw, 2) ? ranges[draw_number(draw, ELEMENTS_OF(ranges))]
                                          : levels[draw_number(draw, ELEMENTS_OF(levels))];
}

static void write_context(Draw *draw, char *text, const char *user, const char *role, uint32_t type,
                          bool ranged)
{
    const char *range = draw_range(draw, ranged);

    (void)snprintf(text, sizeof(draw->source), "%s:%s:%s%s%s", user, role,
                   policy_type_name(draw->policy, type), range ? ":" : "", range ? range : "");
}

/* A subject: a user and a role of the policy that may have the type, if one is found soon. */
static void draw_subject(Draw *draw, char *text, uint32_t type)
{
    static const char *const users[] = {"system_u", "unconfined_u", "user_u", "staff_u", "guest_u"};
    static const char *const roles[] = {"system_r", "unconfined_r", "user_r",
                                        "staff_r",  "webadm_r",     "sysadm_r"};

    for (unsigned i = 0; i < 40; i++) {
        const char *user = users[i < 10 ? 0 : draw_number(draw, ELEMENTS_OF(users))];
        const char *role = roles[i < 10 ? 0 : draw_number(draw, ELEMENTS_OF(roles))];

        if (draw_number(draw, 3) == 0) {
            user = users[draw_number(draw, ELEMENTS_OF(users))];
            role = roles[draw_number(draw, ELEMENTS_OF(roles))];
        }
        if (!policy_find_user(draw->policy, user) || !policy_find_role(draw->policy, role))
            continue;
        write_context(draw, text, user, role, type, /* ranged= */ true);
        if (draw->is_valid(draw->policy, text, draw->userdata))
            return;
    }
    write_context(draw, text, "system_u", "object_r", type, /* ranged= */ true);
}

void draw_any(Draw *draw)
{
    draw->class = 1 + draw_number(draw, policy_n_classes(draw->policy));
    draw_subject(draw, draw->source, draw_type(draw, NULL));
    write_context(draw, draw->target, "system_u", "object_r", draw_type(draw, NULL), true);
}

void draw_like_denial(Draw *draw)
{
    static const struct {
        const char *class_name;
        const char *target; /* attribute */
    } kinds[] = {
        {"file", "file_type"},
        {"dir", "file_type"},
        {"sock_file", "pidfile"},
        {"lnk_file", "file_type"},
        {"tcp_socket", "port_type"},
        {"udp_socket", "port_type"},
        {"unix_stream_socket", "domain"},
        {"process", "domain"},
        {"tcp_socket", "self"},
        {"filesystem", NULL},
    };
    uint32_t httpd = policy_find_type(draw->policy, "httpd_t");
    uint32_t source = draw_number(draw, 2) && httpd ? httpd : draw_type(draw, "domain");
    unsigned kind = draw_number(draw, ELEMENTS_OF(kinds));
    const char *target = kinds[kind].target;

    draw->class = policy_find_class(draw->policy, kinds[kind].class_name);
    if (draw->class == 0) {
        draw_any(draw);
        return;
    }
    draw_subject(draw, draw->source, source);
    if (target && streq(target, "self"))
        (void)snprintf(draw->target, sizeof(draw->target), "%s", draw->source);
    else if (target && streq(target, "domain"))
        draw_subject(draw, draw->target, draw_type(draw, target));
    else
        write_context(draw, draw->target, "system_u", "object_r", draw_type(draw, target), true);
}
