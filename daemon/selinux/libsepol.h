/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsepol's policydb structures. Its header has a member called `bool`, which
 * stdbool.h makes unwritable; this is the one place that can name it.
 */
#pragma once

#include <stdint.h>

#pragma push_macro("bool")
#undef bool
#include <sepol/policydb/policydb.h>

#include <sepol/policydb/conditional.h>

static inline uint32_t cond_expr_boolean(const cond_expr_t *expression)
{
    return expression->bool;
}
#pragma pop_macro("bool")
