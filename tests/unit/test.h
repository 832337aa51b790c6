/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmocka with what it wants to have included before it. */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
