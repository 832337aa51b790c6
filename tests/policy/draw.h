/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions drawn from a policy: any types and classes, and ones like the denials of a daemon.
 * Who is asked besides our engine (libsepol, a running kernel) says which contexts are valid.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/selinux/policy.h"

typedef struct Draw {
    const Policy *policy;
    uint64_t random; /* the seed, not 0: the same one draws the same questions */
    /* Whether the other side takes a context. A place to compare that, too. */
    bool (*is_valid)(const Policy *policy, const char *context, void *userdata);
    void *userdata;
    /* The question, with all permissions of the class. */
    char source[256];
    char target[256];
    uint32_t class;
} Draw;

/* The same small generator everywhere, so that a failure can be run again. */
static inline uint32_t draw_number(Draw *draw, uint32_t below)
{
    draw->random ^= draw->random << 13;
    draw->random ^= draw->random >> 7;
    draw->random ^= draw->random << 17;
    return (uint32_t)(draw->random >> 32) % below;
}

/* A type, of the attribute if that is not NULL and has any. */
uint32_t draw_type(Draw *draw, const char *attribute);

/* Any types, any class. */
void draw_any(Draw *draw);
/* What a daemon is denied: files, sockets, ports, other processes. */
void draw_like_denial(Draw *draw);
