/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of options. */
#pragma once

#include <stdint.h>

/* "90", "90s", "10min", "2h", "1d": seconds within [low, high]. 0, -EINVAL or -ERANGE. */
int option_parse_seconds(const char *text, uint64_t low, uint64_t high, uint64_t *ret_seconds);
