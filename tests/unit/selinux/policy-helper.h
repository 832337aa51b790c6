/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of this folder share: the project's own policies, compiled at
 * build time (POLICY_FEDORA, POLICY_REFPOLICY and their variants are paths), and
 * short forms for the questions they ask.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/policy.h"

#define HTTPD "system_u:system_r:httpd_t:s0"

static inline Policy *load_policy(const char *path)
{
    Policy *policy = NULL;
    char *message = NULL;
    int r = policy_load_file(path, &policy, &message);

    if (r < 0)
        print_error("%s: %s\n", path, message ? message : "?");
    free(message);
    assert_int_equal(r, 0);
    return policy;
}

/* "system_u:object_r:TYPE:s0" in a static buffer of which sixteen live at once. */
static inline char *object(const char *type)
{
    static char texts[16][128];
    static unsigned next;
    char *text = texts[next++ % ELEMENTS_OF(texts)];

    (void)snprintf(text, sizeof(texts[0]), "system_u:object_r:%s:s0", type);
    return text;
}

static inline Access make_access(const char *source, const char *target, const char *class_name,
                                 const char *permissions)
{
    /* Nothing below writes to them. */
    return (Access){
        .source_context = (char *)(uintptr_t)source,
        .target_context = (char *)(uintptr_t)target,
        .target_class = (char *)(uintptr_t)class_name,
        .permissions = (char *)(uintptr_t)permissions,
    };
}

/* The same small generator everywhere, so that a failure can be run again. */
static inline uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}
